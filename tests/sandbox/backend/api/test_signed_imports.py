# SPDX-License-Identifier: Apache-2.0
"""Who made an export, and what it would give back: forged files get nothing (backend API, *Imports*)."""

import json
from typing import Any

import pytest
from sqlalchemy import update

from pengpos.core.sale import Cancel, CancelReason, SaleState
from pengpos.keys.sealed import open_sealed, seal
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.records.tables import TerminalKeyRow, TerminalKeyState
from tests.support.backend import Shop
from tests.support.dues import spend_all
from tests.support.exporting_device import Device, approve_all, device, refund_of, take

__all__ = ["device"]


@pytest.mark.parametrize(
    ("state", "members"),
    [
        (SaleState.APPROVED, {"refunds": (refund_of(None),)}),
        (SaleState.REVERSING, {"cancel": Cancel(reason=CancelReason.MERCHANT)}),
    ],
    ids=["a refund", "a cancel"],
)
def test_a_shopper_who_forges_an_export_gets_nothing_back(
    shop: Shop, device: Device, state: SaleState, members: dict[str, Any]
) -> None:
    """The issuer's key is public, the presentation of an own purchase is known, and rows may be made up."""
    wallet = shop.wallet()
    sale, recorded = device.paid(18_80, wallet, state, **members)
    assert device.drain(sale, recorded) == "approved"
    device.signer = None
    take(shop, device.sealed())
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)
    assert sorted(shop.operator.alarms()) == ["order_held", "unsigned_import"]
    [review] = shop.operator.call("GET", "/reviews?state=open").json()["reviews"]
    assert (review["why"], review["terminal_id"]) == ("imported", device.till.terminal_id)
    assert shop.operator.call("POST", f"/reviews/{review['review_id']}", {"approve": False}).is_success
    take(shop, device.sealed())
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)
    assert shop.operator.call("GET", "/reviews?state=open").json()["reviews"] == []


@pytest.mark.parametrize(
    "signer", [SoftwareKey.generate(), "another terminal's"], ids=["a stranger's key", "another terminal's key"]
)
def test_another_keys_statement_is_a_forgery(shop: Shop, device: Device, signer: SoftwareKey | str) -> None:
    device.paid(18_80, shop.wallet(), SaleState.ACCEPTED_OFFLINE)
    device.signer = shop.till().key if isinstance(signer, str) else signer
    answer = shop.operator.call("POST", "/imports", {"sealed": device.sealed()})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_export")
    assert shop.operator.takings() == 0


def test_a_true_statement_is_of_its_own_export_only(shop: Shop, device: Device) -> None:
    """A shopper who has seen a signed export puts its statement over another content."""
    device.paid(18_80, shop.wallet(), SaleState.ACCEPTED_OFFLINE)
    issuer = shop.backend.issuer
    opened = open_sealed(device.sealed(), issuer.signer.private)
    content = json.loads(opened.content)
    content["made_at"] += 1
    forged = seal(json.dumps(content).encode(), issuer.key, statement=opened.statement)
    answer = shop.operator.call("POST", "/imports", {"sealed": forged})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_export")
    assert "another export" in answer.json()["detail"]


def test_an_export_signed_by_the_key_of_before_is_taken(shop: Shop, device: Device) -> None:
    """A card that was read out may hold the key that a renewal has retired since; or a copy of it may have signed."""
    device.paid(18_80, shop.wallet(), SaleState.ACCEPTED_OFFLINE)
    sealed = device.sealed()
    shop.backend.db.write(
        lambda session: session.execute(
            update(TerminalKeyRow)
            .where(TerminalKeyRow.kid == b64u(PublicKey.of(device.till.key).kid))
            .values(state=TerminalKeyState.RETIRED)
        )
    )
    assert take(shop, sealed)["verdicts"][0]["verdict"]["status"] == "approved"
    assert shop.operator.alarms() == ["unsigned_import"]


def test_a_guarantee_is_given_back_by_no_import_alone(shop: Shop, device: Device) -> None:
    """Where nobody was asked to pay after all, what the merchant is owed is money all the same."""
    wallet = shop.wallet()
    members = {"cancel": Cancel(reason=CancelReason.MERCHANT)}
    sale, recorded = device.paid(18_80, wallet, SaleState.REVERSING, **members)
    spend_all(shop, wallet)
    device.till.knows = None
    assert device.drain(sale, recorded) == "declined"
    take(shop, device.sealed())
    assert shop.operator.takings() == 18_80
    [review] = shop.operator.call("GET", "/reviews?state=open").json()["reviews"]
    assert (review["kind"], review["why"], review["detail"]["amount"]) == ("cancel", "imported", 18_80)
    assert approve_all(shop) == 1
    assert shop.operator.takings() == 0
