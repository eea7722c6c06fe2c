# SPDX-License-Identifier: Apache-2.0
"""How `pengpos queue` writes sales down: tables for people, JSON for programs.

Tests: tests/offline_queue/test_cli.py.
"""

from collections.abc import Iterable
from typing import Any

import click

from offline_queue.records.facts import SaleFacts
from pengpos.core.money import Money
from pengpos.core.sale import Sale
from pengpos.core.times import rfc3339


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
    click.echo(f"{sale.number}  {sale.total}  {sale.state.value}")
    click.echo(f"  id         {sale.sale_id}")
    if sale.reference is not None:
        click.echo(f"  reference  {sale.reference}")
    for intent in sale.intents:
        click.echo(f"  intent     {intent.intent_id}  epoch {intent.epoch}  counter {intent.counter}")
    if sale.authorised is not None and sale.authorised.turnaround_ms is not None:
        click.echo(f"  tap        {sale.authorised.turnaround_ms} ms a command")
    if (due := sale.due) is not None:
        click.echo(f"  due        {Money(due.amount_minor, sale.amount.currency)}  {due.state.value}")
    for refund in sale.refunds:
        amount = "all" if refund.amount_minor is None else str(Money(refund.amount_minor, sale.amount.currency))
        click.echo(f"  refund     {refund.refund_id}  {amount}  {refund.state.value}")
    for step in sale.history:
        click.echo(f"  {rfc3339(step.at)}  {step.state.value:17} {step.why}")


def print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def age(seconds: int) -> str:
    """Whole days, hours and minutes."""
    days, rest = divmod(max(seconds, 0), 86_400)
    hours, rest = divmod(rest, 3_600)
    return f"{days} d {hours} h" if days else f"{hours} h {rest // 60} min"
