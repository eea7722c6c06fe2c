# SPDX-License-Identifier: Apache-2.0
"""A copy of a terminal's key signs another content under the id of a payment that the terminal still holds.

Source: backend API, *Ids belong to their terminal*. The terminal's promise is taken all the same, and an alarm says it.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from pengpos.core.sale import Cancel, CancelReason, SaleState
from tests.support.backend import Shop
from tests.support.exporting_device import Device, device, take
from tests.support.replaced_key import replace_key
from tests.support.shop import Sale, Till, Wallet
from tests.support.squatter import collisions

__all__ = ["device"]
OVER_S = 2 * 3600


@dataclass
class Stored:
    """What a terminal has accepted offline and not delivered yet."""

    till: Till
    wallet: Wallet
    sale: Sale
    authorisation: bytes

    def delivered(self) -> dict[str, Any]:
        item = self.till.item(self.sale, self.wallet, self.authorisation, offline=True)
        [verdict] = self.till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
        return dict(verdict)

    def other(self, by: Till, **changes: Any) -> Sale:
        return by.sale(1, intent_id=self.sale.intent.claims.intent_id, **changes)


@pytest.fixture
def stored(shop: Shop) -> Stored:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80, online=False)
    return Stored(till=till, wallet=wallet, sale=sale, authorisation=wallet.authorise(sale))


def revoke(shop: Shop, till: Till) -> None:
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke").status_code == 204


@pytest.mark.parametrize("way", ["", "/claim", "/open", "/release", "/pay"])
def test_a_revoked_terminals_key_has_nothing_registered_by_a_phone(shop: Shop, stored: Stored, way: str) -> None:
    revoke(shop, stored.till)
    path = f"/intents/{stored.other(stored.till).text}{way}"
    answer = shop.wallet().call("POST" if way else "GET", path)
    assert (answer.status_code, answer.json()["code"]) == (409, "terminal_revoked")
    assert stored.delivered()["status"] == "held"


def test_nor_has_a_key_that_was_replaced(shop: Shop, stored: Stored) -> None:
    copy = replace_key(shop, stored.till)
    answer = shop.http.get(f"/wallet/v1/intents/{stored.other(copy).text}")
    assert (answer.status_code, answer.json()["code"]) == (409, "terminal_revoked")
    assert stored.delivered()["status"] == "approved"
    assert collisions(shop) == []


def test_what_it_registered_before_is_shown_on(shop: Shop, stored: Stored) -> None:
    sale = stored.till.sale(5_00)
    stored.till.put(sale)
    replace_key(shop, stored.till)
    assert shop.http.get(f"/wallet/v1/intents/{sale.text}").json()["amount"] == 5_00


def test_a_cancel_of_a_revoked_key_takes_no_stored_payments_place(shop: Shop, stored: Stored) -> None:
    revoke(shop, stored.till)
    assert stored.till.cancel(stored.other(stored.till)).json()["status"] == "cancelled"
    assert (stored.delivered()["status"], len(collisions(shop))) == ("held", 1)


def test_a_held_payment_of_a_revoked_key_takes_its_place_no_longer_than_it_is_held(shop: Shop, stored: Stored) -> None:
    revoke(shop, stored.till)
    second, other = shop.wallet(), stored.other(stored.till, online=False)
    first = Stored(till=stored.till, wallet=second, sale=other, authorisation=second.authorise(other))
    assert first.delivered()["status"] == "held"
    assert stored.delivered()["code"] == "conflict"
    shop.clock.advance(900)
    shop.sweep()
    assert stored.delivered()["status"] == "held"


@pytest.mark.parametrize("dated_ahead_s", [0, 30 * 86_400], ids=["now", "in a month"])
def test_what_a_copy_of_a_good_key_registered_is_an_alarm_and_gives_way(
    shop: Shop, stored: Stored, dated_ahead_s: int
) -> None:
    """One dated ahead would else keep its place for as long as its signer likes."""
    other = stored.other(stored.till, issued_at=shop.clock.now() + dated_ahead_s)
    assert stored.till.put(other).status_code == 200
    if not dated_ahead_s:
        assert stored.delivered()["code"] == "conflict"
        shop.clock.advance(OVER_S)
    verdict = stored.delivered()
    assert (verdict["status"], verdict["total"]) == ("approved", 18_80)
    assert stored.delivered() == verdict
    ids = [stored.till.terminal_id] * 2
    assert [alarm["detail"]["terminal_ids"] for alarm in collisions(shop)] == [ids]
    assert stored.till.call("GET", f"/intents/{stored.sale.intent_id}").json()["payment"]["total"] == 18_80


@pytest.mark.parametrize("end", ["paid", "cancelled"])
def test_what_has_been_paid_or_given_up_gives_way_to_nothing(shop: Shop, stored: Stored, end: str) -> None:
    other = stored.other(stored.till)
    if end == "paid":
        assert stored.till.pay(other, shop.wallet()).json()["status"] == "approved"
    else:
        assert stored.till.cancel(other).json()["status"] == "cancelled"
    shop.clock.advance(OVER_S)
    assert stored.delivered()["code"] == "conflict"
    assert len(collisions(shop)) == 1


def test_only_what_was_accepted_offline_takes_anothers_place(shop: Shop, stored: Stored) -> None:
    """A page that a shopper has open says no other amount all at once."""
    till = stored.till
    till.put(stored.sale)
    shop.clock.advance(OVER_S)
    other, second = stored.other(till), shop.wallet()
    for answer in (till.put(other), till.pay(other, second), till.cancel(other)):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert stored.delivered()["status"] == "approved"


def test_an_export_signed_by_a_key_that_was_replaced_counts_as_unsigned(shop: Shop, device: Device) -> None:
    """Its copy may have made it since: it ends no sale for good, and an alarm says that nobody vouches for it."""
    wallet, till = shop.wallet(), device.till
    sale = till.sale(18_80, online=False)
    authorisation = wallet.authorise(sale)
    device.holds(sale, SaleState.REVERSING, cancel=Cancel(reason=CancelReason.MERCHANT))
    sealed = device.sealed()
    replace_key(shop, till)
    take(shop, sealed)
    assert "unsigned_import" in shop.operator.alarms()
    assert till.pay(sale, wallet, authorisation, offline=True).json()["status"] == "approved"
