# SPDX-License-Identifier: Apache-2.0
"""A request that is admitted with what it asks for counts as any other's: done, refused, repeated or no good at all."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.records.tables import RequestNonceRow, TerminalRow
from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet

NONCE = b64u(bytes(16))


def _refund(sale: Sale, **more: Any) -> tuple[str, str, Any]:
    order = {"refund_id": str(uuid4()), "amount": 1_00, "reason": "returned"}
    return "POST", f"/payments/{sale.intent_id}/refunds", order | more


def _cancel(sale: Sale, **more: Any) -> tuple[str, str, Any]:
    return "POST", f"/intents/{sale.intent_id}/cancel", {"presentation": sale.text, "reason": "customer"} | more


CALLS: dict[str, tuple[Callable[[Sale], tuple[str, str, Any]], int]] = {
    "a refund": (_refund, 200),
    "a refund of too much": (lambda sale: _refund(sale, amount=99_00), 409),
    "a refund of nothing known": (lambda _: ("POST", f"/payments/{uuid4()}/refunds", _refund(_)[2]), 404),
    "a refund of no intent": (lambda sale: ("POST", "/payments/x/refunds", _refund(sale)[2]), 404),
    "a refund of no good form": (lambda sale: _refund(sale, amount="much"), 422),
    "a cancel": (_cancel, 200),
    "a cancel of another intent": (lambda sale: ("POST", f"/intents/{uuid4()}/cancel", _cancel(sale)[2]), 422),
    "a cancel of what is no presentation": (lambda sale: _cancel(sale, presentation="AAAA"), 422),
    "a cancel of no good form": (lambda sale: _cancel(sale, reason="whim"), 422),
}


@pytest.fixture
def till(shop: Shop) -> Till:
    return shop.till()


@pytest.fixture
def wallet(shop: Shop) -> Wallet:
    return shop.wallet()


@pytest.fixture
def sale(till: Till, wallet: Wallet) -> Sale:
    sale = till.sale(2_00)
    assert till.pay(sale, wallet).json()["status"] == "approved"
    return sale


def nonces(shop: Shop) -> int:
    with shop.backend.db.read() as session:
        return session.scalar(select(func.count()).select_from(RequestNonceRow)) or 0


def seen_at(shop: Shop, till: Till) -> int | None:
    with shop.backend.db.read() as session:
        return session.scalar(select(TerminalRow.last_seen_at).where(TerminalRow.id == till.terminal_id))


@pytest.mark.parametrize("call", CALLS)
def test_it_counts_however_it_ends(shop: Shop, till: Till, sale: Sale, call: str) -> None:
    made, status = CALLS[call]
    before, order = nonces(shop), made(sale)
    shop.clock.advance(7)
    assert till.call(*order, nonce=NONCE).status_code == status
    assert (nonces(shop), seen_at(shop, till)) == (before + 1, shop.clock.now())
    shop.backend.nonces.give_back(
        b64u(PublicKey.of(till.key).kid), NONCE
    )  # as in another process, which has not seen it
    again = till.call(*order, nonce=NONCE)
    assert (again.status_code, again.json()["code"]) == (401, "nonce_reused")


def test_what_was_done_before_is_noted_too(shop: Shop, till: Till, sale: Sale) -> None:
    """No event is written then, by which the terminal is seen."""
    order = _refund(sale)
    assert till.call(*order).status_code == 200
    shop.clock.advance(7)
    assert till.call(*order).status_code == 200
    assert seen_at(shop, till) == shop.clock.now()


@pytest.mark.parametrize("call", ["a refund of no good form", "a cancel of no good form"])
def test_a_revoked_terminal_hears_what_is_wrong_with_what_it_delivers(
    shop: Shop, till: Till, sale: Sale, call: str
) -> None:
    shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
    made, status = CALLS[call]
    assert till.call(*made(sale)).status_code == status


def test_a_refusal_leaves_nothing_but_its_nonce(shop: Shop, till: Till, sale: Sale) -> None:
    refused = _refund(sale, amount=99_00)
    assert till.call(*refused).status_code == 409
    smaller = refused[2] | {"amount": 1_00}
    assert till.call(*refused[:2], smaller).json()["state"] == "done"  # the id is free
    assert shop.operator.ledger_is_balanced()
