# SPDX-License-Identifier: Apache-2.0
"""What holds in every state: whose intent it is about, leave to send, waiting, what is durable, which arrows exist."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any, TypeAlias, get_args
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pengpos.core.effects import AlarmKind, AskBackend, NotNow, RaiseAlarm
from pengpos.core.events import (
    AgainAsked,
    Approved,
    BackendCall,
    BackendStatus,
    CancelAnswered,
    CancelAsked,
    CancelHeld,
    CancelLeaving,
    CodeEntered,
    Event,
    FieldEmpty,
    ForwardLeaving,
    LifeOver,
    NoAnswer,
    Noticed,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    PhoneRefused,
    Prompted,
    PutLeaving,
    RefundAnswered,
    RefundAsked,
    RefundedElsewhere,
    ReplyAccepted,
    Restarted,
    SellingStopped,
    Settled,
    SignedAgain,
    UrlKnown,
)
from pengpos.core.machine import Outcome, backoff_s, durably_different
from pengpos.core.machine.states import TAKEN_STATES
from pengpos.core.reasons import Reason
from pengpos.core.sale import Cancel, CancelReason, DueState, Notice, Prompt, RefundState, Refusal, Sale, SaleState
from workshop.samples.sales import (
    LIFE_OVER,
    NOON,
    authorised,
    booking,
    due,
    intent,
    refund,
    refusal,
    sale_in,
    says,
    says_approved,
    says_declined,
    says_due,
    says_held,
)

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S = SaleState
ID, OTHER = intent(1).intent_id, intent(2).intent_id
SOON = NOON + 30
URL = "https://pay.example/t/AAAAAAAAAAAAAAAAAAAAAA"
FRAGMENT = "https://pay.example/t#P"
WAITING = {S.SIGNED, S.PRESENTED}
NO = Refusal(reason=Reason.DECLINED_BY_SHOPPER)


# --- reaching phones by tag and QR ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", S)
def test_put_leaves_only_while_a_phone_is_waited_for(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    after, effects = take(sale, PutLeaving(at=SOON, intent_id=ID))
    if state in WAITING:
        assert (after.intent.put_sent, effects) == (True, (AskBackend(SOON + 5),))  # from here it may be paid unseen
        assert durably_different(sale, after)
    else:
        assert (after, effects) == (sale, (NotNow(state),))


@pytest.mark.parametrize("state", S)
def test_the_fragment_is_shown_only_while_a_phone_is_waited_for(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    after, effects = take(sale, UrlKnown(at=SOON, intent_id=ID, url=FRAGMENT, fragment=True))
    if state in WAITING:
        assert (after.intent.fragment_shown, after.intent.url) == (True, FRAGMENT)
        assert effects == (AskBackend(SOON + 5),)
        assert durably_different(sale, after)
    else:
        assert (after, effects) == (sale, (NotNow(state),))


@pytest.mark.parametrize("state", S)
def test_the_backends_url_comes_too_late_for_anything_else(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    after, effects = take(sale, UrlKnown(at=SOON, intent_id=ID, url=URL))
    assert (after.intent.url, effects) == (URL if state in WAITING else None, ())


def test_a_fragment_once_shown_may_still_be_paid_when_the_backends_url_takes_its_place(take: Take) -> None:
    shown, _ = take(sale_in(S.PRESENTED), UrlKnown(at=SOON, intent_id=ID, url=FRAGMENT, fragment=True))
    after, _ = take(shown, UrlKnown(at=SOON, intent_id=ID, url=URL))
    assert (after.intent.url, after.intent.fragment_shown) == (URL, True)


# --- leave to send ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in S if state not in {S.CANCELLING, S.REVERSING}])
def test_a_cancel_leaves_only_while_the_sale_is_undone(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    assert take(sale, CancelLeaving(at=SOON)) == (sale, (NotNow(state),))


@pytest.mark.parametrize("state", [state for state in S if state is not S.ACCEPTED_OFFLINE])
def test_a_stored_payment_leaves_only_from_the_store(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    assert take(sale, ForwardLeaving(at=SOON)) == (sale, (NotNow(state),))


# --- an earlier intent ------------------------------------------------------------------------------------------------

ABOUT_EARLIER = [
    pytest.param(says_approved(), (RaiseAlarm(AlarmKind.PAID_AFTER_CANCEL),), id="approved: alarm"),
    pytest.param(
        PaidByReceipt(at=SOON, intent_id=ID, booking=booking()),
        (RaiseAlarm(AlarmKind.PAID_AFTER_CANCEL),),
        id="a receipt: alarm",
    ),
    pytest.param(says_declined(), (), id="declined"),
    pytest.param(says_held(), (), id="held"),
    *[pytest.param(says(status), (), id=status.name.lower()) for status in BackendStatus],
    pytest.param(CancelAnswered(at=SOON, intent_id=ID), (), id="cancel answered"),
    pytest.param(CancelAnswered(at=SOON, intent_id=ID, standing=booking()), (), id="cancel answered settled"),
    pytest.param(LifeOver(at=LIFE_OVER, intent_id=ID), (), id="its life is over"),
    pytest.param(UrlKnown(at=SOON, intent_id=ID, url=URL), (), id="its URL"),
]


@pytest.mark.parametrize(("event", "effects"), ABOUT_EARLIER)
def test_an_earlier_intent_moves_nothing(take: Take, event: Event, effects: tuple[object, ...]) -> None:
    for state in S:
        sale = sale_in(state, intents=(intent(1, ended_at=NOON, end=S.DECLINED), intent(2)))
        assert take(sale, event) == (sale, effects), state


@pytest.mark.parametrize(
    "leaving",
    [PutLeaving(at=SOON, intent_id=ID), UrlKnown(at=SOON, intent_id=ID, url=FRAGMENT, fragment=True)],
    ids=["PUT", "#P"],
)
@pytest.mark.parametrize("state", sorted(WAITING))
def test_nothing_leaves_for_an_earlier_intent(take: Take, state: SaleState, leaving: Event) -> None:
    sale = sale_in(state, intents=(intent(1, ended_at=NOON, end=S.DECLINED), intent(2)))
    assert take(sale, leaving) == (sale, (NotNow(state),))


# --- waiting ----------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(1, 10_000), st.uuids())
def test_back_off_is_one_second_to_a_minute_and_always_the_same(attempts: int, who: UUID) -> None:
    assert 1 <= backoff_s(attempts, who) <= 60
    assert backoff_s(attempts, who) == backoff_s(attempts, who)


@pytest.mark.parametrize(("attempts", "most_s"), [(1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (100, 60)])
def test_back_off_doubles_up_to_a_minute_and_differs_by_who_waits(attempts: int, most_s: int) -> None:
    waits = {backoff_s(attempts, UUID(int=who << 64 | who)) for who in range(5000)}
    assert min(waits) == 1
    assert max(waits) == most_s


@pytest.mark.parametrize(
    ("retry_after_s", "waits_s"),
    [
        pytest.param(None, backoff_s(1, sale_in(S.UNKNOWN).sale_id), id="not said: back-off"),
        pytest.param(0, backoff_s(1, sale_in(S.UNKNOWN).sale_id), id="at once: back-off all the same"),
        pytest.param(-5, backoff_s(1, sale_in(S.UNKNOWN).sale_id), id="nonsense"),
        pytest.param(60, 60, id="longer than back-off: obeyed"),
        pytest.param(3600, 60, id="in an hour: a minute"),
        pytest.param(10**9, 60, id="in thirty years: a minute"),
    ],
)
@pytest.mark.parametrize(
    ("state", "call"),
    [
        (S.PENDING, BackendCall.QUESTION),
        (S.UNKNOWN, BackendCall.QUESTION),
        (S.FORWARDING, BackendCall.FORWARD),
        (S.CANCELLING, BackendCall.CANCEL),
        (S.REVERSING, BackendCall.CANCEL),
    ],
    ids=str,
)
def test_retry_after(take: Take, state: SaleState, call: BackendCall, retry_after_s: int | None, waits_s: int) -> None:
    after, _ = take(sale_in(state), NoAnswer(at=SOON, call=call, retry_after_s=retry_after_s))
    assert after.retry_at == SOON + waits_s


# --- what is durable --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "durable"),
    [
        pytest.param({"prompt": Prompt.UNLOCK}, False, id="a prompt"),
        pytest.param({"notice": Notice.TOO_QUICK}, False, id="a notice"),
        pytest.param({"refusal": NO}, False, id="a phone's no"),
        pytest.param({"refusal": refusal(due())}, True, id="a due"),
        pytest.param({"wrong_codes": 1}, True, id="a wrong code"),
        pytest.param({"parked": True}, True, id="parked"),
        pytest.param({"attempts": 1, "retry_at": SOON}, True, id="a failed delivery"),
        pytest.param({"refunds": (refund(),)}, True, id="a refund"),
        pytest.param({"intents": (intent(put_sent=True),)}, True, id="PUT was sent"),
        pytest.param({"state": S.EXPIRED}, True, id="an arrow"),
    ],
)
def test_only_what_the_screen_shows_of_the_field_is_not_written_down(change: dict[str, object], durable: bool) -> None:
    before = sale_in(S.PRESENTED)
    assert durably_different(before, replace(before, **change)) is durable  # type: ignore[arg-type]  # fields by name


# --- every state, every event -----------------------------------------------------------------------------------------

EVENTS: list[Event] = [
    FieldEmpty(at=SOON),
    *[Prompted(at=SOON, prompt=prompt) for prompt in Prompt],
    *[Noticed(at=SOON, notice=notice) for notice in Notice],
    PhoneRefused(at=SOON, refusal=NO),
    ReplyAccepted(at=SOON, authorised=authorised()),
    ReplyAccepted(at=SOON, authorised=authorised(offline_allowed=False)),
    *[PaidByReceipt(at=SOON, intent_id=about, booking=booking()) for about in (ID, OTHER)],
    *[CodeEntered(at=SOON, right=right) for right in (True, False)],
    *[CancelAsked(at=SOON, reason=reason) for reason in CancelReason],
    AgainAsked(at=SOON),
    SignedAgain(at=SOON, fresh=intent(3)),
    ParkAsked(at=SOON),
    *[OfflineAccepted(at=SOON, by_cashier=by) for by in (True, False)],
    *[RefundAsked(at=SOON, refund=refund(9, amount_minor=amount)) for amount in (None, 80, 10**12)],
    *[LifeOver(at=LIFE_OVER, intent_id=about) for about in (ID, OTHER)],
    *[Restarted(at=at) for at in (SOON, LIFE_OVER)],
    SellingStopped(at=SOON),
    *[PutLeaving(at=SOON, intent_id=about) for about in (ID, OTHER)],
    *[UrlKnown(at=SOON, intent_id=about, url=URL, fragment=shown) for about in (ID, OTHER) for shown in (True, False)],
    CancelLeaving(at=SOON),
    ForwardLeaving(at=SOON),
    *[say(call, intent_id=about) for say in (says_approved, says_declined, says_held)
      for call in (None, *BackendCall) for about in (ID, OTHER)],
    says_declined(BackendCall.CANCEL, refusal=refusal(due(DueState.PAID))),
    *[says(status, call, at=at)
      for status in BackendStatus for call in (None, *BackendCall) for at in (SOON, LIFE_OVER + 600)],
    *[NoAnswer(at=SOON, call=call) for call in BackendCall],
    *[CancelAnswered(at=SOON, intent_id=ID, standing=settled) for settled in (None, booking())],
    CancelAnswered(at=SOON, intent_id=ID, standing=booking(), refused=True),
    *[CancelHeld(at=SOON, intent_id=about) for about in (ID, OTHER)],
    Settled(at=SOON, business_date="2027-01-15"),
    *[RefundAnswered(at=SOON, refund_id=refund(n).refund_id, state=state) for n in (1, 4, 9) for state in RefundState],
    *[RefundedElsewhere(at=SOON, intent_id=about, refund_id=refund(n).refund_id, amount_minor=80)
      for n in (1, 8) for about in (ID, OTHER)],
    *[says_due(state, amount, intent_id=about) for state in DueState for amount in (80, 1880) for about in (ID, OTHER)],
]  # fmt: skip

VARIANTS: dict[str, dict[str, Any]] = {
    "online": {},
    "offline": {"intent__online": False},
    "payable elsewhere": {"intent__put_sent": True, "intent__fragment_shown": True},
    "refused by a phone": {"refusal": NO, "prompt": Prompt.UNLOCK, "notice": Notice.TOO_QUICK},
    "parked, five wrong codes": {"parked": True, "wrong_codes": 5},
    "a refund of each kind": {
        "refunds": tuple(refund(n, state=state, amount_minor=1) for n, state in enumerate(RefundState, 1))
    },
    "the whole queued": {"refunds": (refund(1),)},
    "the whole given back": {"refunds": (refund(1, state=RefundState.DONE),)},
    "a part given back, one queued": {
        "refunds": (refund(1, amount_minor=80, state=RefundState.DONE), refund(9, amount_minor=80))
    },
    "asked to pay after all": {"refusal": refusal(due())},
    "paid after all, a part queued back": {
        "refusal": refusal(due(DueState.PAID)),
        "refunds": (refund(9, amount_minor=80),),
    },
    "failing": {"attempts": 9, "retry_at": SOON + 7},
    "approved by code": {"booking": booking(confirmed=False)},
    "cancelled by time": {"cancel": Cancel(reason=CancelReason.UNABLE_TO_COMPLETE, by_time=True)},
    "cancel held": {"cancel": Cancel(reason=CancelReason.MERCHANT, sent=True, held=True)},
    "cancelled for another try": {"cancel": Cancel(reason=CancelReason.MERCHANT, again=True)},
    "cancelled unless paid": {"cancel": Cancel(reason=CancelReason.UNABLE_TO_COMPLETE, unless_paid=True)},
}


def test_the_product_below_leaves_no_event_out() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_every_event_in_every_state_is_taken_without_surprise(take: Take, variant: dict[str, Any]) -> None:
    for sale, event in product([sale_in(state, **variant) for state in S], EVENTS):
        after, effects = take(sale, event)
        if NotNow(sale.state) in effects:
            assert (after, effects) == (sale, (NotNow(sale.state),)), event
        assert [known.refund_id for known in after.refunds[: len(sale.refunds)]] == [r.refund_id for r in sale.refunds]
        assert all(earlier.ended_at is not None for earlier in after.intents[:-1]), event
        if after.state in TAKEN_STATES and sale.state not in TAKEN_STATES:
            assert isinstance(event, _BRINGS_MONEY), event


_BRINGS_MONEY = (Approved, PaidByReceipt, CodeEntered, CancelAnswered)

ARROWS = {
    S.SIGNED: {S.PRESENTED, S.CANCELLED, S.EXPIRED, S.CANCELLING, S.APPROVED, S.PENDING, S.DECLINED},
    S.PRESENTED: {S.AUTHORISED, S.APPROVED, S.PENDING, S.CANCELLED, S.EXPIRED, S.CANCELLING, S.DECLINED},
    S.PENDING: {S.AUTHORISED, S.APPROVED, S.DECLINED, S.PRESENTED, S.CANCELLING, S.CANCELLED, S.EXPIRED},
    S.AUTHORISED: {S.APPROVED, S.DECLINED, S.PENDING, S.UNKNOWN, S.ACCEPTED_OFFLINE},
    S.UNKNOWN: {
        S.APPROVED,
        S.DECLINED,
        S.PENDING,
        S.REVERSED,
        S.EXPIRED,
        S.ACCEPTED_OFFLINE,
        S.CANCELLING,
        S.REVERSING,
    },
    S.ACCEPTED_OFFLINE: {S.FORWARDING, S.APPROVED, S.DECLINED_AT_SYNC},  # the drainer's verdict, sent back meanwhile
    S.FORWARDING: {S.APPROVED, S.DECLINED_AT_SYNC, S.ACCEPTED_OFFLINE},
    S.CANCELLING: {S.CANCELLED, S.EXPIRED, S.APPROVED, S.DECLINED, S.DECLINED_AT_SYNC},
    S.REVERSING: {S.REVERSED, S.APPROVED, S.DECLINED, S.DECLINED_AT_SYNC},
    S.APPROVED: {S.SETTLED, S.PARTLY_REFUNDED, S.REFUNDED, S.REVERSED},
    S.SETTLED: {S.PARTLY_REFUNDED, S.REFUNDED, S.REVERSED},
    S.PARTLY_REFUNDED: {S.APPROVED, S.SETTLED, S.REFUNDED},
    S.REFUNDED: {S.APPROVED, S.SETTLED, S.PARTLY_REFUNDED},
    S.DECLINED: {S.SIGNED},
    S.EXPIRED: {S.SIGNED},
    S.CANCELLED: {S.SIGNED},  # the second half of another try
    S.REVERSED: set(),
    S.DECLINED_AT_SYNC: set(),
}


@pytest.mark.parametrize("state", S)
def test_these_are_all_the_arrows(take: Take, state: SaleState) -> None:
    reached = {
        take(sale_in(state, **{**variant, **settled}), event)[0].state
        for variant, settled, event in product(VARIANTS.values(), _SETTLED[state], EVENTS)
    }
    assert reached - {state} == ARROWS[state]


_SETTLED: defaultdict[SaleState, list[dict[str, Any]]] = defaultdict(
    lambda: [{}], {state: [{}, {"settled_on": "2027-01-15"}] for state in (S.PARTLY_REFUNDED, S.REFUNDED)}
)
