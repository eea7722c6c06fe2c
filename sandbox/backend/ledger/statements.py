# SPDX-License-Identifier: Apache-2.0
"""The statements of a posting: a balance that changes, the posting, its entries.

Tests: tests/sandbox/backend/ledger/test_ledger.py
"""

from functools import cache
from typing import Any, Final

from sqlalchemy import Dialect, bindparam, insert, update
from sqlalchemy.sql import ClauseElement

from sandbox.backend.records.prepared import Prepared
from sandbox.backend.records.tables import EntryRow, LedgerAccountRow, PostingRow

_MINOR: Final = bindparam("minor", type_=LedgerAccountRow.balance_minor.type)


def _move(*, if_there: bool) -> Prepared:
    """Add `minor`, which may be less than zero, and return whose it was; nothing if there is no such account.

    `if_there`: nor where it would go below zero.
    """

    def statement(_: Dialect) -> ClauseElement:
        after = LedgerAccountRow.balance_minor + _MINOR
        moved = update(LedgerAccountRow).where(
            LedgerAccountRow.kind == bindparam("of_kind"),
            LedgerAccountRow.owner == bindparam("of_owner"),
            LedgerAccountRow.currency == bindparam("in_currency"),
        )
        moved = moved.where(after >= 0) if if_there else moved
        return moved.values(balance_minor=after).returning(LedgerAccountRow.id)

    return Prepared(statement, [LedgerAccountRow.id.type])


def _move_back(_: Dialect) -> ClauseElement:
    before = LedgerAccountRow.balance_minor - _MINOR
    return update(LedgerAccountRow).where(LedgerAccountRow.id == bindparam("account_id")).values(balance_minor=before)


def _posting(_: Dialect) -> ClauseElement:
    values: dict[str, Any] = {name: bindparam(name) for name in ("kind", "intent_key", "at")}
    return insert(PostingRow).values(values).returning(PostingRow.id)


@cache
def entries(number: int) -> Prepared:
    """So many entries of one posting: `account0`, `minor0`, `account1` …"""

    def statement(_: Dialect) -> ClauseElement:
        return insert(EntryRow).values([
            {
                "posting_id": bindparam("posting_id"),
                "account_id": bindparam(f"account{place}"),
                "amount_minor": bindparam(f"minor{place}"),
            }
            for place in range(number)
        ])  # fmt: skip

    return Prepared(statement)


MOVE: Final = _move(if_there=False)
MOVE_IF_THERE: Final = _move(if_there=True)
MOVE_BACK: Final = Prepared(_move_back)
POSTING: Final = Prepared(_posting, [PostingRow.id.type])
