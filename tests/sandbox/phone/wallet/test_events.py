# SPDX-License-Identifier: Apache-2.0
"""What a phone shows is taken from the signed bytes; each step of a tap and of a receipt is an event of its own."""

from typing import Any

import pytest

from pengpos.core.money import Money
from pengpos.core.reasons import Reason
from pengpos.keys.software import SoftwareKey
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import Hint
from sandbox.phone.wallet.events import (
    Asked,
    Authorised,
    Event,
    Offer,
    PaidAnotherWay,
    PaidByAnother,
    ReceiptKept,
    Refused,
)
from sandbox.phone.workbench import Bench, Till


def offered(bench: Bench, **changes: Any) -> Offer:
    return Offer.of(Presentation.read(bench.till.presentation(1, **changes), bench.wallet.issuers))


@pytest.mark.parametrize(
    ("changes", "amount", "purpose", "reference"),
    [
        ({}, Money(1880, "CNY"), Purpose.SALE, None),
        ({"reference": "Tisch 7"}, Money(1880, "CNY"), Purpose.SALE, "Tisch 7"),
        ({"amount_minor": 0, "purpose": Purpose.CHECK_IN}, Money(0, "CNY"), Purpose.CHECK_IN, None),
        ({"amount_minor": 500, "currency": "JPY"}, Money(500, "JPY"), Purpose.SALE, None),
    ],
    ids=["a sale", "with a reference", "a check-in", "another currency"],
)
def test_an_offer_is_what_the_terminal_signed(
    changes: dict[str, Any], amount: Money, purpose: Purpose, reference: str | None, paying: Bench
) -> None:
    assert offered(paying, **changes) == Offer(
        digest=paying.till.digest(1, **changes),
        merchant="晨光咖啡",
        amount=amount,
        purpose=purpose,
        reference=reference,
    )


def test_a_tap_that_is_asked_confirmed_repeated_and_booked_shows_each_step(paying: Bench) -> None:
    paying.set_owner(asks_first=True)
    paying.present(1)
    paying.wallet.confirm(paying.till.digest(1))
    paying.present(1)
    paying.present(1)
    paying.wallet.take_receipt(paying.till.receipt(Outcome.APPROVED))
    (payment,) = paying.store.history()
    kinds: list[type[Event]] = [type(event) for event in paying.events]
    assert kinds == [Asked, Authorised, Authorised, ReceiptKept]
    assert paying.events[0] == Asked(offer=offered(paying), hint=Hint.CONFIRM, total_minor=1880)
    assert [event.again for event in paying.events if isinstance(event, Authorised)] == [False, True]
    assert paying.events[-1] == ReceiptKept(payment=payment)


def test_a_refusal_shows_the_offer_only_if_it_verified(paying: Bench) -> None:
    paying.set_owner(says_no=True)
    paying.present(1)
    paying.till = Till(issuer=SoftwareKey.generate())
    paying.present(2)
    known, unknown = paying.events
    assert isinstance(known, Refused)
    assert (known.reason, known.offer is not None) == (Reason.DECLINED_BY_SHOPPER, True)
    assert isinstance(unknown, Refused)
    assert (unknown.reason, unknown.offer, unknown.detail != "") == (Reason.NOT_TRUSTED, None, True)


def test_paid_another_way_and_paid_by_another_are_two_things(paying: Bench) -> None:
    paying.present(1)
    paying.wallet.release_promise((1).to_bytes(16, "big"))
    assert isinstance(paying.events[-1], PaidByAnother)
    paying.wallet.begin_elsewhere((2).to_bytes(16, "big"))
    paying.wallet.take_receipt(paying.till.receipt(Outcome.APPROVED, 2))
    paying.present(2)
    assert isinstance(paying.events[-1], PaidAnotherWay)
