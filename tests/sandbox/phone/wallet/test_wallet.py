# SPDX-License-Identifier: Apache-2.0
"""The order of a wallet's answers, its memory, its clock, and what its screen shows."""

from collections.abc import Callable

import pytest

from pengpos.core.money import Money
from pengpos.core.reasons import Reason
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import Authorises, Declines, Hint, NeedsShopper, Reply
from sandbox.phone.wallet.events import Asked, Authorised, ReceiptKept, Refused
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.workbench import NOW, Bench


def unsettle(bench: Bench) -> None:
    """Every reason to say no at once: see the order below."""
    bench.clock.unix_s = NOW + 3_600
    bench.wallet.begin_elsewhere((1).to_bytes(16, "big"))
    bench.set_owner(blocked=True, locked=True, says_no=True, tap_limits=())


def settle_time(bench: Bench) -> None:
    bench.clock.unix_s = NOW


def settle_other_way(bench: Bench) -> None:
    bench.wallet.release_elsewhere((1).to_bytes(16, "big"))


def settle_currency(bench: Bench) -> None:
    bench.store.set_balance("CNY", 0)


def settle_block(bench: Bench) -> None:
    bench.set_owner(blocked=False)


def settle_lock(bench: Bench) -> None:
    bench.set_owner(locked=False)


def settle_refusal(bench: Bench) -> None:
    bench.set_owner(says_no=False)


def settle_confirmation(bench: Bench) -> None:
    bench.wallet.confirm(bench.till.digest(1))


def settle_money(bench: Bench) -> None:
    bench.store.set_balance("CNY", 1880)


def test_the_order_of_answers_is_the_protocols() -> None:
    bench = Bench()
    bench.give_new()
    unsettle(bench)
    answers: list[Reply] = []
    steps: list[Callable[[Bench], None]] = [
        settle_time, settle_other_way, settle_currency, settle_block, settle_lock, settle_refusal,
        settle_confirmation, settle_money,
    ]  # fmt: skip
    for settle in steps:
        answers.append(bench.reply())
        settle(bench)
    assert answers == [
        Declines(Reason.PHONE_CLOCK, NOW + 3_600),
        Declines(Reason.BEGUN_ANOTHER_WAY),
        Declines(Reason.UNSUPPORTED),
        Declines(Reason.BLOCKED_BY_OWNER),
        NeedsShopper(Hint.UNLOCK),
        Declines(Reason.DECLINED_BY_SHOPPER),
        NeedsShopper(Hint.CONFIRM),
        Declines(Reason.NOT_ENOUGH_MONEY),
    ]
    assert isinstance(bench.reply(), Authorises)


def test_memory_comes_before_everything_but_verification(paying: Bench) -> None:
    first = paying.present()
    unsettle(paying)
    paying.clock.unix_s = NOW - 5 + 120 + 300
    assert paying.present() == first
    paying.wallet.issuers = Bench().wallet.issuers
    assert paying.reply() == Declines(Reason.NOT_TRUSTED)


def test_a_reply_is_forgotten_five_minutes_after_expiry_and_never_signed_anew(paying: Bench) -> None:
    paying.present()
    paying.clock.unix_s = NOW - 5 + 120 + 301
    assert paying.reply() == Declines(Reason.PHONE_CLOCK, paying.clock.unix_s)
    paying.clock.unix_s = NOW - 1_000  # a phone whose clock was set back remembers still
    assert isinstance(paying.reply(), Authorises)
    assert len(paying.store.history()) == 1


@pytest.mark.parametrize(
    ("clock", "pays"),
    [
        pytest.param(NOW - 5 - 301, False, id="301 s before it was issued"),
        pytest.param(NOW - 5 - 300, True, id="300 s before"),
        pytest.param(NOW - 5 + 120 + 300, True, id="300 s after its life"),
        pytest.param(NOW - 5 + 120 + 301, False, id="301 s after"),
    ],
)
def test_the_phones_own_clock_judges_the_time(clock: int, pays: bool, paying: Bench) -> None:
    paying.set_owner(clock_offset_s=clock - NOW)
    expected = Authorises if pays else Declines
    reply = paying.reply()
    assert isinstance(reply, expected)
    assert pays or reply == Declines(Reason.PHONE_CLOCK, clock)


def test_the_screen_shows_merchant_and_amount_of_these_very_bytes(paying: Bench) -> None:
    paying.wallet.owner = Owner(tip=Money(88, "CNY"))
    paying.present(1, reference="桌 7")
    asked = paying.events[-1]
    assert isinstance(asked, Asked)
    assert (asked.offer.merchant, str(asked.offer.amount), asked.offer.reference) == ("晨光咖啡", "18.80 CNY", "桌 7")
    assert (asked.total_minor, asked.hint) == (1968, Hint.CONFIRM)
    paying.wallet.confirm(asked.offer.digest)
    paying.present(1, reference="桌 7")
    paying.present(1, reference="桌 7")
    paying.wallet.take_receipt(paying.till.receipt(Outcome.APPROVED, total_minor=1968))
    kinds = [type(event) for event in paying.events]
    assert kinds == [Asked, Authorised, Authorised, ReceiptKept]
    assert [event.again for event in paying.events if isinstance(event, Authorised)] == [False, True]


def test_nothing_unverified_is_shown(paying: Bench) -> None:
    paying.wallet.answer(b"\x82\x40\x40")
    refused = paying.events[-1]
    assert isinstance(refused, Refused)
    assert (refused.offer, refused.reason) == (None, Reason.NOT_TRUSTED)
