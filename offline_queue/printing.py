# SPDX-License-Identifier: Apache-2.0
"""How `pengpos queue` writes sales down: tables for people, JSON for programs.

Tests: tests/offline_queue/test_cli.py.
"""

from typing import Any

import click

from offline_queue import words
from offline_queue.records.facts import SaleFacts
from pengpos.console import language, padded, width
from pengpos.core.money import Money
from pengpos.core.sale import Sale
from pengpos.core.times import rfc3339

_NAMES = (words.SALE_ID, words.REFERENCE, words.INTENT, words.TAP, words.DUE, words.REFUND)


def brief(sale: Sale) -> dict[str, Any]:
    """A sale as one line of JSON."""
    return {
        "id": str(sale.sale_id),
        "number": sale.number,
        "state": sale.state.value,
        "total": sale.total.minor,
        "currency": sale.amount.currency,
        "created_at": rfc3339(sale.created_at),
        "attempts": sale.attempts,
        "retry_at": None if sale.retry_at is None else rfc3339(sale.retry_at),
    }


def whole(sale: Sale) -> dict[str, Any]:
    """A sale with its intents, refunds and history, as JSON."""
    return brief(sale) | {
        "amount": sale.amount.minor,
        "reference": sale.reference,
        "unsent": SaleFacts.of(sale).unsent,
        "due": {"state": due.state.value, "amount": due.amount_minor} if (due := sale.due) is not None else None,
        "turnaround_ms": sale.authorised.turnaround_ms if sale.authorised else None,
        "intents": [
            {"intent_id": str(intent.intent_id), "epoch": intent.epoch, "counter": intent.counter}
            for intent in sale.intents
        ],
        "refunds": [
            {"refund_id": str(refund.refund_id), "amount": refund.amount_minor, "state": refund.state.value}
            for refund in sale.refunds
        ],
        "history": [{"state": step.state.value, "at": rfc3339(step.at), "why": step.why} for step in sale.history],
    }


def print_sale(sale: Sale) -> None:
    """The same for people."""
    spoken = language()
    lines = [(words.SALE_ID, str(sale.sale_id))]
    if sale.reference is not None:
        lines.append((words.REFERENCE, sale.reference))
    for intent in sale.intents:
        numbers = words.EPOCH_COUNTER.in_language(spoken, epoch=intent.epoch, counter=intent.counter)
        lines.append((words.INTENT, f"{intent.intent_id}  {numbers}"))
    if sale.authorised is not None and sale.authorised.turnaround_ms is not None:
        lines.append((words.TAP, words.TURNAROUND.in_language(spoken, ms=sale.authorised.turnaround_ms)))
    if (due := sale.due) is not None:
        state = words.DUE_STATES[due.state].in_language(spoken)
        lines.append((words.DUE, f"{Money(due.amount_minor, sale.amount.currency)}  {state}"))
    for refund in sale.refunds:
        minor, state = refund.amount_minor, words.REFUND_STATES[refund.state].in_language(spoken)
        amount = words.REFUND_ALL.in_language(spoken) if minor is None else str(Money(minor, sale.amount.currency))
        lines.append((words.REFUND, f"{refund.refund_id}  {amount}  {state}"))
    click.echo(f"{sale.number}  {sale.total}  {words.STATES[sale.state].in_language(spoken)}")
    columns = max(width(name.in_language(spoken)) for name in _NAMES)
    for name, text in lines:
        click.echo(f"  {padded(name.in_language(spoken), columns)}  {text}")
    columns = max(width(state.in_language(spoken)) for state in words.STATES.values())
    for step in sale.history:
        state = words.STATES[step.state].in_language(spoken)
        click.echo(f"  {rfc3339(step.at)}  {padded(state, columns)}  {step.why}")


def age(seconds: int) -> str:
    """Whole days, hours and minutes."""
    days, rest = divmod(max(seconds, 0), 86_400)
    hours, rest = divmod(rest, 3_600)
    if days:
        return words.DAYS.in_language(language(), days=days, hours=hours)
    return words.HOURS.in_language(language(), hours=hours, minutes=rest // 60)
