# SPDX-License-Identifier: Apache-2.0
"""What a wallet promises to cover offline, and under which credential: one a shop."""

import pytest

from pengpos.core.errors import MalformedError
from pengpos.core.money import Money
from pengpos.core.reasons import Reason
from pengpos.wire.objects.authorisation import Funding
from pengpos.wire.objects.credential import Allowance, Merchant
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import Authorises, Declines
from sandbox.phone.wallet.events import PaidByAnother
from sandbox.phone.words import of_event
from sandbox.phone.workbench import CNY_200, NOW, Bench, Till

ANOTHER_SHOP = Merchant(merchant_id="M-43", name="书店")


@pytest.mark.parametrize(
    ("allowance", "amount", "promised"),
    [
        pytest.param(CNY_200, 20_000, True, id="a whole payment"),
        pytest.param(CNY_200, 20_001, False, id="a cent above a payment"),
        pytest.param(Allowance(currency="CNY", per_payment_minor=9, total_minor=8), 9, False, id="above the total"),
        pytest.param(Allowance(currency="JPY", per_payment_minor=99, total_minor=99), 9, False, id="other currency"),
        pytest.param(None, 1, False, id="online only"),
    ],
)
@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
def test_offline_is_promised_whenever_the_allowance_covers_it(
    allowance: Allowance | None, amount: int, promised: bool, online: bool
) -> None:
    bench = Bench()
    bench.store.set_balance("CNY", None)
    bench.give_new(allowance=allowance)
    assert bench.authorised(amount_minor=amount, online=online).offline_allowed is promised


def test_the_tip_counts_towards_the_allowance(paying: Bench) -> None:
    paying.set_owner(tip=Money(1, "CNY"))
    assert not paying.authorised(amount_minor=20_000).offline_allowed


@pytest.mark.parametrize(
    ("outcome", "fourth"),
    [
        pytest.param(Outcome.APPROVED, False, id="taken: perhaps from what was set aside, so it counts"),
        pytest.param(Outcome.ACCEPTED_OFFLINE, False, id="accepted offline: counts"),
        pytest.param(Outcome.DECLINED, False, id="declined: the terminal may still accept it, so it counts"),
        pytest.param(None, False, id="nothing heard: counts"),
    ],
)
def test_promises_are_used_up_until_the_backend_says_more(outcome: Outcome | None, fourth: bool, paying: Bench) -> None:
    for number, amount in enumerate([20_000, 20_000, 10_000], start=1):
        assert paying.authorised(number, amount_minor=amount).offline_allowed
    if outcome is not None:
        paying.wallet.take_receipt(paying.till.receipt(outcome, 3, total_minor=0))
    assert paying.authorised(4, amount_minor=1).offline_allowed is fourth


@pytest.mark.parametrize(("drawn", "left"), [(0, 100_00), (99_99, 1), (100_00, 0)])
def test_what_was_taken_from_free_money_may_be_promised_again(drawn: int, left: int, paying: Bench) -> None:
    for number, amount in enumerate([200_00, 200_00, 100_00], start=1):
        assert paying.authorised(number, amount_minor=amount).offline_allowed
    paying.store.record_drawn((3).to_bytes(16, "big"), drawn)
    assert not paying.authorised(4, amount_minor=left + 1).offline_allowed
    assert left == 0 or paying.authorised(5, amount_minor=left).offline_allowed


@pytest.mark.parametrize(("set_aside", "amount", "signs"), [(500_00, 500_00, True), (500_00, 500_01, False)])
def test_what_is_set_aside_pays_for_promises_only(set_aside: int, amount: int, signs: bool, paying: Bench) -> None:
    paying.store.set_balance("CNY", 1_000_00, set_aside)
    promised = paying.authorised(1, amount_minor=200_00)
    assert promised.offline_allowed
    paying.store.set_balance("CNY", 1_000_00, set_aside)
    reply = paying.reply(2, amount_minor=amount)
    assert isinstance(reply, Authorises) is signs, reply


def test_what_the_backend_will_never_take_may_be_promised_again(paying: Bench) -> None:
    for number, amount in enumerate([20_000, 20_000, 10_000], start=1):
        assert paying.authorised(number, amount_minor=amount).offline_allowed
    paying.wallet.release_promise((3).to_bytes(16, "big"))
    assert paying.authorised(4, amount_minor=10_000).offline_allowed
    assert not paying.authorised(5, amount_minor=1).offline_allowed


@pytest.mark.parametrize("heard", [None, Outcome.ACCEPTED_OFFLINE], ids=["nothing", "accepted offline"])
def test_what_somebody_else_has_paid_is_told_once_and_costs_nothing(heard: Outcome | None, paying: Bench) -> None:
    paying.store.set_balance("CNY", 100_00)
    paying.authorised()
    if heard is not None:
        paying.wallet.take_receipt(paying.till.receipt(heard))
    assert paying.store.spendable_minor("CNY") == 100_00 - 18_80
    for _ in range(2):
        paying.wallet.release_promise((1).to_bytes(16, "big"))
    assert [type(event) for event in paying.events].count(PaidByAnother) == 1
    assert of_event(paying.events[-1]).endswith("already paid by someone else; you were not charged")
    assert paying.store.spendable_minor("CNY") == 100_00


def test_a_friend_is_never_promised_offline(paying: Bench) -> None:
    paying.set_owner(funding=Funding.FRIEND)
    assert not paying.authorised().offline_allowed


def kid_used(bench: Bench, number: int) -> bytes:
    bench.authorised(number)
    return bench.store.history()[0].kid


def test_each_shop_sees_its_own_key_and_a_counter_that_rises(paying: Bench) -> None:
    paying.give_new(allowance=CNY_200)
    first, again = kid_used(paying, 1), kid_used(paying, 2)
    here = paying.till
    paying.till = Till(issuer=paying.issuer, merchant=ANOTHER_SHOP, terminal_id="T-0002")
    there = paying.authorised(3)
    assert (first == again, paying.store.history()[0].kid != first, there.counter) == (True, True, 1)
    paying.till = here
    assert paying.authorised(4).counter == 3


def test_no_spare_for_a_new_shop_is_unsupported(paying: Bench) -> None:
    paying.authorised(1)
    paying.till = Till(issuer=paying.issuer, merchant=ANOTHER_SHOP, terminal_id="T-0002")
    assert paying.reply(2) == Declines(Reason.UNSUPPORTED)
    assert paying.store.spares(NOW) == 0


def test_an_expired_credential_gives_way_to_a_spare(paying: Bench) -> None:
    first = kid_used(paying, 1)
    paying.clock.unix_s = NOW + 7 * 86_400 - 1
    fresh = {"issued_at": paying.clock.unix_s}
    assert paying.authorised(2, **fresh).counter == 2
    paying.clock.unix_s += 1
    assert paying.reply(3, **fresh) == Declines(Reason.UNSUPPORTED)
    spare = paying.give_new(expires_at=paying.clock.unix_s + 1)
    assert paying.authorised(3, **fresh).counter == 1
    assert paying.store.history()[0].kid == spare.key.kid != first


def test_spares_that_may_pay_offline_go_first() -> None:
    bench = Bench()
    bench.store.set_balance("CNY", None)
    bench.give_new()
    best = bench.give_new(allowance=CNY_200)
    bench.give_new(allowance=CNY_200)
    assert kid_used(bench, 1) == best.key.kid


def test_a_credential_too_long_for_a_reply_is_refused(paying: Bench) -> None:
    credential = paying.give_new()
    object.__setattr__(credential, "raw", bytes(1_025))
    with pytest.raises(MalformedError, match="longer than"):
        paying.store.add_credential(credential)
