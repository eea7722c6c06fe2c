# SPDX-License-Identifier: Apache-2.0
"""Judges who did it, who bears it and who noticed: the rules of a verdict that are about more than one sale's money.

Disobeyed: begun or accepted offline although the terminal had shown that it must not sell, or beyond the policy that it
had shown. Given back: by time or by nobody. Unnoticed: given back elsewhere, and neither the sale nor an alarm says so.
Owed: a promise that was not kept, or a loss borne by who should not. Unbalanced: the ledger does not add up.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeVar

from tests.faults.evidence import ENDS, STORED, Evidence, Rule

T = TypeVar("T")
BEGINNING = frozenset({"signed", "presented", "accepted_offline"})
UNFORESEEABLE = frozenset({
    "insufficient_funds", "offline_frozen", "counter_reused", "credential_blocked", "credential_unknown", "declined",
    "call_issuer", "soft_decline", "review_refused", "review_lapsed",
})  # fmt: skip
"""What no terminal can know; the platform bears it (backend API, *Verdicts*). Said here once more, by another hand."""
NEVER_OF_AN_HONEST_PHONE = frozenset({"insufficient_funds", "offline_frozen", "counter_reused"})
TRIED_AT_SYNC = 23
"""The ending of an amount of which the sandbox says that there was no money for it, whatever there is."""


def a_terminal_that_must_not_sell_begins_nothing(evidence: Evidence) -> Iterator[str]:
    """From the moment at which it shows that it is locked or revoked, nothing is armed nor accepted offline.

    A card that was put back shows again what had ended, and what a death kept from being sent waits again: neither is a
    beginning.
    """
    state: dict[str, str] = {}
    for position, sale in enumerate(evidence.witness.seen):
        before, state[sale.id] = state.get(sale.id), sale.state
        was_there = before in ENDS | {sale.state} or {before, sale.state} <= STORED
        standing, is_step = _in_force(evidence.witness.standings, position, "active"), not was_there
        if standing != "active" and sale.state in BEGINNING and is_step:
            yield f"disobeyed: {standing}, and sale {sale.id} went from {before} to {sale.state}"


def the_operators_word_counts(evidence: Evidence) -> Iterator[str]:
    """The last one is obeyed when all is quiet, and what was shown is forgotten over no death but by an older card."""
    if evidence.witness.restored:
        return
    standings = [standing for _, standing in evidence.witness.standings]
    changes = list(pairwise(standings))
    if any(before == "revoked" for before, _ in changes):
        yield f"disobeyed: revoked, and then {standings}"
    last = evidence.witness.last_status
    if evidence.witness.ordered and last and last.terminal and last.terminal.standing != evidence.witness.ordered:
        yield f"disobeyed: {evidence.witness.ordered} was ordered, and it is {last.terminal.standing} when all is quiet"
    if sum(after == "active" for _, after in changes) > evidence.witness.unlocks:
        yield f"disobeyed: unlocked {evidence.witness.unlocks} times, and shown as {standings}"


def nothing_is_stored_beyond_the_policy(evidence: Evidence) -> Iterator[str]:
    """No payment is accepted offline over the cap that the terminal had shown."""
    state: dict[str, str] = {}
    for position, sale in enumerate(evidence.witness.seen):
        before, state[sale.id] = state.get(sale.id), sale.state
        cap = _in_force(evidence.witness.caps, position, sale.total)
        if sale.state == "accepted_offline" != before and before not in ENDS and sale.total > cap:
            yield f"disobeyed: sale {sale.id} of {sale.total} accepted offline, the cap is {cap}"


def a_payment_is_given_back_by_a_person_only(evidence: Evidence) -> Iterator[str]:
    """Who holds a receipt keeps what was paid for: time undoes nothing."""
    witness = evidence.witness
    persons = witness.given_up | set(witness.refunds.values()) | set(witness.elsewhere.values())
    for sale in witness.final:
        for intent in sale.intents:
            entry = evidence.booked(intent.intent_id)
            if (entry.reversed or entry.refunded) and sale.id not in persons:
                yield f"given back: sale {sale.id}, {entry.reversed + entry.refunded}, and nobody wanted that"


def what_went_back_elsewhere_is_noticed(evidence: Evidence) -> Iterator[str]:
    """Money that a copy of the key gave back is gone from the sale, and an alarm has said so.

    Of a cancel that was told while the terminal was dead the day's close says it: a difference in that sale.
    """
    final = {sale.id: sale for sale in evidence.witness.final}
    for what, sale_id in evidence.witness.elsewhere.items():
        sale = final.get(sale_id)
        if sale is None or (what in evidence.books and sale.number in evidence.witness.differences):
            continue
        refunded = any(refund.refund_id == what for refund in sale.refunds)
        if not refunded and sale.state != "reversed":
            yield f"unnoticed: sale {sale_id} is {sale.state}, and was given back elsewhere"
        kind = "refunded_elsewhere" if refunded else "cancelled_elsewhere"
        if (kind, sale_id) not in evidence.witness.alarms:
            yield f"unnoticed: no alarm {kind} about sale {sale_id}"


def promises_are_kept(evidence: Evidence) -> Iterator[str]:
    """An honest phone never promises what is not set aside; and what it promised is paid."""
    for kid in evidence.witness.beyond:
        yield f"owed: more was promised with key {kid} than is set aside for it"
    for sale in evidence.witness.seen:
        if sale.state in STORED and sale.total % 100 != TRIED_AT_SYNC:
            refused = evidence.booked(sale.intents[-1].intent_id).refused
            for code in NEVER_OF_AN_HONEST_PHONE & refused.keys():
                yield f"owed: sale {sale.id}, whose promise was not kept: {code}"


def what_nobody_could_foresee_is_the_platforms(evidence: Evidence) -> Iterator[str]:
    """Within its policy a terminal accepts offline at no risk of its merchant."""
    for entry in evidence.books.values():
        for code in UNFORESEEABLE & entry.refused.keys():
            promised, borne = entry.refused[code]
            if borne != promised:
                yield f"owed: intent {entry.intent_id}, {code}: the platform bears {borne} of {promised}"


def the_ledger_adds_up(evidence: Evidence) -> Iterator[str]:
    """To zero: whatever was taken, set aside, given back or guaranteed."""
    if not evidence.balanced:
        yield "unbalanced: the ledger"


RULES: tuple[Rule, ...] = (
    a_terminal_that_must_not_sell_begins_nothing, the_operators_word_counts,
    nothing_is_stored_beyond_the_policy, a_payment_is_given_back_by_a_person_only, what_went_back_elsewhere_is_noticed,
    promises_are_kept, what_nobody_could_foresee_is_the_platforms, the_ledger_adds_up,
)  # fmt: skip


def _in_force(shown: list[tuple[int, T]], position: int, before: T) -> T:
    """The last that was shown before so many views of sales; `before`: where nothing had been."""
    return next((value for seen, value in reversed(shown) if seen <= position), before)
