# SPDX-License-Identifier: Apache-2.0
"""AA: a bill in shares that add up. It only groups: each share is a sale and an intent (purpose 2) of its own."""

from sqlalchemy.orm import Session

from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.contract.problems import conflict, invalid
from sandbox.backend.offers import bill
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import SplitRow


def split(session: Session, terminal_id: str, request: shapes.SplitRequest) -> shapes.Split:
    """Divide a total evenly, the first takes the remainder, or as the cashier says; the same again is the same.

    Raises ProblemError `409 conflict` for the same id with another content, 422 for shares that do not add up.
    """
    currency = request.currency or bill.merchant_of(session, terminal_id).currency
    content = {
        "terminal_id": terminal_id, "total_minor": request.total, "currency": currency,
        "shares_minor": _amounts(request.total, request.shares),
    }  # fmt: skip
    insert_if_new(session, SplitRow, id=request.split_id, **content)
    row = session.get_one(SplitRow, request.split_id)
    if {name: getattr(row, name) for name in content} != content:
        raise conflict("this split id came before with another content")
    return shapes.Split(split_id=row.id, total=row.total_minor, currency=row.currency, shares=row.shares_minor)


def _amounts(total: int, shares: int | list[int]) -> list[int]:
    if isinstance(shares, int):
        even, remainder = divmod(total, shares)
        amounts = [even + remainder, *[even] * (shares - 1)]
    else:
        amounts = shares
    if sum(amounts) != total or min(amounts) <= 0:
        raise invalid("the shares must be above zero and add up to the total", code="wrong_shares")
    return amounts
