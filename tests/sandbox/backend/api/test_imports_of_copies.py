# SPDX-License-Identifier: Apache-2.0
"""Imports of a second copy: the mirror's file gives back what a terminal has lost. Row 56 of 2026-11."""

from pathlib import Path

import pytest

from offline_queue.export.mirror_file import MirrorFile
from pengpos.core.sale import Sale, SaleState
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import PublicKey
from tests.support.backend import Shop
from tests.support.exporting_device import Device, acknowledged, approve_all, device, refund_of, take

__all__ = ["device"]


def copy_of(tmp_path: Path, recipient: PublicKey, *sales: Sale) -> str:
    """The file as the terminal writes it."""
    path = tmp_path / "pengpos-T.mirror"
    MirrorFile(path, recipient, None).add(sales)
    return path.read_text()


def test_what_the_terminal_has_lost_is_paid_by_its_copy_once(shop: Shop, device: Device, tmp_path: Path) -> None:
    wallet = shop.wallet()
    sale, recorded = device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    other, second = device.paid(1_20, wallet, SaleState.ACCEPTED_OFFLINE)
    lines = copy_of(tmp_path, shop.backend.issuer.key, recorded, second)
    torn = lines + lines.splitlines()[0][:100] + "\n{}\nanother program's\n"
    for _ in range(2):
        answer = take(shop, torn)
        assert [(one["intent_id"], one["imported"], one["verdict"]["status"]) for one in answer["verdicts"]] == [
            (sale.intent_id, True, "approved"),
            (other.intent_id, True, "approved"),
        ]
        assert wallet.balance() == 980_00
    assert device.drain(sale, recorded) == "approved"  # and should the terminal find it after all
    assert wallet.balance() == 980_00
    said = acknowledged(shop, answer)
    assert (said["epoch"], said["sequence"]) == (0, 1)  # no head of any journal: it frees no device
    alarms = shop.operator.call("GET", "/alarms").json()
    assert "unsigned_import" in {alarm["kind"] for alarm in alarms}


def test_what_it_would_give_back_waits_for_a_person(shop: Shop, device: Device, tmp_path: Path) -> None:
    wallet = shop.wallet()
    _, recorded = device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE, refunds=(refund_of(None),))
    take(shop, copy_of(tmp_path, shop.backend.issuer.key, recorded))
    assert wallet.balance() == 981_20
    assert approve_all(shop) == 1
    assert wallet.balance() == 1_000_00


@pytest.mark.parametrize("content", ["{}", '{"intent_id": "x", "sealed": "y"}\n', "{\n{\n"])
def test_a_file_without_a_payment_is_refused(shop: Shop, device: Device, content: str) -> None:
    assert device.home.exists()
    answer = shop.operator.call("POST", "/imports", {"sealed": content})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_export")


def test_one_sealed_to_another_backend_is_refused(shop: Shop, device: Device, tmp_path: Path) -> None:
    _, recorded = device.paid(18_80, shop.wallet(), SaleState.ACCEPTED_OFFLINE)
    lines = copy_of(tmp_path, PublicKey.of(SoftwareKey.generate()), recorded)
    assert shop.operator.call("POST", "/imports", {"sealed": lines}).json()["code"] == "bad_export"


def test_an_export_still_needs_its_rows(shop: Shop, device: Device, tmp_path: Path) -> None:
    """Only a copy comes without."""
    _, recorded = device.paid(18_80, shop.wallet(), SaleState.ACCEPTED_OFFLINE)
    (line,) = copy_of(tmp_path, shop.backend.issuer.key, recorded).splitlines()
    alone = line.partition('"sealed":"')[2].partition('"')[0]
    assert shop.operator.call("POST", "/imports", {"sealed": alone}).json()["code"] == "bad_export"
