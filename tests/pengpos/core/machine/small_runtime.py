# SPDX-License-Identifier: Apache-2.0
"""A runtime as small as its duties (`pengpos.core.effects`): journal, then carry out; a restart forgets what waits."""

from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from uuid import UUID

from pengpos.core.effects import (
    AlarmKind,
    Arm,
    AskBackend,
    Disarm,
    Effect,
    EmptyFieldFirst,
    Forward,
    NotNow,
    RaiseAlarm,
    SendCancel,
    SendPayment,
    SendRefund,
    SignAgain,
    Then,
)
from pengpos.core.events import (
    Approved,
    BackendCall,
    BackendStatus,
    CancelLeaving,
    Event,
    ForwardLeaving,
    NoAnswer,
    Restarted,
    SignedAgain,
    StatusHeard,
)
from pengpos.core.machine import durably_different, step
from pengpos.core.machine.states import UNDOING_STATES
from pengpos.core.sale import RefundState, Sale, SaleState
from tests.pengpos.core.machine.backend_model import (
    CLAIMED,
    CREATED,
    LATE_S,
    BackendModel,
    Decision,
    Request,
    answer_to,
)
from workshop.samples.sales import NOON, intent

S = SaleState


class Fate(Enum):
    """What becomes of a request."""

    ANSWERED = auto()
    LOST = auto()
    UNHEARD = auto()
    """It arrived; its answer did not."""
    SLOW = auto()
    """It will arrive, after we have stopped waiting."""


class SmallRuntime:
    """One sale, what waits to be done for it, and a network that delivers, loses and delays."""

    sale: Sale
    journal: Sale
    """The sale as last written down: what a restart finds."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.backend = BackendModel()
        self.network: list[Callable[[int], object]] = []
        self.waiting: dict[str, Effect] = {}
        self.alarms: list[AlarmKind] = []
        self.armed = True
        self.refunds = 0

    def take(self, event: Event) -> bool:
        """One commit: the step and those that go with it, then their effects. False: `NotNow`."""
        effects: list[Effect] = []
        events = [event]
        while events:
            after, follow = step(self.sale, events.pop(0))
            if durably_different(self.sale, after):
                self.journal = after
            self.sale = after
            events += [effect.event for effect in follow if isinstance(effect, Then)]
            effects += follow
        for effect in effects:
            self.carry_out(effect)
        return not any(isinstance(effect, NotNow) for effect in effects)

    def come_back(self) -> None:
        """Restart: what was journalled is there, nothing waits, no reader is armed; requests in the network live on."""
        self.sale = self.journal
        self.waiting.clear()
        self.armed = False
        self.take(Restarted(at=self.now))

    def carry_out(self, effect: Effect) -> None:
        match effect:
            case Arm() | Disarm():
                self.armed = isinstance(effect, Arm)
            case RaiseAlarm(kind=kind):
                self.alarms.append(kind)
            case SendRefund(refund_id=refund_id):
                self.waiting[f"refund {refund_id}"] = effect
            case Then() | NotNow() | EmptyFieldFirst():
                pass
            case _:
                self.waiting[_NAMES[type(effect)]] = effect

    def run_errand(self, name: str, fate: Fate, decision: Decision, keep: bool) -> None:
        effect = self.waiting.pop(name)
        sale, newest = self.sale, self.sale.intent
        match name:
            case "sign":
                fresh = intent(newest.counter + 1, issued_at=self.now, online=keep)
                self.take(SignedAgain(at=self.now, fresh=fresh))
            case "ask":
                self.ask(fate, decision)
            case "pay":
                self.send(BackendCall.PAYMENT, fate, self.payment(sale, decision, offline=False))
            case "cancel":
                if self.asked_first(fate) and self.take(CancelLeaving(at=self.now)):
                    self.waiting["cancel sent"] = effect
            case "cancel sent":
                unless_paid = sale.cancel is not None and sale.cancel.unless_paid
                cancel = partial(self.backend.cancel, newest, keep=keep, unless_paid=unless_paid)
                self.send(BackendCall.CANCEL, fate, lambda _: cancel())
            case "forward":
                if "batch" in self.waiting:
                    self.waiting[name] = effect  # one batch at a time; the drainer looks again after it
                elif self.take(ForwardLeaving(at=self.now)):
                    self.waiting["batch"] = effect
            case "batch":
                self.send(BackendCall.FORWARD, fate, self.payment(sale, decision, offline=True))
            case _:
                assert isinstance(effect, SendRefund)
                self.send_refund(effect.refund_id, fate, decision)

    def asked_first(self, fate: Fate) -> bool:
        """What is given up before money is asked about; True: nothing is in the way of the cancel."""
        cancel = self.sale.cancel
        if cancel is None or not cancel.unless_paid or cancel.sent:
            return True
        if fate is not Fate.ANSWERED:
            self.take(NoAnswer(at=self.now, call=BackendCall.CANCEL))
            return False
        answer = self.backend.ask(self.sale.intent, self.now)
        if isinstance(answer, Approved):
            self.take(answer_to(BackendCall.QUESTION, answer, self.now))
        return self.sale.state in UNDOING_STATES

    def ask(self, fate: Fate, decision: Decision) -> None:
        """A GET changes nothing, so it is answered or not; and in `unknown`, while it lives, the same body again."""
        if fate is not Fate.ANSWERED:
            self.take(NoAnswer(at=self.now, call=BackendCall.QUESTION))
            return
        sale, answer = self.sale, self.backend.ask(self.sale.intent, self.now)
        alive = self.now <= sale.intent.expires_at + LATE_S
        unpaid = isinstance(answer, StatusHeard) and answer.status in {CREATED, CLAIMED, BackendStatus.NOT_FOUND}
        if sale.state is S.UNKNOWN and unpaid and alive:
            self.send(BackendCall.PAYMENT, fate, self.payment(sale, decision, offline=False))
        else:
            self.take(answer_to(BackendCall.QUESTION, answer, self.now))

    def payment(self, sale: Sale, decision: Decision, *, offline: bool) -> Request:
        assert sale.authorised is not None
        total_minor = sale.authorised.total_minor
        return lambda now: self.backend.pay(sale.intent, total_minor, now, decision, offline=offline)

    def send_refund(self, refund_id: UUID, fate: Fate, decision: Decision) -> None:
        (known,) = (known for known in self.sale.refunds if known.refund_id == refund_id)
        states = {Decision.APPROVED: RefundState.DONE, Decision.DECLINED: RefundState.FAILED}
        state, intent_id = states.get(decision, RefundState.SENT), self.sale.intent.intent_id
        self.send(
            BackendCall.REFUND, fate, lambda _: self.backend.refund(intent_id, refund_id, known.amount_minor, state)
        )

    def send(self, call: BackendCall, fate: Fate, request: Request) -> None:
        answer = request(self.now) if fate in {Fate.ANSWERED, Fate.UNHEARD} else None
        if fate is Fate.SLOW:
            self.network.append(request)
        if answer is None or fate is not Fate.ANSWERED:
            self.take(NoAnswer(at=self.now, call=call))
        else:
            self.take(answer_to(call, answer, self.now))


_NAMES: dict[type[Effect], str] = {
    SendPayment: "pay",
    AskBackend: "ask",
    SendCancel: "cancel",
    Forward: "forward",
    SignAgain: "sign",
}
