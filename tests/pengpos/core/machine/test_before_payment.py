# SPDX-License-Identifier: Apache-2.0
"""The rows `signed`, `presented` and `pending` of the state table (local API), and what a restart makes of them."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from pengpos.core.effects import (
    AlarmKind,
    Arm,
    AskBackend,
    Disarm,
    Effect,
    EmptyFieldFirst,
    NotNow,
    RaiseAlarm,
    SendCancel,
    SendPayment,
    SignAgain,
    Then,
)
from pengpos.core.events import (
    AgainAsked,
    BackendCall,
    BackendStatus,
    CancelAsked,
    CodeEntered,
    Event,
    FieldEmpty,
    LifeOver,
    NoAnswer,
    Noticed,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    PhoneRefused,
    Prompted,
    ReplyAccepted,
    Restarted,
)
from pengpos.core.machine import Outcome, backoff_s
from pengpos.core.reasons import Reason
from pengpos.core.sale import Cancel, CancelReason, Notice, Prompt, Refusal, Sale, SaleState
from workshop.samples.sales import (
    HEARD_AT,
    LIFE_OVER,
    NOON,
    authorised,
    booking,
    intent,
    sale_in,
    says,
    says_approved,
    says_declined,
    says_held,
)

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S = SaleState
ID = intent().intent_id
NO = Refusal(reason=Reason.DECLINED_BY_SHOPPER)
ELSEWHERE = [
    pytest.param({"intent__put_sent": True}, id="PUT was sent"),
    pytest.param({"intent__fragment_shown": True}, id="#P was shown"),
]


def arrow(name: str, sale: Sale, event: Event, state: SaleState, *effects: Effect) -> object:
    """One arrow of the table; with the state before it, `name` reads like the row."""
    return pytest.param(sale, event, state, effects, id=f"{sale.state} + {name}")


SIGNED = sale_in(S.SIGNED)
PRESENTED = sale_in(S.PRESENTED)
SEEN = sale_in(S.PRESENTED, intent__put_sent=True)
PENDING = sale_in(S.PENDING, intent__put_sent=True)
SHOWN_BY_CODE = {"intent__fragment_shown": True}
PARKED = sale_in(S.PENDING, intent__put_sent=True, parked=True)
QUESTION = BackendCall.QUESTION
WATCHED = AskBackend(HEARD_AT + 8)
CANCEL = CancelAsked(at=NOON + 5, reason=CancelReason.CUSTOMER)
TIME = LifeOver(at=LIFE_OVER, intent_id=ID)
RECEIPT = PaidByReceipt(at=HEARD_AT, intent_id=ID, booking=booking())
SOON = NOON + 30
LATE = LIFE_OVER + 30
RINGS = RaiseAlarm(AlarmKind.CANCELLED_ELSEWHERE)
YES = ReplyAccepted(at=NOON + 2, authorised=authorised())
RIGHT_CODE = CodeEntered(at=HEARD_AT, right=True)


@pytest.mark.parametrize(
    ("sale", "event", "state", "effects"),
    [
        arrow("field seen empty → presented", SIGNED, FieldEmpty(at=NOON), S.PRESENTED),
        arrow("cashier → cancelled", SIGNED, CANCEL, S.CANCELLED, Disarm()),
        arrow("time → expired", SIGNED, TIME, S.EXPIRED, Disarm()),
        arrow("restart, alive → armed again", SIGNED, Restarted(at=SOON), S.SIGNED, Arm()),
        arrow("restart, out of time → expired", SIGNED, Restarted(at=LIFE_OVER), S.EXPIRED, Disarm()),
        arrow("paid by QR before the field was empty → approved", SIGNED, RECEIPT, S.APPROVED, Disarm()),
        arrow("backend: approved → approved", SIGNED, says_approved(), S.APPROVED, Disarm()),
        arrow("a phone claims → pending", SIGNED, says(BackendStatus.CLAIMED), S.PENDING, AskBackend(HEARD_AT + 5)),
        arrow("reply passes, online → authorised", PRESENTED, YES, S.AUTHORISED, SendPayment()),
        arrow(
            "reply passes, offline → authorised, then accepted by the policy",
            sale_in(S.PRESENTED, intent__online=False),
            YES,
            S.AUTHORISED,
            Then(OfflineAccepted(at=NOON + 2, by_cashier=False)),
        ),
        arrow("issuer's receipt → approved", PRESENTED, RECEIPT, S.APPROVED, Disarm()),
        arrow("backend: approved → approved", PRESENTED, says_approved(), S.APPROVED, Disarm()),
        arrow(
            "right code → approved, to be confirmed",
            sale_in(S.PRESENTED, **SHOWN_BY_CODE),
            RIGHT_CODE,
            S.APPROVED,
            Disarm(),
            AskBackend(),
        ),
        arrow(
            "a phone claims → pending",
            PRESENTED,
            says(BackendStatus.CLAIMED),
            S.PENDING,
            AskBackend(HEARD_AT + 5),
        ),
        arrow("held → pending", PRESENTED, says_held(), S.PENDING, Disarm(), AskBackend(HEARD_AT + 5)),
        arrow("backend: declined → declined", PRESENTED, says_declined(), S.DECLINED, Disarm()),
        arrow(
            "backend: cancelled → cancelled",
            PRESENTED,
            says(BackendStatus.CANCELLED),
            S.CANCELLED,
            Disarm(),
            RINGS,
        ),
        arrow("backend: expired → expired", PRESENTED, says(BackendStatus.EXPIRED), S.EXPIRED, Disarm()),
        arrow("backend: created → stays", PRESENTED, says(BackendStatus.CREATED), S.PRESENTED),
        arrow("backend: 404 → stays", PRESENTED, says(BackendStatus.NOT_FOUND), S.PRESENTED),
        arrow("nothing paid → asked again", SEEN, says(BackendStatus.CREATED, QUESTION), S.PRESENTED, WATCHED),
        arrow("not there yet → asked again", SEEN, says(BackendStatus.NOT_FOUND, QUESTION), S.PRESENTED, WATCHED),
        arrow("no answer → asked again", SEEN, NoAnswer(at=HEARD_AT, call=QUESTION), S.PRESENTED, WATCHED),
        arrow("never shown → not asked", PRESENTED, says(BackendStatus.CREATED, QUESTION), S.PRESENTED),
        arrow("an event's word → no second question", SEEN, says(BackendStatus.CREATED), S.PRESENTED),
        arrow("cashier → cancelled", PRESENTED, CANCEL, S.CANCELLED, Disarm()),
        arrow("time → expired", PRESENTED, TIME, S.EXPIRED, Disarm()),
        arrow("restart, alive → armed again", PRESENTED, Restarted(at=SOON), S.PRESENTED, Arm()),
        arrow("restart, out of time → expired", PRESENTED, Restarted(at=LIFE_OVER), S.EXPIRED, Disarm()),
        arrow("paid → approved", PENDING, says_approved(), S.APPROVED, Disarm()),
        arrow("issuer's receipt → approved", PENDING, RECEIPT, S.APPROVED, Disarm()),
        arrow(
            "right code → approved, to be confirmed",
            sale_in(S.PENDING, **SHOWN_BY_CODE),
            RIGHT_CODE,
            S.APPROVED,
            Disarm(),
            AskBackend(),
        ),
        arrow("refused → declined", PENDING, says_declined(), S.DECLINED, Disarm()),
        arrow("parked, paid → approved", PARKED, says_approved(), S.APPROVED),
        arrow("parked, refused → declined", PARKED, says_declined(), S.DECLINED),
        arrow("a phone at the reader → authorised", PENDING, YES, S.AUTHORISED, SendPayment()),
        arrow("a phone says no → stays", PENDING, PhoneRefused(at=SOON, refusal=NO), S.PENDING, EmptyFieldFirst()),
        arrow("released → presented", PENDING, says(BackendStatus.CREATED), S.PRESENTED, WATCHED),
        arrow("lapsed, 404 → presented", PENDING, says(BackendStatus.NOT_FOUND), S.PRESENTED, WATCHED),
        arrow(
            "released, out of time → cancelling",
            PENDING,
            says(BackendStatus.CREATED, at=LATE),
            S.CANCELLING,
            Disarm(),
            SendCancel(),
        ),
        arrow(
            "claimed a claim's time after its own → stays",
            PENDING,
            says(BackendStatus.CLAIMED, at=LIFE_OVER + 60),
            S.PENDING,
            AskBackend(LIFE_OVER + 65),
        ),
        arrow(
            "claimed anew after that → cancelling",
            PENDING,
            says(BackendStatus.CLAIMED, at=LIFE_OVER + 61),
            S.CANCELLING,
            Disarm(),
            SendCancel(),
        ),
        arrow(
            "released, parked → cancelling",
            PARKED,
            says(BackendStatus.CREATED),
            S.CANCELLING,
            SendCancel(),
        ),
        arrow(
            "still claimed → asked again",
            PENDING,
            says(BackendStatus.CLAIMED),
            S.PENDING,
            AskBackend(HEARD_AT + 5),
        ),
        arrow("held → stays, asked again", PENDING, says_held(), S.PENDING, Disarm(), AskBackend(HEARD_AT + 5)),
        arrow("still held → asked again", PARKED, says_held(), S.PENDING, AskBackend(HEARD_AT + 5)),
        arrow("backend: cancelled → cancelled", PENDING, says(BackendStatus.CANCELLED), S.CANCELLED, Disarm(), RINGS),
        arrow("backend: expired → expired", PENDING, says(BackendStatus.EXPIRED), S.EXPIRED, Disarm()),
        arrow("cashier → cancelling", PENDING, CANCEL, S.CANCELLING, Disarm(), SendCancel()),
        arrow("parked, cashier → cancelling", PARKED, CANCEL, S.CANCELLING, SendCancel()),
        arrow("time → stays, the claim decides", PENDING, TIME, S.PENDING),
        arrow("cashier parks → stays", PENDING, ParkAsked(at=SOON), S.PENDING, Disarm()),
        arrow("restart → armed again, asked", PENDING, Restarted(at=SOON), S.PENDING, Arm(), AskBackend()),
        arrow("parked, restart → asked", PARKED, Restarted(at=SOON), S.PENDING, AskBackend()),
        arrow(
            "restart during back-off → asked when it is over",
            sale_in(S.PENDING, attempts=3, retry_at=SOON + 8, parked=True),
            Restarted(at=SOON),
            S.PENDING,
            AskBackend(SOON + 8),
        ),
        arrow(
            "link lost → stays, asked with back-off",
            PENDING,
            NoAnswer(at=SOON, call=BackendCall.QUESTION),
            S.PENDING,
            AskBackend(SOON + backoff_s(1, PENDING.sale_id)),
        ),
        arrow("the payment's silence → stays", PENDING, NoAnswer(at=SOON, call=BackendCall.PAYMENT), S.PENDING),
        arrow("parked, a reply → dropped", PARKED, YES, S.PENDING),
        arrow("a second reader's reply → dropped", SIGNED, YES, S.SIGNED),
    ],
)
def test_arrow(take: Take, sale: Sale, event: Event, state: SaleState, effects: tuple[Effect, ...]) -> None:
    after, follows = take(sale, event)
    assert (after.state, follows) == (state, effects)


@pytest.mark.parametrize("reached", ELSEWHERE)
@pytest.mark.parametrize("state", [S.SIGNED, S.PRESENTED])
@pytest.mark.parametrize(
    ("event", "by_time"),
    [
        pytest.param(CANCEL, False, id="cashier"),
        pytest.param(TIME, True, id="time"),
        pytest.param(Restarted(at=LIFE_OVER), True, id="restart, out of time"),
    ],
)
def test_what_could_be_paid_elsewhere_ends_through_the_backend(
    take: Take, reached: dict[str, bool], state: SaleState, event: Event, by_time: bool
) -> None:
    after, effects = take(sale_in(state, **reached), event)
    assert (after.state, effects) == (S.CANCELLING, (Disarm(), SendCancel()))
    assert after.cancel is not None
    assert (after.cancel.by_time, after.cancel.by_cashier, after.cancel.sent) == (by_time, not by_time, False)
    assert after.cancel.unless_paid  # given up before money: what is found paid stands


@pytest.mark.parametrize("reached", ELSEWHERE)
def test_after_a_restart_the_backend_is_asked_what_tag_and_qr_have_brought(
    take: Take, reached: dict[str, bool]
) -> None:
    said = sale_in(S.PRESENTED, **reached, prompt=Prompt.UNLOCK, notice=Notice.TOO_QUICK, refusal=NO)
    after, effects = take(said, Restarted(at=SOON))
    assert effects == (Arm(), AskBackend())
    assert (after.prompt, after.notice, after.refusal) == (None, None, None)


@pytest.mark.parametrize(
    ("released_at", "by_time"),
    [pytest.param(SOON, False, id="in time"), pytest.param(LIFE_OVER, True, id="out of time")],
)
def test_a_parked_sale_given_back_ends_by_time_only_if_it_is(take: Take, released_at: int, by_time: bool) -> None:
    after, _ = take(sale_in(S.PENDING, parked=True), says(BackendStatus.CREATED, at=released_at))
    assert after.cancel == Cancel(reason=CancelReason.UNABLE_TO_COMPLETE, by_time=by_time, unless_paid=True)


@pytest.mark.parametrize("state", [S.SIGNED, S.PRESENTED, S.PENDING])
def test_held_parks_the_sale_by_itself(take: Take, state: SaleState) -> None:
    after, _ = take(sale_in(state), says_held())
    assert after.parked


def test_an_answer_ends_the_back_off(take: Take) -> None:
    failing = sale_in(S.PENDING, attempts=9, retry_at=SOON)
    for answer in (says_held(BackendCall.QUESTION), says(BackendStatus.CLAIMED, BackendCall.QUESTION)):
        after, _ = take(failing, answer)
        assert (after.attempts, after.retry_at) == (0, None)


def test_the_authorisation_is_kept_as_it_came(take: Take) -> None:
    after, _ = take(PRESENTED, YES)
    assert after.authorised == YES.authorised


def test_a_wallet_that_forbids_offline_is_refused_and_another_may_pay(take: Take) -> None:
    reply = ReplyAccepted(at=NOON + 2, authorised=authorised(offline_allowed=False))
    after, effects = take(sale_in(S.PRESENTED, intent__online=False), reply)
    assert (after.state, effects) == (S.PRESENTED, (EmptyFieldFirst(),))
    assert after.refusal == Refusal(reason=Reason.OFFLINE_NOT_POSSIBLE)
    assert after.authorised is None


# --- in the field -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "shown", "effects"),
    [
        pytest.param(
            PhoneRefused(at=SOON, refusal=NO),
            (None, None, NO),
            (EmptyFieldFirst(),),
            id="no: field empty first",
        ),
        pytest.param(Prompted(at=SOON, prompt=Prompt.CONFIRM), (Prompt.CONFIRM, None, None), (), id="asks"),
        pytest.param(Noticed(at=SOON, notice=Notice.TOO_QUICK), (None, Notice.TOO_QUICK, None), (), id="torn tap"),
        pytest.param(
            Noticed(at=SOON, notice=Notice.NOT_A_WALLET, refusal=NO),
            (None, Notice.NOT_A_WALLET, NO),
            (),
            id="card",
        ),
    ],
)
def test_presented_stays_and_says_the_newest_thing_only(
    take: Take, event: Event, shown: tuple[object, ...], effects: tuple[Effect, ...]
) -> None:
    before = sale_in(S.PRESENTED, prompt=Prompt.UNLOCK, notice=Notice.TOO_QUICK, refusal=NO)
    after, follows = take(before, event)
    assert after.state is S.PRESENTED
    assert (after.prompt, after.notice, after.refusal) == shown
    assert follows == effects


@pytest.mark.parametrize("prompt", [Prompt.REMOVE_PHONE, Prompt.TWO_PHONES])
def test_what_is_asked_of_a_phone_in_the_field_goes_with_it_and_leaves_the_reason(take: Take, prompt: Prompt) -> None:
    refused = sale_in(S.PRESENTED, refusal=NO)
    asked, _ = take(refused, Prompted(at=SOON, prompt=prompt))
    assert (asked.prompt, asked.refusal) == (prompt, NO)
    gone, _ = take(asked, FieldEmpty(at=SOON))
    assert (gone.prompt, gone.refusal) == (None, NO)


@pytest.mark.parametrize("prompt", [Prompt.UNLOCK, Prompt.CONFIRM, Prompt.CHOOSE, Prompt.LOOK_AT_PHONE])
def test_what_is_asked_of_the_shopper_stays_while_the_phone_is_away(take: Take, prompt: Prompt) -> None:
    after, _ = take(sale_in(S.PRESENTED, prompt=prompt), FieldEmpty(at=SOON))
    assert after.prompt is prompt


def test_a_phone_that_lies_there_before_the_sale_is_armed_is_asked_away(take: Take) -> None:
    asked, effects = take(SIGNED, Prompted(at=SOON, prompt=Prompt.REMOVE_PHONE))
    assert (asked.state, asked.prompt, effects) == (S.SIGNED, Prompt.REMOVE_PHONE, ())
    armed, _ = take(asked, FieldEmpty(at=SOON))
    assert (armed.state, armed.prompt) == (S.PRESENTED, None)


# --- again ------------------------------------------------------------------------------------------------------------


def test_again_from_presented_first_ends_the_intent_then_signs(take: Take) -> None:
    after, effects = take(sale_in(S.PRESENTED, refusal=NO), AgainAsked(at=SOON))
    assert (after.state, effects) == (S.CANCELLED, (Disarm(), SignAgain()))
    assert (after.intent.end, after.intent.ended_at) == (S.CANCELLED, SOON)


@pytest.mark.parametrize("reached", ELSEWHERE)
def test_again_from_presented_goes_through_the_backend(take: Take, reached: dict[str, bool]) -> None:
    after, effects = take(sale_in(S.PRESENTED, refusal=NO, **reached), AgainAsked(at=SOON))
    assert (after.state, effects) == (S.CANCELLING, (Disarm(), SendCancel()))
    assert after.cancel == Cancel(reason=CancelReason.MERCHANT, again=True, by_cashier=True, unless_paid=True)
    assert after.intent.ended_at is None


# --- commands that do not fit -----------------------------------------------------------------------------------------

AGAIN = AgainAsked(at=SOON)
PARK = ParkAsked(at=SOON)
ACCEPT = OfflineAccepted(at=SOON, by_cashier=True)


@pytest.mark.parametrize(
    ("sale", "command"),
    [
        pytest.param(SIGNED, AGAIN, id="signed: again"),
        pytest.param(SIGNED, PARK, id="signed: park"),
        pytest.param(SIGNED, ACCEPT, id="signed: accept-offline"),
        pytest.param(SIGNED, RIGHT_CODE, id="signed: code"),
        pytest.param(PRESENTED, AGAIN, id="presented without a reason: again"),
        pytest.param(sale_in(S.PRESENTED, prompt=Prompt.UNLOCK), AGAIN, id="presented, only asked to unlock: again"),
        pytest.param(sale_in(S.PRESENTED, notice=Notice.TOO_QUICK), AGAIN, id="presented, torn tap: again"),
        pytest.param(PRESENTED, PARK, id="presented: park"),
        pytest.param(PRESENTED, ACCEPT, id="presented: accept-offline"),
        pytest.param(PENDING, AGAIN, id="pending: again"),
        pytest.param(PENDING, ACCEPT, id="pending: accept-offline"),
    ],
)
def test_not_now(take: Take, sale: Sale, command: Event) -> None:
    assert take(sale, command) == (sale, (NotNow(sale.state),))
