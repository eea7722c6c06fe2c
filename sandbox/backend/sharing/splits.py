# SPDX-License-Identifier: Apache-2.0
"""Splits a bill (AA) into shares that add up. It only groups: each share is an intent (purpose 2) of its own."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.errors import ConflictError, InvalidRequestError
from sandbox.backend.kernel.alarms import raise_collision
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import SplitRow
from sandbox.backend.terminals.merchants import merchant_of


def split(
    session: Session,
    terminal_id: str,
    split_id: str,
    *,
    total_minor: int,
    currency: str | None,
    shares: int | list[int],
    now: int,
) -> SplitRow:
    """Divide a total evenly, the first takes the remainder, or as the cashier says; the same again is the same.

    `shares`: how many, or what each is. Raises ConflictError for the same id with another content, InvalidRequestError
    `wrong_shares` for shares that do not add up.
    """
    content = {
        "total_minor": total_minor,
        "currency": currency or merchant_of(session, terminal_id).currency,
        "shares_minor": _amounts(total_minor, shares),
    }
    if insert_if_new(session, SplitRow, id=split_id, terminal_id=terminal_id, **content):
        others = select(SplitRow.terminal_id).where(SplitRow.id == split_id, SplitRow.terminal_id != terminal_id)
        first = session.scalars(others.limit(1)).first()
        if first is not None:
            raise_collision(session, "split", split_id, first=first, second=terminal_id, at=now)
    row = session.get_one(SplitRow, (split_id, terminal_id))
    if {name: getattr(row, name) for name in content} != content:
        raise ConflictError("this split id came before with another content")
    return row


def _amounts(total_minor: int, shares: int | list[int]) -> list[int]:
    if isinstance(shares, int):
        even, remainder = divmod(total_minor, shares)
        amounts = [even + remainder, *[even] * (shares - 1)]
    else:
        amounts = shares
    if sum(amounts) != total_minor or min(amounts) <= 0:
        raise InvalidRequestError("the shares must be above zero and add up to the total", code="wrong_shares")
    return amounts
