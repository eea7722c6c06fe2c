# SPDX-License-Identifier: Apache-2.0
"""Keeps merchants and stores and what they set for their terminals.

Tests: tests/sandbox/backend/api/test_admin_api.py, tests/sandbox/backend/terminals/test_policy.py
"""

from enum import StrEnum
from typing import Any, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from pengpos.names import unfit
from pengpos.wire.objects.credential import MERCHANT_NAME_SIZE
from sandbox.backend.errors import ConflictError, InvalidRequestError, NotFoundError
from sandbox.backend.kernel.events import emit
from sandbox.backend.records.tables import EventKind, MerchantRow, StoreRow, TerminalRow
from sandbox.backend.terminals import bounds

MERGED = ("risk", "roles", "limits")
"""Settings of which a member left out stays; every other is replaced as a whole."""


class Level(StrEnum):
    """Whose settings: the path segment of the call."""

    MERCHANT = "merchants"
    STORE = "stores"
    TERMINAL = "terminals"


def merchant_of(session: Session, terminal_id: str) -> MerchantRow:
    """The merchant a terminal belongs to, for ever."""
    return session.get_one(MerchantRow, session.get_one(TerminalRow, terminal_id).merchant_id)


def new_merchant(session: Session, row: MerchantRow) -> None:
    """Store a merchant; raises InvalidRequestError, ConflictError."""
    if found := unfit(row.name, bytes_most=MERCHANT_NAME_SIZE):
        raise InvalidRequestError(f"name {found.says}: it goes into every credential")
    try:
        ZoneInfo(row.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidRequestError("no such timezone") from error
    if session.get(MerchantRow, row.id) is not None:
        raise ConflictError("this merchant exists")
    session.add(row)


def new_store(session: Session, row: StoreRow) -> None:
    """Store a merchant's store; raises NotFoundError, ConflictError."""
    if session.get(MerchantRow, row.merchant_id) is None:
        raise NotFoundError("merchant")
    if session.get(StoreRow, row.id) is not None:
        raise ConflictError("this store exists")
    session.add(row)


def operators_of(session: Session, level: Level, owner_id: str) -> list[dict[str, Any]]:
    """The operators that one level names itself; raises NotFoundError."""
    owner: MerchantRow | StoreRow | TerminalRow | None
    match level:
        case Level.MERCHANT:
            owner = session.get(MerchantRow, owner_id)
        case Level.STORE:
            owner = session.get(StoreRow, owner_id)
        case Level.TERMINAL:
            owner = session.get(TerminalRow, owner_id)
        case _:
            assert_never(level)
    if owner is None:
        raise NotFoundError(level.value.removesuffix("s"))
    return list(owner.config.get("operators", []))


def change_settings(
    session: Session,
    level: Level,
    owner_id: str,
    changes: dict[str, Any],
    now: int,
    operators_before: list[dict[str, Any]],
) -> None:
    """Merge settings into one level and tell every terminal below it; raises NotFoundError, InvalidRequestError.

    New operators are made from `operators_before`: raises ConflictError if those are not the ones that stand.
    """
    bounds.check_settings(changes)
    owner: MerchantRow | StoreRow | TerminalRow | None
    below = select(TerminalRow.id).where(TerminalRow.revoked_at.is_(None)).order_by(TerminalRow.id)
    match level:
        case Level.MERCHANT:
            owner = session.get(MerchantRow, owner_id, with_for_update=True)
            below = below.where(TerminalRow.merchant_id == owner_id)
        case Level.STORE:
            owner = session.get(StoreRow, owner_id, with_for_update=True)
            below = below.where(TerminalRow.store_id == owner_id)
        case Level.TERMINAL:
            owner = session.get(TerminalRow, owner_id, with_for_update=True)
            below = below.where(TerminalRow.id == owner_id)
        case _:
            assert_never(level)
    if owner is None:
        raise NotFoundError(level.value.removesuffix("s"))
    if "operators" in changes and owner.config.get("operators", []) != operators_before:
        raise ConflictError("other operators were set meanwhile: look, and send yours again")
    merged = {name: {**owner.config.get(name, {}), **changes.get(name, {})} for name in MERGED}
    owner.config = {**owner.config, **changes, **{name: value for name, value in merged.items() if value}}
    if "campaigns" in changes and level is not Level.MERCHANT:  # who keeps the merchant keeps its shops' campaigns too
        merchant_id = owner.merchant_id if not isinstance(owner, MerchantRow) else owner.id
        flag_modified(session.get_one(MerchantRow, merchant_id, with_for_update=True), "config")
    for terminal_id in session.scalars(below).all():
        emit(session, terminal_id, EventKind.CONFIG, {"reason": "settings"}, now)
