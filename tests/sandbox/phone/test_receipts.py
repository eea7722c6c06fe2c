# SPDX-License-Identifier: Apache-2.0
"""Intents paid another way, and receipts that come after a tap."""

import pytest

from pengpos.core.reasons import Reason
from pengpos.keys.software import SoftwareKey
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import AlreadyPaid, Declines
from sandbox.phone.wallet.events import PaidAnotherWay
from sandbox.phone.workbench import Bench


def test_an_intent_signed_by_tap_is_not_begun_another_way(paying: Bench) -> None:
    first = paying.present(1)
    assert not paying.wallet.begin_elsewhere((1).to_bytes(16, "big"))
    assert paying.present(1) == first


def test_paid_another_way_stays_so(paying: Bench) -> None:
    intent_id = (1).to_bytes(16, "big")
    assert paying.wallet.begin_elsewhere(intent_id)
    receipt = paying.till.receipt(Outcome.APPROVED, 1)
    paying.wallet.take_receipt(receipt)
    paying.wallet.release_elsewhere(intent_id)
    assert paying.reply(1) == AlreadyPaid(receipt)
    assert isinstance(paying.events[-1], PaidAnotherWay)


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED_OFFLINE, Outcome.DECLINED])
def test_only_an_issuers_approval_is_shown_as_paid(outcome: Outcome, paying: Bench) -> None:
    paying.wallet.begin_elsewhere((1).to_bytes(16, "big"))
    paying.wallet.take_receipt(paying.till.receipt(outcome, 1))
    assert paying.reply(1) == Declines(Reason.BEGUN_ANOTHER_WAY)


YES, OFF, NO = Outcome.APPROVED, Outcome.ACCEPTED_OFFLINE, Outcome.DECLINED


@pytest.mark.parametrize(
    ("outcomes", "stands"),
    [
        pytest.param([OFF, YES], YES, id="accepted offline, then settled"),
        pytest.param([OFF, NO], NO, id="accepted offline, then declined at sync"),
        pytest.param([YES, NO], YES, id="approved stays"),
        pytest.param([YES, OFF], YES, id="approved stays, whatever the terminal says"),
        pytest.param([NO, YES], YES, id="accepted after all"),
        pytest.param([NO, OFF], NO, id="a terminal does not undo an issuer's word"),
    ],
)
def test_which_of_two_receipts_stands(outcomes: list[Outcome], stands: Outcome, paying: Bench) -> None:
    paying.authorised()
    for outcome in outcomes:
        paying.wallet.take_receipt(paying.till.receipt(outcome, total_minor=0 if outcome is NO else 1880))
    assert paying.store.history()[0].outcome is stands


def test_a_provisional_receipt_for_what_was_never_promised_is_ignored(paying: Bench) -> None:
    paying.authorised(amount_minor=20_001)
    paying.wallet.take_receipt(paying.till.receipt(Outcome.ACCEPTED_OFFLINE, total_minor=20_001))
    assert paying.store.history()[0].outcome is None


def test_a_provisional_receipt_by_another_terminal_is_ignored(paying: Bench) -> None:
    paying.authorised()
    paying.till.signer = SoftwareKey.generate()
    paying.wallet.take_receipt(paying.till.receipt(Outcome.ACCEPTED_OFFLINE))
    assert paying.store.history()[0].outcome is None


@pytest.mark.parametrize("receipt", [b"", b"\xd2", b"\xa0", bytes(600)], ids=["empty", "cut", "a map", "zeros"])
def test_bytes_that_are_no_receipt_are_ignored(receipt: bytes, paying: Bench) -> None:
    paying.authorised()
    paying.wallet.take_receipt(receipt)
    assert paying.store.history()[0].outcome is None
