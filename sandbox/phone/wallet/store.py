# SPDX-License-Identifier: Apache-2.0
"""Stores what a wallet must not forget: credentials, counters, replies given, payments begun another way, money known.

One SQLite file, every commit flushed to the medium before it returns (tap protocol §2: counter and reply are durable
before the first byte leaves). Knows rows; what may be signed is the wallet's to decide. It holds no private keys.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Self

from offline_queue.journal.failures import failure_of, is_damage, system_failure
from pengpos.core.errors import JournalForeignError, MalformedError
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Allowance, Credential
from pengpos.wire.objects.receipt import Outcome, Receipt

_VERSION = 3
_MAX_CREDENTIAL_SIZE = 1_024  # half a reply; an ordinary one has 210
_KEEP_REPLIES = 10_000  # the oldest beyond this are let go; years of shopping, and long past their intents' lives

_SCHEMA = """
CREATE TABLE credential (
    kid BLOB PRIMARY KEY, raw BLOB NOT NULL, issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    allowed_currency TEXT, allowed_each INTEGER, allowed_total INTEGER,
    merchant_id TEXT, counter INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE signed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, intent_id BLOB NOT NULL UNIQUE, intent BLOB NOT NULL,
    terminal_x BLOB NOT NULL, terminal_y BLOB NOT NULL, reply BLOB NOT NULL, kid BLOB NOT NULL,
    merchant TEXT NOT NULL, total INTEGER NOT NULL, currency TEXT NOT NULL, from_balance INTEGER NOT NULL,
    promised INTEGER NOT NULL, signed_at INTEGER NOT NULL,
    outcome INTEGER, taken INTEGER, url TEXT, reason INTEGER, receipt BLOB,
    released INTEGER NOT NULL DEFAULT 0, unasked INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE elsewhere (intent_id BLOB PRIMARY KEY, receipt BLOB) STRICT;
CREATE TABLE balance (currency TEXT PRIMARY KEY, minor INTEGER, as_of_seq INTEGER NOT NULL) STRICT;
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
_SINCE = {
    1: "ALTER TABLE signed ADD COLUMN released INTEGER NOT NULL DEFAULT 0",
    2: "ALTER TABLE signed ADD COLUMN unasked INTEGER NOT NULL DEFAULT 0",
}
"""What each older layout lacks, by its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCredential:
    """One credential of this wallet: bound to a merchant, or a spare (`merchant_id` None)."""

    kid: bytes
    raw: bytes
    issued_at: int
    expires_at: int
    allowance: Allowance | None
    merchant_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One intent this wallet has signed, the reply it gives to it for ever, and what became of it."""

    intent_id: bytes
    intent: bytes
    terminal_key: PublicKey
    """Who signed the intent, and alone may sign a provisional receipt for it."""
    reply: bytes
    kid: bytes
    merchant: str
    """The name that was shown."""
    total_minor: int
    currency: str
    from_balance: bool
    promised: bool
    """Claim 5 was set: it counts against the credential's offline allowance until taken online or released."""
    signed_at: int
    outcome: Outcome | None = None
    """None: no receipt has come yet."""
    taken_minor: int | None = None
    url: str | None = None
    reason: int | None = None
    released: bool = False
    """The backend will never take it."""
    unasked: bool = False
    """Signed under the tap limit, without asking, and its owner has not unlocked the phone since."""

    @property
    def paid_by_another(self) -> bool:
        """Nothing is taken, and no issuer's receipt says why: another payer was quicker."""
        return self.released and self.outcome in {None, Outcome.ACCEPTED_OFFLINE}


_CREDENTIAL_COLUMNS = "kid, raw, issued_at, expires_at, allowed_currency, allowed_each, allowed_total, merchant_id"
_PROMISE_COLUMNS = (
    "intent_id, intent, terminal_x, terminal_y, reply, kid, merchant, total, currency, "
    "from_balance, promised, signed_at, unasked"
)
_SIGNED_COLUMNS = f"{_PROMISE_COLUMNS}, outcome, taken, url, reason, released"


class WalletStore:
    """The wallet's file. Safe to use from several threads and, one transaction at a time, several processes.

    `path` may be ":memory:" where nothing has to survive. Raises JournalForeignError for a file of a newer version
    or another program, else what `failure_of` makes of SQLite's answer: of a full medium JournalFullError.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = RLock()
        self._path = Path(path)
        try:
            if isinstance(path, Path):
                path.touch(mode=0o600)  # before SQLite makes it with the umask's mode: it holds the account's token
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        except OSError as err:
            raise system_failure(self._path, err) from err
        except sqlite3.OperationalError as err:
            raise failure_of(self._path, err) from err
        try:
            self._prepare(str(path))
        except sqlite3.DatabaseError as err:
            self._db.close()
            raise (_foreign(str(path), str(err)) if is_damage(err) else failure_of(self._path, err)) from err
        except JournalForeignError:
            self._db.close()
            raise

    def _prepare(self, path: str) -> None:
        # A rollback journal, its unlinking synced too: one commit a tap needs no WAL, and survives a power cut.
        self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.execute("PRAGMA synchronous = EXTRA")
        with self.transaction():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            tables = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if version == 0 and tables == 0:
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {_VERSION}")
            elif version in _SINCE:
                for older in range(version, _VERSION):
                    self._db.execute(_SINCE[older])
                self._db.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise _foreign(path, f"layout {version}, this program knows {_VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable on leaving. Raises JournalError; then nothing of it is stored."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.DatabaseError as err:
                raise failure_of(self._path, err) from err

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as err:
                raise failure_of(self._path, err) from err

    # --- credentials ---------------------------------------------------------------------------------------------

    def add_credential(self, credential: Credential) -> None:
        """Keep a credential as a spare; one that is held already stays as it is.

        Raises MalformedError for one so long that no reply has room for it.
        """
        if len(credential.raw) > _MAX_CREDENTIAL_SIZE:
            raise MalformedError(f"a credential longer than {_MAX_CREDENTIAL_SIZE} bytes")
        allowance = credential.allowance
        limits = (allowance.currency, allowance.per_payment_minor, allowance.total_minor) if allowance else (None,) * 3
        self._rows(
            "INSERT INTO credential (kid, raw, issued_at, expires_at, allowed_currency, allowed_each, allowed_total) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(credential.key.kid, credential.raw, credential.issued_at, credential.expires_at, *limits),
        )

    def credentials(self) -> list[HeldCredential]:
        """All that are held, in the order they came."""
        rows = self._rows(f"SELECT {_CREDENTIAL_COLUMNS} FROM credential ORDER BY rowid")  # noqa: S608  # our constant
        return [_held(row) for row in rows]

    def credential_for(self, merchant_id: str, now: int) -> HeldCredential | None:
        """The unexpired credential for this merchant: its own, the longest-lived first, else the best spare.

        Spares with an offline allowance go first, then the oldest.
        """
        rows = self._rows(
            f"SELECT {_CREDENTIAL_COLUMNS} FROM credential "  # noqa: S608  # our constant
            "WHERE expires_at > ? AND (merchant_id = ? OR merchant_id IS NULL) "
            "ORDER BY merchant_id IS NULL, CASE WHEN merchant_id IS NULL THEN allowed_total IS NULL END, "
            "CASE WHEN merchant_id IS NOT NULL THEN -expires_at END, rowid LIMIT 1",
            *(now, merchant_id),
        )
        return _held(rows[0]) if rows else None

    def spares(self, now: int) -> int:
        """How many unexpired credentials are not bound to a merchant yet."""
        return int(
            self._rows("SELECT count(*) FROM credential WHERE merchant_id IS NULL AND expires_at > ?", now)[0][0]
        )

    def use_credential(self, kid: bytes, merchant_id: str) -> int:
        """Bind a credential to its merchant and return its next counter, from 1; call inside a transaction."""
        rows = self._rows(
            "UPDATE credential SET merchant_id = ?, counter = counter + 1 "
            "WHERE kid = ? AND (merchant_id IS NULL OR merchant_id = ?) RETURNING counter",
            *(merchant_id, kid, merchant_id),
        )
        if not rows:
            raise ValueError("a credential serves one merchant only")
        return int(rows[0][0])

    def promised_minor(self, kid: bytes) -> int:
        """What this credential has promised offline, and which was neither taken online nor released."""
        rows = self._rows(
            "SELECT coalesce(sum(total), 0) FROM signed "
            "WHERE kid = ? AND promised AND NOT released AND outcome IS NOT ?",
            *(kid, Outcome.APPROVED),
        )
        return int(rows[0][0])

    def promisable(self, now: int) -> dict[str, int]:
        """What may still be promised offline with all credentials that have not expired, by currency."""
        return self._of_the_allowances(now, lambda allowed_minor, promised_minor: allowed_minor - promised_minor)

    def promised(self, now: int) -> dict[str, int]:
        """What of the same allowances is promised, and may still be claimed, by currency."""
        return self._of_the_allowances(now, lambda _allowed_minor, promised_minor: promised_minor)

    def _of_the_allowances(self, now: int, part: Callable[[int, int], int]) -> dict[str, int]:
        found: dict[str, int] = {}
        for held in self.credentials():
            if held.allowance is not None and held.expires_at > now:
                minor = max(0, part(held.allowance.total_minor, self.promised_minor(held.kid)))
                found[held.allowance.currency] = found.get(held.allowance.currency, 0) + minor
        return found

    # --- replies and receipts ------------------------------------------------------------------------------------

    def remember(self, signed: Signed) -> None:
        """Keep a reply beside its intent's id; call inside a transaction. An id is signed once, for ever."""
        self._rows(
            f"INSERT INTO signed ({_PROMISE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # our constant
            *(signed.intent_id, signed.intent, signed.terminal_key.x, signed.terminal_key.y, signed.reply, signed.kid),
            *(signed.merchant, signed.total_minor, signed.currency),
            *(signed.from_balance, signed.promised, signed.signed_at, signed.unasked),
        )
        self._rows("DELETE FROM signed WHERE seq <= (SELECT max(seq) FROM signed) - ?", _KEEP_REPLIES)

    def signed(self, intent_id: bytes) -> Signed | None:
        """The reply given to an intent's id, if there was one."""
        rows = self._rows(f"SELECT {_SIGNED_COLUMNS} FROM signed WHERE intent_id = ?", intent_id)  # noqa: S608  # our constant
        return _signed(rows[0]) if rows else None

    def history(self, limit: int = 100) -> list[Signed]:
        """What was signed, the newest first."""
        rows = self._rows(f"SELECT {_SIGNED_COLUMNS} FROM signed ORDER BY seq DESC LIMIT ?", limit)  # noqa: S608  # our constant
        return [_signed(row) for row in rows]

    def record_outcome(self, receipt: Receipt) -> None:
        """Store what a verified receipt says; an approval stays one, an issuer's word outweighs a terminal's."""
        claims = receipt.claims
        self._rows(
            "UPDATE signed SET outcome = ?, taken = ?, url = ?, reason = ?, receipt = ? "
            "WHERE intent_id = ? AND outcome IS NOT ? AND (? OR outcome IS NULL)",
            *(claims.outcome, claims.total_minor, claims.url, claims.reason, receipt.raw),
            *(claims.intent_id, Outcome.APPROVED, receipt.by_issuer),
        )

    def release_promise(self, intent_id: bytes) -> bool:
        """The backend will never take what was signed for this intent: it counts against no allowance any more.

        False if that was known, or nothing was signed.
        """
        return bool(
            self._rows("UPDATE signed SET released = 1 WHERE intent_id = ? AND NOT released RETURNING 1", intent_id)
        )

    # --- unasked -------------------------------------------------------------------------------------------------

    def unasked(self, currency: str) -> tuple[int, int]:
        """Since the last unlock: how many intents were signed unasked, and the sum of those in this currency."""
        rows = self._rows(
            "SELECT count(*), coalesce(sum(total) FILTER (WHERE currency = ?), 0) FROM signed WHERE unasked", currency
        )
        return int(rows[0][0]), int(rows[0][1])

    def unlock(self) -> None:
        """The owner has unlocked the phone: what is signed unasked counts from nought again."""
        self._rows("UPDATE signed SET unasked = 0 WHERE unasked")

    # --- another way ---------------------------------------------------------------------------------------------

    def begin_elsewhere(self, intent_id: bytes) -> None:
        """From now on this intent is being paid by tag or QR, and no tap pays it."""
        self._rows("INSERT INTO elsewhere (intent_id) VALUES (?) ON CONFLICT DO NOTHING", intent_id)

    def paid_elsewhere(self, intent_id: bytes, receipt: bytes) -> None:
        """The backend has taken the money for this intent; `receipt` is its verified word."""
        self._rows("INSERT OR REPLACE INTO elsewhere (intent_id, receipt) VALUES (?, ?)", intent_id, receipt)

    def release_elsewhere(self, intent_id: bytes) -> None:
        """The backend has let the claim go unpaid: the other way never happened."""
        self._rows("DELETE FROM elsewhere WHERE intent_id = ? AND receipt IS NULL", intent_id)

    def elsewhere(self, intent_id: bytes) -> tuple[bool, bytes | None]:
        """Whether this intent was begun by another way, and the receipt once known."""
        rows = self._rows("SELECT receipt FROM elsewhere WHERE intent_id = ?", intent_id)
        return bool(rows), rows[0][0] if rows else None

    # --- money and notes -----------------------------------------------------------------------------------------

    def set_balance(self, currency: str, minor: int | None) -> None:
        """What the backend says this account holds; None: the currency is ours, the sum not known."""
        self._rows(
            "INSERT OR REPLACE INTO balance VALUES (?, ?, (SELECT coalesce(max(seq), 0) FROM signed))", currency, minor
        )

    def currencies(self) -> frozenset[str]:
        """The currencies this account holds."""
        return frozenset(str(row[0]) for row in self._rows("SELECT currency FROM balance"))

    def spendable_minor(self, currency: str) -> int | None:
        """The last known balance less what was signed since, or accepted offline and not settled; None: not known."""
        rows = self._rows(
            "SELECT minor - (SELECT coalesce(sum(coalesce(taken, total)), 0) FROM signed WHERE currency = b.currency "
            "AND from_balance AND NOT released AND outcome IS NOT ? AND (seq > as_of_seq OR outcome = ?)) "
            "FROM balance b WHERE currency = ?",
            *(Outcome.DECLINED, Outcome.ACCEPTED_OFFLINE, currency),
        )
        return None if not rows or rows[0][0] is None else int(rows[0][0])

    def note(self, name: str) -> str | None:
        """A small fact about the account (its id, token, backend, issuers), as stored by `write_note`."""
        rows = self._rows("SELECT value FROM note WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def write_note(self, name: str, value: str) -> None:
        """Store a small fact about the account."""
        self._rows("INSERT OR REPLACE INTO note VALUES (?, ?)", name, value)


def _held(row: tuple[Any, ...]) -> HeldCredential:
    kid, raw, issued_at, expires_at, currency, each, total, merchant_id = row
    allowance = None if currency is None else Allowance(currency=currency, per_payment_minor=each, total_minor=total)
    return HeldCredential(
        kid=kid, raw=raw, issued_at=issued_at, expires_at=expires_at, allowance=allowance, merchant_id=merchant_id
    )


def _signed(row: tuple[Any, ...]) -> Signed:
    intent_id, intent, x, y, reply, kid, merchant, total, currency, from_balance, promised, signed_at, *rest = row
    unasked, outcome, taken, url, reason, released = rest
    return Signed(
        intent_id=intent_id,
        intent=intent,
        terminal_key=PublicKey(x=x, y=y),
        reply=reply,
        kid=kid,
        merchant=merchant,
        total_minor=total,
        currency=currency,
        from_balance=bool(from_balance),
        promised=bool(promised),
        signed_at=signed_at,
        outcome=None if outcome is None else Outcome(outcome),
        taken_minor=taken,
        url=url,
        reason=reason,
        released=bool(released),
        unasked=bool(unasked),
    )


def _foreign(path: str, detail: str) -> JournalForeignError:
    return JournalForeignError(path, detail, "Use another phone name, or move this file away")
