# SPDX-License-Identifier: Apache-2.0
"""A payment backend as small as its rules (backend API, "Exactly once", "Judged as of its time", "Cancel").

It books an intent at most once. What it says comes as events without a time: whoever delivers them sets `at`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from uuid import UUID

from pengpos.core.events import (
    Approved,
    BackendCall,
    BackendStatus,
    CancelAnswered,
    Declined,
    Event,
    Held,
    RefundAnswered,
    StatusHeard,
)
from pengpos.core.reasons import Reason
from pengpos.core.sale import Booking, Intent, RefundState, Refusal

LATE_S = 300  # after an intent's expiry, what was not accepted offline is refused
CLAIM_S = 60

CREATED, CLAIMED = BackendStatus.CREATED, BackendStatus.CLAIMED
CANCELLED, EXPIRED = BackendStatus.CANCELLED, BackendStatus.EXPIRED


class Decision(Enum):
    """What becomes of an intent that is paid."""

    APPROVED = auto()
    DECLINED = auto()
    HELD = auto()


@dataclass
class Record:
    """All the backend knows of one intent. `money_minor`: what it holds of it for the merchant now."""

    intent: Intent
    status: BackendStatus | Decision = CREATED
    claimed_at: int = 0
    total_minor: int = 0
    captured_minor: int = 0
    money_minor: int = 0
    judged_offline: bool = False
    cancel_answer: CancelAnswered | None = None
    refunds: dict[UUID, tuple[RefundState, int]] = field(default_factory=dict)

    @property
    def ever_booked(self) -> bool:
        """True once money was taken, given back since or not."""
        return self.captured_minor > 0


class BackendModel:
    """The backend. `told` is its event stream: everything it has ever said by itself."""

    def __init__(self) -> None:
        self.records: dict[UUID, Record] = {}
        self.told: list[Event] = []
        self.knows_unless_paid = True
        """False: it is of version 1.1, and passes the field over."""

    # --- the terminal's calls -----------------------------------------------------------------------------------------

    def put(self, intent: Intent) -> Record:
        """`PUT /intents/{id}`."""
        if intent.intent_id not in self.records:
            self.records[intent.intent_id] = Record(intent)
        return self.records[intent.intent_id]

    def ask(self, intent: Intent, now: int) -> Event:
        """`GET /intents/{id}`."""
        record = self.records.get(intent.intent_id)
        if record is None:
            return StatusHeard(at=now, intent_id=intent.intent_id, call=None, status=BackendStatus.NOT_FOUND)
        self._let_time_pass(record, now)
        return self._word(record)

    def pay(self, intent: Intent, total_minor: int, now: int, decision: Decision, *, offline: bool) -> Event:
        """`POST /payments`, alone or in a batch. A second payer hears of the payment that stands."""
        record = self.put(intent)
        self._let_time_pass(record, now)
        once_more = offline and not record.judged_offline and record.status in {Decision.DECLINED, EXPIRED}
        if record.status in {CREATED, CLAIMED} and not offline and now > intent.expires_at + LATE_S:
            self._turn(record, EXPIRED)
        elif record.status in {CREATED, CLAIMED} or once_more:
            record.judged_offline = offline
            self._decide(record, total_minor, decision)
        word = self._word(record)
        if isinstance(word, StatusHeard):
            refusal = Refusal(reason=Reason.EXPIRED)
            return Declined(at=now, intent_id=intent.intent_id, call=None, refusal=refusal)
        return word

    def cancel(self, intent: Intent, *, keep: bool, unless_paid: bool) -> CancelAnswered:
        """`POST /intents/{id}/cancel`; `keep`: a payment already booked stands, and a refund is for the terminal.

        So it does with `unless_paid`, which is no ending: a later cancel may still give it back.
        """
        record = self.put(intent)
        if unless_paid and self.knows_unless_paid and record.status is Decision.APPROVED:
            return CancelAnswered(at=0, intent_id=intent.intent_id, standing=_booking(record))
        if record.cancel_answer is None:
            answer = CancelAnswered(at=0, intent_id=intent.intent_id)
            if record.status is Decision.APPROVED and keep:
                answer = replace(answer, standing=_booking(record))
            elif record.status not in {Decision.DECLINED, EXPIRED}:
                record.money_minor = 0
                self._turn(record, CANCELLED)
            record.cancel_answer = answer
        return record.cancel_answer

    def refund(self, intent_id: UUID, refund_id: UUID, amount_minor: int | None, answer: RefundState) -> Event | None:
        """`POST /payments/{id}/refunds`; None: `404 payment_unknown`. `SENT`: it is done later, told by an event."""
        record = self.records.get(intent_id)
        if record is None or record.status is not Decision.APPROVED:
            return None
        if refund_id not in record.refunds:
            amount_minor = record.money_minor if amount_minor is None else amount_minor
            assert 0 < amount_minor <= record.money_minor, "more refunded than was captured"
            record.refunds[refund_id] = (answer, amount_minor)
            if answer is not RefundState.FAILED:
                record.money_minor -= amount_minor
            if answer is RefundState.SENT:
                self.told.append(RefundAnswered(at=0, refund_id=refund_id, state=RefundState.DONE))
        return RefundAnswered(at=0, refund_id=refund_id, state=record.refunds[refund_id][0])

    # --- the shopper's calls ------------------------------------------------------------------------------------------

    def claim(self, record: Record, now: int) -> None:
        """A phone is paying by the page."""
        record.claimed_at = now
        self._turn(record, CLAIMED)

    def release(self, record: Record) -> None:
        """It has thought better of it."""
        self._turn(record, CREATED)

    def pay_by_page(self, intent: Intent, amount_minor: int, now: int, decision: Decision) -> None:
        """A phone pays by the page, with the registered intent or with `#P`."""
        record = self.put(intent)
        self._let_time_pass(record, now)
        if record.status in {CREATED, CLAIMED} and now <= intent.expires_at + LATE_S:
            self._decide(record, amount_minor, decision)

    # --- its own doing ------------------------------------------------------------------------------------------------

    def resolve(self, record: Record, decision: Decision) -> None:
        """A review ends."""
        assert record.status is Decision.HELD
        self._decide(record, record.total_minor, decision)

    def fail_refund(self, record: Record, refund_id: UUID) -> None:
        """A refund that was done comes back."""
        state, amount_minor = record.refunds[refund_id]
        if state is not RefundState.FAILED:
            record.money_minor += amount_minor
            record.refunds[refund_id] = (RefundState.FAILED, amount_minor)
            self.told.append(RefundAnswered(at=0, refund_id=refund_id, state=RefundState.FAILED))

    def _let_time_pass(self, record: Record, now: int) -> None:
        if record.status is CLAIMED and now >= record.claimed_at + CLAIM_S:
            self._turn(record, CREATED)
        if record.status is CREATED and now > record.intent.expires_at + LATE_S:
            self._turn(record, EXPIRED)

    def _decide(self, record: Record, total_minor: int, decision: Decision) -> None:
        record.total_minor = total_minor
        if decision is Decision.APPROVED:
            assert not record.ever_booked, "booked twice"
            record.captured_minor = record.money_minor = total_minor
        self._turn(record, decision)

    def _turn(self, record: Record, status: BackendStatus | Decision) -> None:
        record.status = status
        self.told.append(self._word(record))

    def _word(self, record: Record) -> Event:
        intent_id = record.intent.intent_id
        match record.status:
            case Decision.APPROVED:
                return Approved(at=0, intent_id=intent_id, call=None, booking=_booking(record))
            case Decision.DECLINED:
                refusal = Refusal(reason=Reason.DECLINED_BY_BACKEND)
                return Declined(at=0, intent_id=intent_id, call=None, refusal=refusal)
            case Decision.HELD:
                return Held(at=0, intent_id=intent_id, call=None)
            case BackendStatus() as status:
                return StatusHeard(at=0, intent_id=intent_id, call=None, status=status)


def _booking(record: Record) -> Booking:
    return Booking(total_minor=record.captured_minor, booked_at=0, by=None, receipt=b"receipt")


Request = Callable[[int], Event | None]
"""A request as the network carries it: what the backend answers when it arrives at that time."""


def answer_to(call: BackendCall, event: Event, now: int) -> Event:
    """The backend's word as the answer to what was asked."""
    if isinstance(event, Approved | Declined | Held | StatusHeard):
        event = replace(event, call=call)
    return replace(event, at=now)
