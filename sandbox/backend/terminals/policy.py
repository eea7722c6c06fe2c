# SPDX-License-Identifier: Apache-2.0
"""Signs each terminal's policy: risk policy, campaigns, tips, languages; inherited company → store → terminal.

One signed document a terminal, under the context `policy`; `GET /terminal/config` and enrolment hand out the same. A
new version is signed when the content changes, and before the old one runs out.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.backend_api.limits import limits_in
from pengpos.core.authority.limits import ASKS_ABOVE_MINOR, Limits
from pengpos.core.currencies.currency import digits
from pengpos.core.times import CLOCK_TOLERANCE_S, rfc3339
from pengpos.wire.encoding.cose import Context
from sandbox.backend.kernel.kept import SignedRisk
from sandbox.backend.records.tables import AlarmKind, AlarmRow, DocumentRow, MerchantRow, StoreRow, TerminalRow
from sandbox.backend.terminals import denylist
from sandbox.backend.terminals.merchants import MERGED
from sandbox.backend.trust.issuer import Issuer

POLICY_LIFE_S = 72 * 3600
RENEWED_AFTER_S = 12 * 3600

DEFAULT_RISK: dict[str, Any] = {
    "currency": "CNY",
    "per_payment": 200_00,
    "per_wallet_count": 10,
    "per_wallet_total": 500_00,
    "stored_count": 50,
    "stored_total": 2_000_00,
    "stored_age_s": 24 * 3600,
    "clock_doubt_s": 2 * 3600,
    "max_age_s": 7 * 86_400,
    "guaranteed": 2_000_00,
}
_NOTHING_OFFLINE: dict[str, Any] = {"per_payment": 0, "per_wallet_total": 0, "stored_total": 0}
"""What a terminal that must not sell may take offline: by it also one obeys that does not know the word `standing`."""
SIGNED_DUTIES: dict[str, Any] = {"signs_endings": True, "signs_settlements": True, "signs_answers": True}
"""What this backend does that no terminal could know otherwise: nothing between the two can take it out."""
FOR_THE_SHOP: Final = (
    AlarmKind.NEW_EPOCH,
    AlarmKind.HEAD_WENT_BACK,
    AlarmKind.SECOND_STREAM,
    AlarmKind.NEW_KEY,
    AlarmKind.EARLY_RENEWAL,
    AlarmKind.KEY_FLOODED,
)
"""The alarms of which the people at the terminal hear, by event and by policy."""
DEFAULT_LIMITS: dict[str, Any] = {
    "per_refund": 2_000_00,
    "refunds_per_day": 5_000_00,
    "per_code": 500_00,
    "codes_unconfirmed": 2_000_00,
    "sale_asks_above": ASKS_ABOVE_MINOR,
}
"""Above what a small shop gives back for one bill, or on one day; of codes, what it may take offline in all."""
DEFAULT_CONFIG: dict[str, Any] = {
    "risk": DEFAULT_RISK,
    "limits": DEFAULT_LIMITS,
    "campaigns": [],
    "tip_presets_percent": [5, 10, 15],
    "languages": ["zh-Hans", "en"],
}


class TerminalStanding(StrEnum):
    """Whether a terminal may sell: the policy's `standing`."""

    ACTIVE = "active"
    LOCKED = "locked"
    REVOKED = "revoked"


def standing_of(terminal: TerminalRow) -> tuple[TerminalStanding, int | None]:
    """Whether it may sell, and since when it may not."""
    if terminal.revoked_at is not None:
        return TerminalStanding.REVOKED, terminal.revoked_at
    if terminal.locked_at is not None:
        return TerminalStanding.LOCKED, terminal.locked_at
    return TerminalStanding.ACTIVE, None


def current(session: Session, issuer: Issuer, terminal_id: str, now: int) -> DocumentRow:
    """The terminal's newest policy, signed anew if its content changed or it is half a day old."""
    terminal = session.scalars(select(TerminalRow).where(TerminalRow.id == terminal_id).with_for_update()).one()
    content = _content(session, issuer, terminal)
    newest = session.scalars(
        select(DocumentRow).where(DocumentRow.terminal_id == terminal_id).order_by(DocumentRow.version.desc()).limit(1)
    ).first()
    if newest is not None and newest.content == content and now < newest.issued_at + RENEWED_AFTER_S:
        return newest
    version = 1 if newest is None else newest.version + 1
    not_after = now + POLICY_LIFE_S
    raw = issuer.document(
        Context.POLICY, terminal_id=terminal_id, version=version, now=now, not_after=not_after, content=content
    )
    row = DocumentRow(
        terminal_id=terminal_id, version=version, issued_at=now, not_after=not_after, content=content, raw=raw
    )
    session.add(row)
    session.flush()
    return row


def risk_as_of(session: Session, terminal_id: str, at: int) -> dict[str, Any] | None:
    """The risk policy that a terminal may have held at the time `at`; None if it had none that was valid.

    It may have been offline when newer ones were signed: of those valid at `at`, the newest it surely could have had
    is not known to us, so the most generous to the merchant counts: the one with the highest cap a payment.
    """
    rows = session.scalars(
        select(DocumentRow).where(
            DocumentRow.terminal_id == terminal_id,
            DocumentRow.issued_at <= at + CLOCK_TOLERANCE_S,
            DocumentRow.not_after >= at,
        )
    ).all()
    return risk_among([SignedRisk(row.issued_at, row.not_after, row.content["risk"]) for row in rows], at)


def risk_among(policies: Sequence[SignedRisk], at: int) -> dict[str, Any] | None:
    """As `risk_as_of`, of these policies."""
    valid = [one.risk for one in policies if one.issued_at <= at + CLOCK_TOLERANCE_S and one.not_after >= at]
    return max(valid, key=lambda risk: int(risk["per_payment"]), default=None)


def limits_of(session: Session, terminal: TerminalRow) -> Limits:
    """What the terminal's newest settings let it give back."""
    return limits_in(_settings(session, terminal))


def _content(session: Session, issuer: Issuer, terminal: TerminalRow) -> dict[str, Any]:
    merchant = session.get_one(MerchantRow, terminal.merchant_id)
    store = session.get_one(StoreRow, terminal.store_id)
    merged = _settings(session, terminal)
    if not merged.get("operators"):  # no member at all: what a terminal of page 1.1 gets
        merged = {name: value for name, value in merged.items() if name not in {"operators", "roles"}}
    standing, since = standing_of(terminal)
    if standing is not TerminalStanding.ACTIVE:
        merged["risk"] = {**merged["risk"], **_NOTHING_OFFLINE}
    alarms = _alarms(session, terminal.id)
    return {
        **merged,
        **({"alarms": alarms} if alarms else {}),
        "standing": standing.value,
        **_instants(
            standing_since=since,
            restart_asked_at=terminal.restart_asked_at,
            diagnose_asked_at=terminal.diagnose_asked_at,
        ),
        "merchant": {"id": merchant.id, "name": merchant.name},
        "store": {"id": store.id, "name": store.name},
        "currency": merchant.currency,
        "currency_digits": digits(merchant.currency),
        "timezone": merchant.timezone,
        "day_starts_hour": merchant.day_starts_hour,
        "denylist_version": denylist.version(session),
        "issuers": issuer.jwks(),
        **SIGNED_DUTIES,
    }


def _alarms(session: Session, terminal_id: str) -> list[dict[str, str]]:
    """What the shop should hear of and no operator has seen to: of each kind the newest, and when it first came."""
    found = session.execute(
        select(AlarmRow.kind, func.max(AlarmRow.at))
        .where(AlarmRow.terminal_id == terminal_id, AlarmRow.kind.in_(FOR_THE_SHOP), AlarmRow.seen_at.is_(None))
        .group_by(AlarmRow.kind)
        .order_by(AlarmRow.kind)
    )
    return [{"kind": kind.value, "at": rfc3339(at)} for kind, at in found]


def _settings(session: Session, terminal: TerminalRow) -> dict[str, Any]:
    """What merchant, store and terminal have set; the lower level wins."""
    merchant = session.get_one(MerchantRow, terminal.merchant_id)
    merged = {**DEFAULT_CONFIG, "risk": {**DEFAULT_RISK, "currency": merchant.currency}}
    for level in (merchant, session.get_one(StoreRow, terminal.store_id), terminal):
        for name, value in level.config.items():
            merged[name] = {**merged.get(name, {}), **value} if name in MERGED else value
    return merged


def _instants(**at: int | None) -> dict[str, str]:
    """Times as the document says them; what never was is left out."""
    return {name: rfc3339(unix_s) for name, unix_s in at.items() if unix_s is not None}
