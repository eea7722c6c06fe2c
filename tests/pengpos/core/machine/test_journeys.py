# SPDX-License-Identifier: Apache-2.0
"""No order of taps, answers, losses, restarts and second thoughts charges twice, loses money or leaves a sale hanging.

Hypothesis plays the counter, the phones, the network and a small runtime (what is journalled survives a restart, what
waits does not) against `backend_model`. Each rule is one thing that may happen; after each the invariants must hold.
"""

from dataclasses import replace
from enum import Enum, auto
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pengpos.core.effects import (
    AlarmKind,
)
from pengpos.core.events import (
    AgainAsked,
    BackendStatus,
    CancelAsked,
    CodeEntered,
    FieldEmpty,
    LifeOver,
    OfflineAccepted,
    ParkAsked,
    PhoneRefused,
    PutLeaving,
    RefundAsked,
    ReplyAccepted,
    Settled,
    UrlKnown,
)
from pengpos.core.machine import durably_different
from pengpos.core.machine.states import OPEN_STATES, TAKEN_STATES
from pengpos.core.reasons import Reason
from pengpos.core.sale import CancelReason, Intent, RefundState, Refusal, SaleState
from tests.pengpos.core.machine.backend_model import CLAIMED, CREATED, Decision, Record
from tests.pengpos.core.machine.small_runtime import Fate, SmallRuntime
from workshop.samples.sales import AMOUNT_MINOR, authorised, refund, sale_in

S = SaleState
MAY_WANT_TO_BE_SEEN = {S.SIGNED, S.PRESENTED, S.CANCELLING, S.CANCELLED, S.DECLINED}
AT_THE_READER = {S.SIGNED, S.PRESENTED, S.PENDING, S.AUTHORISED}
NOTHING_TAKEN = set(S) - OPEN_STATES - TAKEN_STATES
NEEDS = {
    S.PENDING: {"ask"},
    S.AUTHORISED: {"pay"},
    S.UNKNOWN: {"ask"},
    S.ACCEPTED_OFFLINE: {"forward"},
    S.FORWARDING: {"batch", "ask"},
    S.CANCELLING: {"cancel", "cancel sent"},
    S.REVERSING: {"cancel", "cancel sent"},
}
"""What the runtime must have before it, so that an open sale moves on; an armed one moves when its life is over."""


class Seen(Enum):
    """Who has seen the first intent by tag or QR."""

    NOWHERE = auto()
    REGISTERED = auto()
    BY_FRAGMENT = auto()
    """Somebody has `#P` in the phone and will pay some time."""
    PAID_ELSEWHERE = auto()
    """Somebody has paid with `#P`, and we have not heard."""


DECISIONS = st.sampled_from(Decision)
FATES = st.sampled_from(Fate)


class Journeys(SmallRuntime, RuleBasedStateMachine):
    """One sale with all that can befall it."""

    @initialize(online=st.booleans(), taps=st.integers(0, 3), seen=st.sampled_from(Seen), knows=st.booleans())
    def start(self, online: bool, taps: int, seen: Seen, knows: bool) -> None:
        """Anything from the first moment to a payment in doubt, so that the search spends its steps on trouble."""
        self.backend.knows_unless_paid = knows
        self.sale = self.journal = sale_in(S.SIGNED, intent__online=online)
        if taps > 0:
            self.field_empty()
        if seen is Seen.REGISTERED:
            self.take(PutLeaving(at=self.now, intent_id=self.sale.intent.intent_id))
            self.backend.put(self.sale.intent)
        elif seen is not Seen.NOWHERE:
            self.take(UrlKnown(at=self.now, intent_id=self.sale.intent.intent_id, url="/t#P", fragment=True))
            pay = partial(self.backend.pay_by_page, self.sale.intent, AMOUNT_MINOR, decision=Decision.APPROVED)
            if seen is Seen.PAID_ELSEWHERE:
                pay(now=self.now)
            else:
                self.network.append(lambda now: pay(now=now))
        if taps > 1:
            self.tap(AMOUNT_MINOR, offline=True)
        if taps > 2 and online:
            self.run_errand("pay", Fate.SLOW, Decision.APPROVED, keep=True)

    # --- the field ----------------------------------------------------------------------------------------------------

    @rule()
    @precondition(lambda self: self.sale.state is S.SIGNED)
    def field_empty(self) -> None:
        self.take(FieldEmpty(at=self.now))

    @rule(total_minor=st.sampled_from([AMOUNT_MINOR, AMOUNT_MINOR - 500, AMOUNT_MINOR + 88]), offline=st.booleans())
    @precondition(lambda self: self.sale.wants_taps)
    def tap(self, total_minor: int, offline: bool) -> None:
        yes = authorised(total_minor=total_minor, offline_allowed=offline, authorised_at=self.now)
        self.take(ReplyAccepted(at=self.now, authorised=yes))

    @rule()
    @precondition(lambda self: self.sale.wants_taps)
    def phone_says_no(self) -> None:
        self.take(PhoneRefused(at=self.now, refusal=Refusal(reason=Reason.DECLINED_BY_SHOPPER)))

    # --- tag and QR ---------------------------------------------------------------------------------------------------

    @rule(data=st.data(), fate=FATES)
    @precondition(lambda self: self.sale.state in MAY_WANT_TO_BE_SEEN)
    def register(self, data: st.DataObject, fate: Fate) -> None:
        """`PUT` for an intent of this sale, also for one that is over by the time the request is ready."""
        chosen = data.draw(st.sampled_from(self.sale.intents))
        if self.take(PutLeaving(at=self.now, intent_id=chosen.intent_id)):
            if fate is Fate.SLOW:
                self.network.append(lambda _: self.backend.put(chosen))
            elif fate is not Fate.LOST:
                self.backend.put(chosen)
            if fate is Fate.ANSWERED:
                self.take(UrlKnown(at=self.now, intent_id=chosen.intent_id, url="/t/ID"))

    @rule(data=st.data(), decision=DECISIONS, keeps=st.booleans())
    @precondition(lambda self: self.sale.state in MAY_WANT_TO_BE_SEEN)
    def show_fragment(self, data: st.DataObject, decision: Decision, keeps: bool) -> None:
        """`#P` on the screen; who has seen it may pay with it much later."""
        chosen = data.draw(st.sampled_from(self.sale.intents))
        if self.take(UrlKnown(at=self.now, intent_id=chosen.intent_id, url="/t#P", fragment=True)) and keeps:
            self.network.append(lambda now: self.backend.pay_by_page(chosen, AMOUNT_MINOR, now, decision))

    def records(self, *statuses: BackendStatus | Decision) -> list[Record]:
        return [record for record in self.backend.records.values() if record.status in statuses]

    @rule(decision=DECISIONS)
    @precondition(lambda self: self.records(CREATED, CLAIMED))
    def paid_by_page(self, decision: Decision) -> None:
        self.backend.pay_by_page(self.records(CREATED, CLAIMED)[-1].intent, AMOUNT_MINOR, self.now, decision)

    @rule()
    @precondition(lambda self: self.records(CREATED))
    def claimed(self) -> None:
        self.backend.claim(self.records(CREATED)[-1], self.now)

    @rule()
    @precondition(lambda self: self.records(CLAIMED))
    def released(self) -> None:
        self.backend.release(self.records(CLAIMED)[-1])

    # --- the counter --------------------------------------------------------------------------------------------------

    @rule()
    @precondition(lambda self: self.sale.state in {S.SIGNED, S.PRESENTED, S.PENDING, S.UNKNOWN})
    def cancel(self) -> None:
        self.take(CancelAsked(at=self.now, reason=CancelReason.CUSTOMER))

    @rule()
    @precondition(lambda self: self.sale.refusal is not None or self.sale.state in {S.DECLINED, S.EXPIRED})
    def again(self) -> None:
        self.take(AgainAsked(at=self.now))

    @rule()
    @precondition(lambda self: self.sale.state is S.PENDING)
    def park(self) -> None:
        self.take(ParkAsked(at=self.now))

    @rule()
    @precondition(lambda self: self.sale.state in {S.AUTHORISED, S.UNKNOWN})
    def accept_offline(self) -> None:
        self.take(OfflineAccepted(at=self.now, by_cashier=True))

    @rule(honest=st.sampled_from([True, True, False]))
    @precondition(lambda self: self.sale.state in {S.PRESENTED, S.PENDING, S.CANCELLING})
    def code(self, honest: bool) -> None:
        """The right code exists once the backend has taken the money, and stays on the phone if it is given back."""
        record = self.backend.records.get(self.sale.intent.intent_id)
        self.take(CodeEntered(at=self.now, right=honest and record is not None and record.ever_booked))

    @rule(amount_minor=st.sampled_from([None, 80, 1500]))
    @precondition(lambda self: self.sale.state in TAKEN_STATES | {S.ACCEPTED_OFFLINE, S.FORWARDING})
    def give_back(self, amount_minor: int | None) -> None:
        self.refunds += 1
        self.take(RefundAsked(at=self.now, refund=refund(self.refunds, amount_minor=amount_minor)))

    # --- time, restarts, network, backend -----------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 20, 130, 400, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    @precondition(lambda self: self.sale.state in {S.SIGNED, S.PRESENTED} and self.now >= self.sale.intent.expires_at)
    def life_over(self) -> None:
        self.take(LifeOver(at=self.now, intent_id=self.sale.intent.intent_id))

    @rule()
    def restart(self) -> None:
        self.come_back()

    @rule(data=st.data(), fate=FATES, decision=DECISIONS, keep=st.booleans())
    @precondition(lambda self: self.waiting)
    def call(self, data: st.DataObject, fate: Fate, decision: Decision, keep: bool) -> None:
        self.run_errand(data.draw(st.sampled_from(sorted(self.waiting))), fate, decision, keep)

    @rule(data=st.data())
    @precondition(lambda self: self.network)
    def something_slow_arrives(self, data: st.DataObject) -> None:
        self.network.pop(data.draw(st.integers(0, len(self.network) - 1)))(self.now)

    @rule(data=st.data())
    @precondition(lambda self: self.backend.told)
    def told(self, data: st.DataObject) -> None:
        """Any event of the backend, however old, however often."""
        self.take(replace(data.draw(st.sampled_from(self.backend.told)), at=self.now))

    @rule(decision=st.sampled_from([Decision.APPROVED, Decision.DECLINED]))
    @precondition(lambda self: self.records(Decision.HELD))
    def review_ends(self, decision: Decision) -> None:
        self.backend.resolve(self.records(Decision.HELD)[0], decision)

    @rule()
    @precondition(lambda self: any(record.refunds for record in self.backend.records.values()))
    def refund_comes_back(self) -> None:
        record = next(record for record in self.backend.records.values() if record.refunds)
        self.backend.fail_refund(record, next(iter(record.refunds)))

    @rule()
    @precondition(lambda self: self.sale.state in TAKEN_STATES)
    def settled(self) -> None:
        self.take(Settled(at=self.now, business_date="2027-01-15"))

    # --- what always holds --------------------------------------------------------------------------------------------

    def money_minor(self, of: Intent) -> int:
        record = self.backend.records.get(of.intent_id)
        return record.money_minor if record is not None else 0

    @invariant()
    def approved_is_booked_and_not_given_back_behind_us(self) -> None:
        if self.sale.state in TAKEN_STATES:
            assert self.backend.records[self.sale.intent.intent_id].ever_booked
            assert self.sale.refunds or self.money_minor(self.sale.intent) > 0

    @invariant()
    def where_nothing_was_taken_the_backend_holds_nothing(self) -> None:
        if self.sale.state in NOTHING_TAKEN:
            assert self.money_minor(self.sale.intent) == 0

    @invariant()
    def an_earlier_intent_is_over_and_holds_nothing(self) -> None:
        for earlier in self.sale.intents[:-1]:
            assert earlier.ended_at is not None
            assert self.money_minor(earlier) == 0

    @invariant()
    def nobody_paid_after_a_cancel(self) -> None:
        """Where no money hangs on it, only a replayed event of a payment given back since may say so."""
        if AlarmKind.PAID_AFTER_CANCEL in self.alarms:
            assert any(record.ever_booked for record in self.backend.records.values())

    @invariant()
    def what_is_paid_is_given_back_only_by_a_person(self) -> None:
        """By time, or with a claim that is given back, the backend undoes nothing that it has booked."""
        record, cancel = self.backend.records.get(self.sale.intent.intent_id), self.sale.cancel
        if record is not None and cancel is not None and not cancel.by_cashier and self.backend.knows_unless_paid:
            assert not record.ever_booked or record.status is not BackendStatus.CANCELLED

    @invariant()
    def no_id_and_no_counter_comes_twice(self) -> None:
        counters = [known.counter for known in self.sale.intents]
        assert counters == sorted(set(counters))
        assert len({known.intent_id for known in self.sale.intents}) == len(counters)

    @invariant()
    def only_what_the_screen_shows_of_the_field_is_not_journalled(self) -> None:
        assert not durably_different(self.journal, self.sale)

    @invariant()
    def no_phone_is_offered_what_is_parked_or_over(self) -> None:
        assert not self.armed or (self.sale.state in AT_THE_READER and not self.sale.parked)

    @invariant()
    def an_open_sale_moves_on(self) -> None:
        if self.sale.state in {S.SIGNED, S.PRESENTED} or self.sale.claimed:
            assert self.armed
        if self.sale.state in {S.SIGNED, S.PRESENTED}:
            assert not self.sale.intent.payable_elsewhere or "ask" in self.waiting
        elif self.sale.state in NEEDS:
            assert NEEDS[self.sale.state] & self.waiting.keys()

    @invariant()
    def what_is_owed_after_approval_is_under_way(self) -> None:
        if self.sale.state in TAKEN_STATES:
            assert self.sale.booking is not None
            assert self.sale.booking.confirmed or "ask" in self.waiting
            for known in self.sale.refunds:
                assert known.state is not RefundState.QUEUED or f"refund {known.refund_id}" in self.waiting

    # --- and in the end -----------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """With a link that holds and a backend that answers, every sale comes to an end, and its refunds too."""
        told = 0
        for _ in range(12):
            self.now += 1000
            while self.network:
                self.network.pop()(self.now)
            for record in self.records(Decision.HELD):
                self.backend.resolve(record, Decision.APPROVED)
            if self.sale.state in {S.SIGNED, S.PRESENTED}:
                self.take(LifeOver(at=self.now, intent_id=self.sale.intent.intent_id))
            news, told = self.backend.told[told:], len(self.backend.told)
            for event in news:
                self.take(replace(event, at=self.now))
            for name in sorted(self.waiting):
                if name in self.waiting:
                    self.run_errand(name, Fate.ANSWERED, Decision.APPROVED, keep=False)
        assert self.sale.state not in OPEN_STATES
        self.check_the_end()

    def check_the_end(self) -> None:
        self.approved_is_booked_and_not_given_back_behind_us()
        self.where_nothing_was_taken_the_backend_holds_nothing()
        self.an_earlier_intent_is_over_and_holds_nothing()
        if self.sale.state not in TAKEN_STATES:
            return
        assert self.sale.booking is not None
        assert self.sale.booking.confirmed
        assert not [known for known in self.sale.refunds if known.state in {RefundState.QUEUED, RefundState.SENT}]
        total_minor = self.sale.booking.total_minor
        given = [known for known in self.sale.refunds if known.state is RefundState.DONE]
        given_minor = sum(total_minor if known.amount_minor is None else known.amount_minor for known in given)
        assert self.money_minor(self.sale.intent) == total_minor - given_minor


TestJourneys = Journeys.TestCase
TestJourneys.settings = settings(
    max_examples=250, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
