# SPDX-License-Identifier: Apache-2.0
"""The shop as a whole: which phone goes to which reader, what a snapshot of the terminal changes at the phones."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pengpos.home import Home
from sandbox.phone.field.fake_vpcd import FakeVpcd
from sandbox.simulator import handset
from sandbox.simulator.actions import ACTION
from sandbox.simulator.shop import NAMES, SimulatedShop, UnknownPhoneError
from tests.support.counter import until
from tests.support.live_sandbox import LiveSandbox, live_sandbox

LIMIT_S = 20.0


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSandbox]:
    with live_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        running.clock.unix_s = int(time.time())  # phones here have the machine's
        yield running


@pytest.fixture
def readers() -> Iterator[tuple[FakeVpcd, FakeVpcd]]:
    with FakeVpcd() as one, FakeVpcd() as two:
        yield one, two


@pytest.fixture
def shop(
    sandbox: LiveSandbox, readers: tuple[FakeVpcd, FakeVpcd], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimulatedShop]:
    monkeypatch.setattr(handset, "AWAY_S", 0.0)
    made = SimulatedShop(
        Home(tmp_path),
        backend=sandbox.backend.origin,
        admin_token=sandbox.backend.admin_token,
        vpcd_ports=tuple(reader.port for reader in readers),
    )
    with made:
        yield made


def do(shop: SimulatedShop, **action: object) -> None:
    shop.carry_out(ACTION.validate_python(action))


def phone(shop: SimulatedShop, name: str) -> dict[str, Any]:
    return next(found for found in shop.board.read("phones") or [] if found["name"] == name)


def until_phone(shop: SimulatedShop, name: str, what: str, value: object) -> None:
    def holds() -> bool:
        found = {one["name"]: one for one in shop.board.read("phones") or []}.get(name, {})
        return bool(found.get(what) == value or (found.get("screen") or {}).get(what) == value)

    until(holds, f"{name}: {what} is {value}", LIMIT_S)


def test_every_phone_opens_an_account_and_the_ledger_shows_it(shop: SimulatedShop) -> None:
    for name in NAMES:
        until_phone(
            shop,
            name,
            "balance",
            [
                {
                    "currency": "CNY",
                    "currency_digits": 2,
                    "amount": 1_000_00,
                    "available": 500_00,
                    "set_aside": 500_00,
                    "promisable": 500_00,
                    "promised": 0,
                }
            ],
        )
    until(lambda: len(shop.board.read("ledger") or []) >= len(NAMES), "their play money is in the ledger", LIMIT_S)
    assert {line["kind"] for line in shop.board.read("ledger")} == {"top_up", "set_aside"}


def test_a_second_phone_goes_to_the_second_reader_and_a_third_to_none(
    shop: SimulatedShop, readers: tuple[FakeVpcd, FakeVpcd]
) -> None:
    for name, reader in zip(NAMES, readers, strict=False):
        do(shop, do="bring", phone=name)
        reader.wait_for_card(LIMIT_S)
        until_phone(shop, name, "near", True)
    do(shop, do="bring", phone=NAMES[2])
    assert not phone(shop, NAMES[2])["near"]
    do(shop, do="take", phone=NAMES[0])
    until_phone(shop, NAMES[0], "near", False)
    do(shop, do="bring", phone=NAMES[2])
    readers[0].wait_for_card(LIMIT_S)
    until_phone(shop, NAMES[2], "near", True)


def test_a_new_sale_at_the_terminal_wipes_what_phones_showed_of_the_last(shop: SimulatedShop) -> None:
    shop.tell_terminal({"sale": {"id": "1", "state": "presented", "url": "nonsense"}})
    do(shop, do="scan", phone="Lin")
    until_phone(shop, "Lin", "kind", "trouble")
    shop.tell_terminal({"sale": {"id": "1", "state": "expired", "url": None}})
    assert phone(shop, "Lin")["screen"]["kind"] == "trouble"
    do(shop, do="scan", phone="Mei")  # there is nothing to scan
    shop.tell_terminal({"sale": {"id": "2", "state": "signed", "url": None}})
    until_phone(shop, "Lin", "kind", "idle")
    assert phone(shop, "Mei")["screen"]["kind"] == "idle"
    shop.tell_terminal(None)
    assert shop.board.read("terminal") is None


def test_who_is_asked_for_nothing_is_told_when_answering(shop: SimulatedShop) -> None:
    until_phone(shop, "Lin", "dues", [])
    do(shop, do="due", phone="Lin", intent="01a202f9-2a00-7000-8000-000000000001", pays=True)
    until_phone(shop, "Lin", "kind", "trouble")


def test_wishes_change_what_they_name_and_no_more(shop: SimulatedShop) -> None:
    do(shop, do="wish", phone="Mei", locked=True, tip_minor=88)
    do(shop, do="wish", phone="Mei", locked=False)
    until(lambda: any(found["name"] == "Mei" for found in shop.board.read("phones") or []), "she is there", LIMIT_S)
    until(lambda: phone(shop, "Mei")["wishes"]["tip"] == 88, "a tip", LIMIT_S)
    until(lambda: not phone(shop, "Mei")["wishes"]["locked"], "unlocked", LIMIT_S)
    with pytest.raises(UnknownPhoneError):
        do(shop, do="wipe", phone="nobody")
