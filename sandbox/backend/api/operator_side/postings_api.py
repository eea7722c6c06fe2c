# SPDX-License-Identifier: Apache-2.0
"""The route that shows an operator the ledger line by line: `GET /admin/v1/ledger/postings`.

Tests: tests/sandbox/backend/api/test_postings_api.py
"""

from collections import defaultdict
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.times import rfc3339
from sandbox.backend.api.caller import SUPPORT, BackendOf
from sandbox.backend.api.operator_side.operator_route import OperatorRoute
from sandbox.backend.contract.members import InCurrency, Rfc3339, Shape, Uuid
from sandbox.backend.ledger.ledger import AccountKind, PostingKind
from sandbox.backend.records import ids
from sandbox.backend.records.tables import EntryRow, LedgerAccountRow, PostingRow

_LATEST_NUMBER = 2**53 - 1

router = APIRouter(prefix="/admin/v1", tags=["admin"], route_class=OperatorRoute)


class Entry(InCurrency):
    """What one account got; negative: gave. `owner` is an account's, a merchant's or a purse's id, else empty."""

    account: AccountKind
    owner: str
    amount: int


class Posting(Shape):
    """One booking; its entries add up to zero."""

    number: int
    kind: PostingKind
    at: Rfc3339
    intent_id: Uuid | None
    entries: list[Entry]


class PostingsAnswer(Shape):
    """In the order they were booked."""

    postings: list[Posting]


@router.get("/ledger/postings", dependencies=[SUPPORT])
def postings(
    backend: BackendOf,
    after: Annotated[int | None, Query(ge=0, le=_LATEST_NUMBER)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> PostingsAnswer:
    """Those behind number `after`, oldest first; without it the newest."""
    with backend.db.read() as session:
        return PostingsAnswer(postings=_postings(session, after, limit))


def _postings(session: Session, after: int | None, limit: int) -> list[Posting]:
    wanted = select(PostingRow).limit(limit)
    if after is None:
        rows = list(session.scalars(wanted.order_by(PostingRow.id.desc())))[::-1]
    else:
        rows = list(session.scalars(wanted.where(PostingRow.id > after).order_by(PostingRow.id)))
    entries = defaultdict[int, list[Entry]](list)
    found = session.execute(
        select(EntryRow, LedgerAccountRow)
        .join(LedgerAccountRow, LedgerAccountRow.id == EntryRow.account_id)
        .where(EntryRow.posting_id.in_([row.id for row in rows]))
        .order_by(EntryRow.id)
    )
    for entry, account in found:
        made = Entry(account=account.kind, owner=account.owner, amount=entry.amount_minor, currency=account.currency)
        entries[entry.posting_id].append(made)
    return [
        Posting(
            number=row.id,
            kind=row.kind,
            at=rfc3339(row.at),
            intent_id=None if row.intent_key is None else ids.intent_id_of_key(row.intent_key),
            entries=entries[row.id],
        )
        for row in rows
    ]
