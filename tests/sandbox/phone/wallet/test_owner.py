# SPDX-License-Identifier: Apache-2.0
"""What an owner lets through: lock, tap limit, confirmation, refusal, money."""

from typing import Any

import pytest

from pengpos.core.money import Money
from pengpos.core.reasons import Reason
from pengpos.wire.objects.authorisation import Funding
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import Authorises, Declines, Hint, NeedsShopper
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.workbench import Bench

LIMIT = (Money(1880, "CNY"),)


@pytest.mark.parametrize(
    ("owner", "amount", "expected"),
    [
        pytest.param(Owner(tap_limits=LIMIT), 1880, Authorises, id="at the tap limit"),
        pytest.param(Owner(tap_limits=LIMIT), 1881, NeedsShopper(Hint.CONFIRM), id="a cent above it"),
        pytest.param(Owner(tap_limits=LIMIT, locked=True), 1880, Authorises, id="locked, at the limit"),
        pytest.param(Owner(tap_limits=LIMIT, locked=True), 1881, NeedsShopper(Hint.UNLOCK), id="locked, above it"),
        pytest.param(Owner(tap_limits=LIMIT, tip=Money(500, "CNY")), 1880, Authorises, id="the tip does not count"),
        pytest.param(Owner(tap_limits=(Money(9999, "JPY"),)), 1, NeedsShopper(Hint.CONFIRM), id="of another currency"),
        pytest.param(Owner(tap_limits=LIMIT, asks_first=True), 1880, NeedsShopper(Hint.CONFIRM), id="asks first"),
        pytest.param(Owner(tap_limits=LIMIT, chooses=True), 1880, NeedsShopper(Hint.CHOOSE), id="chooses"),
        pytest.param(Owner(chooses=True, locked=True), 1880, NeedsShopper(Hint.UNLOCK), id="unlocks, then chooses"),
        pytest.param(Owner(tap_limits=LIMIT, says_no=True), 1880, Declines(Reason.DECLINED_BY_SHOPPER), id="says no"),
    ],
)
def test_what_an_owner_lets_through(owner: Owner, amount: int, expected: Any, paying: Bench) -> None:
    paying.wallet.owner = owner
    reply = paying.reply(amount_minor=amount)
    assert isinstance(reply, expected) if isinstance(expected, type) else reply == expected


def test_a_check_in_needs_confirmation_where_no_tap_limit_is_set(paying: Bench) -> None:
    check_in = {"amount_minor": 0, "purpose": Purpose.CHECK_IN}
    paying.wallet.owner = Owner(tip=Money(88, "CNY"))
    assert paying.reply(**check_in) == NeedsShopper(Hint.CONFIRM)
    paying.wallet.confirm(paying.till.digest(**check_in))
    assert paying.authorised(**check_in).total_minor == 0


def test_a_confirmation_is_good_for_one_intent(paying: Bench) -> None:
    paying.wallet.owner = Owner()
    paying.wallet.confirm(paying.till.digest(1))
    assert paying.reply(2) == NeedsShopper(Hint.CONFIRM)
    assert paying.reply(1, amount_minor=1881) == NeedsShopper(Hint.CONFIRM)
    assert isinstance(paying.reply(1), Authorises)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [pytest.param(60, Authorises, id="60 s"), pytest.param(61, NeedsShopper, id="61 s")],
)
def test_a_confirmation_is_good_for_a_minute(seconds: int, expected: type, paying: Bench) -> None:
    paying.wallet.owner = Owner(locked=True)  # it has locked itself again since
    paying.wallet.confirm(paying.till.digest(1))
    paying.clock.unix_s += seconds
    assert isinstance(paying.reply(), expected)


def test_a_refusal_counts_for_its_intent_below_the_tap_limit_too(paying: Bench) -> None:
    paying.wallet.refuse(paying.till.digest(1))
    assert paying.reply(1) == Declines(Reason.DECLINED_BY_SHOPPER)
    assert isinstance(paying.reply(2), Authorises)


@pytest.mark.parametrize(
    ("balance", "changes", "reason"),
    [
        pytest.param(1879, {}, Reason.NOT_ENOUGH_MONEY, id="not enough money"),
        pytest.param(1900, {"tip": Money(88, "CNY")}, Reason.NOT_ENOUGH_MONEY, id="not enough for the tip"),
        pytest.param(5000, {"spending_limits": (Money(1879, "CNY"),)}, Reason.OVER_A_LIMIT, id="over a limit"),
        pytest.param(None, {"tip": Money(10**12, "CNY")}, Reason.OVER_A_LIMIT, id="more than can be written"),
    ],
)
def test_what_is_short_is_told_only_after_confirmation(
    balance: int | None, changes: dict[str, Any], reason: Reason, paying: Bench
) -> None:
    paying.store.set_balance("CNY", balance)
    paying.set_owner(**changes)
    assert paying.reply() == NeedsShopper(Hint.CONFIRM)
    paying.wallet.confirm(paying.till.digest(1))
    assert paying.reply() == Declines(reason)


def test_a_shared_purse_pays_beside_an_empty_balance(paying: Bench) -> None:
    paying.store.set_balance("CNY", 0)
    paying.set_owner(funding=Funding.SHARED_PURSE)
    assert paying.authorised().funding is Funding.SHARED_PURSE


def test_what_was_signed_is_no_longer_spendable(paying: Bench) -> None:
    paying.store.set_balance("CNY", 4000)
    paying.authorised(1)
    paying.authorised(2)
    assert paying.reply(3) == NeedsShopper(Hint.CONFIRM)
    paying.wallet.take_receipt(paying.till.receipt(Outcome.DECLINED, 2, total_minor=0))
    assert paying.authorised(3).total_minor == 1880
