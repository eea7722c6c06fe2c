# SPDX-License-Identifier: Apache-2.0
"""Judges a play by three that the terminal cannot talk into anything: the books, the wallets, and who saw its screen.

Lost: a payment that was shown as taken or stored, and that the books never got. Doubled: an intent booked twice, a sale
or a refund paid twice, a payment on its way twice at once. Shown wrongly: approved without a booking; declined,
cancelled, expired or reversed while the books hold the money; a refund that is none. Unfinished: still open when all
was quiet.
"""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from pengpos.client import IntentView, SaleView
from pengpos.wire.objects.receipt import Outcome
from tests.faults import authority
from tests.faults.books import Entry
from tests.faults.evidence import ENDS, NOT_TAKEN, STORED, TAKEN, Evidence, Rule


def judge(evidence: Evidence) -> list[str]:
    """Everything that is wrong, each beginning with the kind of wrong it is; empty: nothing."""
    return sorted({wrong for rule in RULES for wrong in rule(evidence)})


def nothing_doubled(evidence: Evidence) -> Iterator[str]:
    """An intent is booked once, a sale paid by one of its intents, a till's key stands for one sale."""
    for entry in evidence.books.values():
        if entry.bookings > 1:
            yield f"doubled: intent {entry.intent_id} was booked {entry.bookings} times"
    for sale_id, intents in _intents_by_sale(evidence).items():
        paid = [intent_id for intent_id in intents if evidence.booked(intent_id).taken > 0]
        if len(paid) > 1:
            yield f"doubled: sale {sale_id} was paid by {len(paid)} intents"
    for key, sales in _sales_by_key(evidence).items():
        if len(sales) > 1:
            yield f"doubled: the till's key {key} made {len(sales)} sales"
    for intent_id in evidence.overlaps:
        yield f"doubled: payment {intent_id} was on its way twice at once"


def refunds_are_what_was_ordered(evidence: Evidence) -> Iterator[str]:
    """Each acknowledged refund is done once, and nothing else is given back but by a copy or what a cancel found paid.

    A card that was put back does not know of those that were ordered since.
    """
    ordered = Counter(evidence.witness.refunds.values())
    for sale in evidence.witness.final:
        done = [
            refund_id
            for intent in sale.intents
            for refund_id, (state, _) in evidence.booked(intent.intent_id).refunds.items()
            if state == "done"
        ]
        shown = [refund for refund in sale.refunds if refund.state == "done"]
        if {refund.refund_id for refund in shown} != set(done) and not evidence.witness.restored:
            yield f"shown wrongly: sale {sale.id} shows {len(shown)} refunds, the books have {len(done)}"
        alive = [refund for refund in sale.refunds if refund.state not in {"void", "failed"}]
        by_cancel = sum(refund.reason == "cancelled by the merchant" for refund in sale.refunds)
        by_a_copy = Counter(evidence.witness.elsewhere.values())[sale.id]
        if max(len(alive), len(done)) > ordered[sale.id] + by_cancel + by_a_copy:
            yield f"doubled: sale {sale.id} has more refunds than were ordered"
        if len(sale.refunds) < ordered[sale.id] and not evidence.witness.restored:
            yield f"lost: a refund of sale {sale.id} that was acknowledged"


def nothing_shown_wrongly(evidence: Evidence) -> Iterator[str]:
    """Every view that was ever shown agrees with the books as they are in the end."""
    for sale in evidence.witness.views:
        for intent in sale.intents:
            yield from _wrong_about(sale, intent, evidence.booked(intent.intent_id))


def _wrong_about(sale: SaleView, intent: IntentView, entry: Entry) -> Iterator[str]:
    newest = intent.intent_id == sale.intents[-1].intent_id
    state = sale.state if newest and sale.state in ENDS else intent.state
    if state in TAKEN and entry.captured == 0:
        yield f"shown wrongly: sale {sale.id} {state}, the books have no payment of it ({entry.status})"
    if state in TAKEN and newest and entry.captured not in {0, sale.total}:
        yield f"shown wrongly: sale {sale.id} with {sale.total} taken, the books have {entry.captured}"
    if state in NOT_TAKEN and entry.kept > 0:
        yield f"shown wrongly: sale {sale.id} {state}, and the books hold {entry.kept}"


def a_due_is_as_the_books_have_it(evidence: Evidence) -> Iterator[str]:
    """Nobody is shown as having paid, or as excused, who has not and is not: both are for good."""
    for sale in evidence.witness.views:
        due = None if sale.reason is None else sale.reason.due
        entry = evidence.booked(sale.intents[-1].intent_id)
        if due is not None and due.state in {"paid", "withdrawn"} and due.state != entry.due:
            yield f"shown wrongly: the due of sale {sale.id} {due.state}, the books have it {entry.due}"


def nothing_lost(evidence: Evidence) -> Iterator[str]:
    """What was shown as stored reaches the books, or is shown and alarmed as declined at sync; no sale disappears.

    From a card that was put back sales do disappear, or are young again: what was shown of them before counts as well.
    """
    final = {sale.id: sale for sale in evidence.witness.final}
    declined = _shown_as_declined_at_sync(evidence)
    status = evidence.witness.last_status
    alarmed = {alarm.sale_id for alarm in status.alarms if alarm.kind == "declined_at_sync"} if status else set()
    for sale in evidence.witness.seen:
        if sale.id not in final and not evidence.witness.restored:
            yield f"lost: sale {sale.id}, shown as {sale.state}"
        if sale.state not in STORED or evidence.booked(sale.intents[-1].intent_id).captured:
            continue
        if sale.id not in declined:
            yield f"lost: sale {sale.id} was {sale.state}, the books have nothing of it"
        elif sale.id in final and sale.id not in alarmed and not evidence.witness.restored:
            yield f"lost: the alarm about sale {sale.id}, declined at sync"


def nothing_unfinished(evidence: Evidence) -> Iterator[str]:
    """When all is quiet, every sale is over; only a restored card's cancel may wait for a person at the backend."""
    for sale in evidence.witness.final:
        waits = evidence.witness.restored and evidence.booked(sale.intents[-1].intent_id).cancel_waits
        if sale.state not in ENDS and not (sale.state == "cancelling" and waits):
            yield f"unfinished: sale {sale.id} is {sale.state}"
        for refund in sale.refunds:
            if refund.state not in {"done", "failed", "void"}:
                yield f"unfinished: a refund of sale {sale.id} is {refund.state}"
    status = evidence.witness.last_status
    if status is not None and status.queue.count:
        yield f"unfinished: {status.queue.count} wait in the queue"


def every_booking_is_shown(evidence: Evidence) -> Iterator[str]:
    """Whatever the books hold of this terminal, somebody saw it as taken or stored."""
    known = {
        intent.intent_id for sale in evidence.witness.views if sale.state in TAKEN | STORED for intent in sale.intents
    }
    for entry in evidence.books.values():
        if entry.kept > 0 and entry.intent_id not in known:
            yield f"shown wrongly: the books hold {entry.kept} for intent {entry.intent_id}, which nobody saw as taken"


def nothing_is_unsaid(evidence: Evidence) -> Iterator[str]:
    """Once shown as taken always taken, unless a copy gave it back; once shown as stored never less than that."""
    if evidence.witness.restored:
        return
    by_a_copy = set(evidence.witness.elsewhere.values())
    reached: dict[str, frozenset[str]] = {}
    for sale in evidence.witness.views:
        allowed = reached.get(sale.id)
        if allowed is not None and sale.state not in allowed and sale.id not in by_a_copy:
            yield f"shown wrongly: sale {sale.id} was shown better, and then as {sale.state}"
        if sale.state in TAKEN:
            reached[sale.id] = TAKEN
        elif sale.state in STORED:
            reached[sale.id] = TAKEN | STORED | {"declined_at_sync"}


def wallets_agree(evidence: Evidence) -> Iterator[str]:
    """Nothing is booked that no wallet signed, nor more than it signed; what a phone was told came true."""
    signed = {UUID(bytes=one.intent_id): one for phone in evidence.phones for one in phone.store.history(10_000)}
    for entry in evidence.books.values():
        promise = signed.get(UUID(entry.intent_id))
        if entry.captured and promise is None and entry.intent_id not in evidence.witness.paid_by_page:
            yield f"shown wrongly: intent {entry.intent_id} was booked, and no wallet signed it"
        elif promise is not None and entry.captured > promise.total_minor:
            yield f"doubled: intent {entry.intent_id} took {entry.captured} of {promise.total_minor} signed"
    final = {intent.intent_id: sale for sale in evidence.witness.final for intent in sale.intents}
    declined = _shown_as_declined_at_sync(evidence)
    for intent_id, promise in signed.items():
        sale = final.get(str(intent_id))
        taken = evidence.booked(str(intent_id)).captured > 0
        if sale is None or taken:
            continue
        if promise.outcome is Outcome.APPROVED:
            yield f"shown wrongly: a phone holds a receipt of {intent_id}, the books have nothing"
        if promise.outcome is Outcome.ACCEPTED_OFFLINE and sale.id not in declined:
            yield f"lost: a phone was told that {intent_id} is stored"


RULES: tuple[Rule, ...] = (
    nothing_doubled, refunds_are_what_was_ordered, nothing_shown_wrongly, a_due_is_as_the_books_have_it, nothing_lost,
    nothing_unfinished, every_booking_is_shown, nothing_is_unsaid, wallets_agree, *authority.RULES,
)  # fmt: skip


def _shown_as_declined_at_sync(evidence: Evidence) -> set[str]:
    """Sales whose last word is that: of all they were shown as, where the card was put back."""
    if evidence.witness.restored:
        return {sale.id for sale in evidence.witness.views if sale.state == "declined_at_sync"}
    last = {sale.id: sale.state for sale in evidence.witness.views}
    return {sale_id for sale_id, state in last.items() if state == "declined_at_sync"}


def _intents_by_sale(evidence: Evidence) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for sale in evidence.witness.views:
        found.setdefault(sale.id, set()).update(intent.intent_id for intent in sale.intents)
    return found


def _sales_by_key(evidence: Evidence) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {key: set(sales) for key, sales in evidence.witness.made.items()}
    for sale in evidence.witness.final:
        if sale.reference is not None:
            found.setdefault(sale.reference, set()).add(sale.id)
    return found
