# SPDX-License-Identifier: Apache-2.0
"""Imports (backend API, operator side): what a dead terminal held is booked once, whichever way it comes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from pengpos.backend_api.messages import EnrolmentMessage
from pengpos.client import Home
from pengpos.core.errors import ConfigError
from pengpos.core.sale import Cancel, CancelReason, SaleState, refund_id_after_cancel
from pengpos.keys.sealed import seal, unseal
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from provisioning.enrolment import Enrolling
from terminal.commands.technician import unsent_payments
from tests.support.backend import Shop
from tests.support.dues import spend_all
from tests.support.exporting_device import Device, acknowledged, approve_all, device, refund_of, take
from tests.support.squatter import squat, squatting_till

__all__ = ["device"]


def enrol_anew(device: Device) -> None:
    """With the enrolment file gone; raises ConfigError, or BackendReachedError if nothing stands in the way."""
    Enrolling(
        home=Home(device.home), activate=_reach, enrolled=lambda _: None, unsent_payments=unsent_payments,
        now=lambda: float(device.shop.clock.now()), software_version="0.1.0", machine=("serial", "model"),
    ).enrol("ABCD-EFGH", "https://backend.example")  # fmt: skip


class BackendReachedError(Exception):
    """The enrolment got as far as asking the backend."""


def _reach(*_: object) -> EnrolmentMessage:
    raise BackendReachedError


# --- what is taken in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "members", "status", "balance"),
    [
        (SaleState.ACCEPTED_OFFLINE, {}, "approved", 981_20),
        (SaleState.UNKNOWN, {}, "approved", 981_20),
        (SaleState.AUTHORISED, {}, "approved", 981_20),
        (SaleState.ACCEPTED_OFFLINE, {"refunds": (refund_of(8_80),)}, "approved", 990_00),
        (SaleState.ACCEPTED_OFFLINE, {"refunds": (refund_of(None),)}, "approved", 1_000_00),
        (SaleState.REVERSING, {"cancel": Cancel(reason=CancelReason.MALFUNCTION)}, "cancelled", 1_000_00),
    ],
    ids=["accepted offline", "unknown", "authorised", "part refunded", "refunded", "reversing"],
)
def test_each_goes_the_way_it_would_have_gone(
    shop: Shop, device: Device, state: SaleState, members: dict[str, Any], status: str, balance: int
) -> None:
    wallet = shop.wallet()
    sale, _ = device.paid(18_80, wallet, state, **members)
    answer = take(shop, device.sealed())
    [verdict] = answer["verdicts"]
    assert (verdict["intent_id"], verdict["imported"], verdict["verdict"]["status"]) == (sale.intent_id, True, status)
    assert [refund["state"] for refund in verdict["refunds"]] == ["held"] * len(members.get("refunds", ()))
    assert approve_all(shop) == len(members.get("refunds", ()))
    assert (wallet.balance(), device.till.status(sale)) == (balance, status)
    assert acknowledged(shop, answer)["imported"] == [sale.intent_id]


def test_what_nobody_authorised_is_told_as_it_stands(shop: Shop, device: Device) -> None:
    sale = device.till.sale(5_00)
    device.holds(sale, SaleState.PENDING)
    [verdict] = take(shop, device.sealed())["verdicts"]
    assert (verdict["imported"], verdict["verdict"]["status"]) == (True, "created")
    shop.clock.advance(3600)
    assert take(shop, device.sealed())["verdicts"][0]["verdict"]["status"] == "expired"


def test_a_cancel_that_comes_too_late_gives_the_money_back_once(shop: Shop, device: Device) -> None:
    wallet = shop.wallet()
    sale, recorded = device.paid(18_80, wallet, SaleState.REVERSING, cancel=Cancel(reason=CancelReason.MERCHANT))
    assert device.drain(sale, recorded) == "approved"
    for _ in range(2):
        [verdict] = take(shop, device.sealed())["verdicts"]
        assert (verdict["verdict"]["status"], verdict["imported"]) == ("held", True)
        assert wallet.balance() == 981_20
    assert approve_all(shop) == 1
    [verdict] = take(shop, device.sealed())["verdicts"]
    assert (wallet.balance(), shop.operator.takings(), verdict["imported"]) == (1_000_00, 0, True)


def test_ids_that_another_terminal_has_taken_keep_nothing_out(shop: Shop, device: Device) -> None:
    wallet, squatter = shop.wallet(), squatting_till(shop)
    paid, _ = device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    undone, recorded = device.paid(5_00, wallet, SaleState.REVERSING, cancel=Cancel(reason=CancelReason.MERCHANT))
    for sale in (paid, undone):
        stolen = squat(squatter, sale)
        squatter.pay(stolen, shop.wallet())
        squatter.refund(stolen, None, str(refund_id_after_cancel(UUID(sale.intent_id))))
    assert device.drain(undone, recorded) == "approved"
    answer = take(shop, device.sealed())
    assert set(acknowledged(shop, answer)["imported"]) == {paid.intent_id, undone.intent_id}
    assert approve_all(shop) == 1
    assert (wallet.balance(), device.till.status(paid)) == (981_20, "approved")


def test_the_acknowledgement_says_the_head_that_the_export_carried(shop: Shop, device: Device) -> None:
    device.paid(1_00, shop.wallet(), SaleState.ACCEPTED_OFFLINE)
    head = device.journal.head()
    told = acknowledged(shop, take(shop, device.sealed()))
    assert (told["terminal_id"], told["epoch"], told["sequence"]) == (device.till.terminal_id, head.epoch, head.seq)
    assert (told["hash"], told["version"]) == (b64u(head.hash), 1)


def test_twice_is_harmless(shop: Shop, device: Device) -> None:
    wallet = shop.wallet()
    device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE, refunds=(refund_of(1_00),))
    device.paid(20_00, wallet, SaleState.CANCELLING, cancel=Cancel(reason=CancelReason.CUSTOMER))
    first, second = take(shop, device.sealed()), take(shop, device.sealed())
    assert second["verdicts"] == first["verdicts"]
    assert acknowledged(shop, second)["imported"] == acknowledged(shop, first)["imported"]
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)
    assert approve_all(shop) == 1
    assert (wallet.balance(), shop.operator.takings()) == (982_20, 17_80)


def test_what_is_declined_is_asked_of_the_shopper(shop: Shop, device: Device) -> None:
    """Only a terminal of ours has such a journal, and whoever imports it has no till that could ask."""
    wallet = shop.wallet()
    device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    spend_all(shop, wallet)
    device.till.knows = None
    assert take(shop, device.sealed())["verdicts"][0]["verdict"]["due"] == {"state": "open", "amount": 18_80}


@pytest.mark.parametrize("first", ["import", "drain"])
def test_by_import_and_drain_it_is_booked_once(shop: Shop, device: Device, first: str) -> None:
    wallet = shop.wallet()
    sale, recorded = device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    for way in ("import", "drain") if first == "import" else ("drain", "import"):
        said = device.drain(sale, recorded) if way == "drain" else take(shop, device.sealed())["verdicts"][0]["verdict"]
        assert (said if isinstance(said, str) else said["status"]) == "approved"
    assert (wallet.balance(), len(shop.operator.payments()), shop.operator.takings()) == (981_20, 1, 18_80)


def test_of_a_revoked_terminal_it_is_held_and_its_refund_waits(shop: Shop, device: Device) -> None:
    wallet = shop.wallet()
    sale, _ = device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE, refunds=(refund_of(8_80),))
    plain, _ = device.paid(1_00, wallet, SaleState.ACCEPTED_OFFLINE)
    shop.clock.advance(10)
    shop.operator.call("POST", f"/terminals/{device.till.terminal_id}/revoke")
    answer = take(shop, device.sealed())
    told = [(one["verdict"]["status"], one["imported"]) for one in answer["verdicts"]]
    assert told == [("held", False), ("held", True)]
    assert answer["verdicts"][0]["refunds"][0]["code"] == "payment_unknown"
    assert acknowledged(shop, answer)["imported"] == [plain.intent_id]
    shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": True})
    assert acknowledged(shop, take(shop, device.sealed()))["imported"] == [sale.intent_id, plain.intent_id]


def test_one_bad_payment_harms_no_other(shop: Shop, device: Device) -> None:
    wallet = shop.wallet()
    bad = device.till.sale(1_00)
    forged = replace(bad, presentation=bad.presentation[:-1] + bytes([bad.presentation[-1] ^ 1]))
    device.holds(forged, SaleState.PENDING)
    good, _ = device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    answer = take(shop, device.sealed())
    assert [one["imported"] for one in answer["verdicts"]] == [False, True]
    assert answer["verdicts"][0]["verdict"]["code"] == "bad_presentation"
    assert acknowledged(shop, answer)["imported"] == [good.intent_id]


def test_a_restored_cards_payments_are_taken_with_an_alarm(shop: Shop, device: Device) -> None:
    wallet = shop.wallet()
    device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    head = device.journal.head()
    shown = {"epoch": head.epoch, "sequence": head.seq, "hash": b64u(bytes(32))}
    device.till.call("POST", "/terminal/heartbeat", {"head": shown, "signed_head": None})
    assert take(shop, device.sealed())["verdicts"][0]["imported"] is True
    assert (shop.operator.alarms(), wallet.balance()) == (["head_went_back"], 981_20)


# --- what is refused --------------------------------------------------------------------------------------------------

Content = dict[str, Any]


def _swap(content: Content, name: str, value: Any) -> None:
    content["payments"][0][name] = value


def _row(content: Content, name: str, value: Any) -> None:
    content["payments"][0]["rows"][-1][name] = value


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: c.update(format="pengpos-export-9"), "bad_export"),
        (lambda c: c.pop("payments"), "bad_export"),
        (lambda c: c.update(hash=b64u(bytes(32))), "bad_export"),
        (lambda c: c.update(seq=2), "bad_export"),
        (lambda c: _swap(c, "rows", []), "bad_export"),
        (lambda c: _swap(c, "authorisation", b64u(b"another")), "bad_export"),
        (lambda c: _swap(c, "presentation", "A"), "bad_export"),
        (lambda c: _swap(c, "intent_id", str(uuid4())), "bad_export"),
        (lambda c: _swap(c, "sale_id", str(uuid4())), "bad_export"),
        (lambda c: _row(c, "at_utc", 1), "bad_export"),
        (lambda c: _row(c, "body", b64u(b"edited")), "bad_export"),
        (lambda c: _row(c, "previous", b64u(bytes(32))), "bad_export"),
        (lambda c: c.update(terminal_id="T-99999999"), "foreign_export"),
    ],
    ids=["format", "no payments", "head", "row beyond the head", "no rows", "authorisation", "not base64url",
         "intent id", "sale id", "row's time", "row's body", "row's link", "unknown terminal"],
)  # fmt: skip
def test_a_forged_one_is_refused_whole(
    shop: Shop, device: Device, change: Callable[[Content], object], code: str
) -> None:
    wallet = shop.wallet()
    device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    content = json.loads(unseal(device.sealed(), shop.backend.issuer.signer.private))
    change(content)
    answer = shop.operator.call(
        "POST", "/imports", {"sealed": seal(json.dumps(content).encode(), shop.backend.issuer.key)}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (wallet.balance(), shop.operator.payments()) == (1_000_00, [])


def test_acceptance_that_the_row_does_not_know_is_refused(shop: Shop, device: Device) -> None:
    device.paid(18_80, shop.wallet(), SaleState.UNKNOWN)
    content = json.loads(unseal(device.sealed(), shop.backend.issuer.signer.private))
    _swap(content, "accepted_offline", True)
    sealed = seal(json.dumps(content).encode(), shop.backend.issuer.key)
    assert shop.operator.call("POST", "/imports", {"sealed": sealed}).json()["code"] == "bad_export"


def test_another_terminals_payments_are_refused(shop: Shop, device: Device) -> None:
    stranger = shop.till()
    device.holds(stranger.sale(1_00), SaleState.PENDING)
    answer = shop.operator.call("POST", "/imports", {"sealed": device.sealed()})
    assert (answer.status_code, answer.json()["code"]) == (422, "foreign_export")


@pytest.mark.parametrize("sealed", ["", "a.b.c", "to another key"])
def test_what_is_no_export_of_ours_is_refused(shop: Shop, sealed: str) -> None:
    if sealed == "to another key":
        sealed = seal(b"{}", PublicKey.of(SoftwareKey.generate()))
    answer = shop.operator.call("POST", "/imports", {"sealed": sealed})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_export")


def test_only_the_operator_may(shop: Shop) -> None:
    assert shop.http.post("/admin/v1/imports", json={"sealed": ""}).status_code == 401


def test_an_import_may_be_larger_than_other_bodies(shop: Shop) -> None:
    answer = shop.operator.call("POST", "/imports", {"sealed": "A" * (3 * 1024 * 1024)})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_export")
    assert shop.operator.call("POST", "/stores", {"id": "A" * (3 * 1024 * 1024)}).status_code == 413


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_export_import_free_and_the_device_may_be_enrolled_anew(shop: Shop, device: Device, tmp_path: Path) -> None:
    wallet = shop.wallet()
    device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    device.paid(20_00, wallet, SaleState.UNKNOWN)
    export, answer = tmp_path / "export", tmp_path / "answer"
    assert device.queue("export", str(export)).exit_code == 0
    answer.write_text(take(shop, export.read_text())["acknowledgement"] + "\n")
    assert "in use by another program" in device.queue("free", str(answer)).output
    device.journal.close()
    assert device.queue("set-aside", "--yes").exit_code == 1
    with pytest.raises(ConfigError, match="holds 2 unsent sales"):
        enrol_anew(device)
    freed = device.queue("free", str(answer))
    assert (freed.exit_code, "all 2 unsent sales" in freed.output) == (0, True)
    with pytest.raises(BackendReachedError):
        enrol_anew(device)
    assert device.queue("set-aside", "--yes").exit_code == 0
    assert wallet.balance() == 961_20
