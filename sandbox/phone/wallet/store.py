# SPDX-License-Identifier: Apache-2.0
"""Stores what a wallet must not forget: credentials, counters, replies given, payments begun another way, money known.

One SQLite file, every commit flushed to the medium before it returns (tap protocol §2: counter and reply are durable
before the first byte leaves). Knows rows; what may be signed is the wallet's to decide. It holds no private keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Allowance, Credential
from pengpos.wire.objects.intent import SignedIntent
from pengpos.wire.objects.receipt import Outcome, Receipt
from sandbox.phone.wallet.file import WalletFile

_MAX_CREDENTIAL_SIZE = 1_024  # half a reply; an ordinary one has 210
_KEEP_REPLIES = 10_000  # the oldest beyond this are let go; years of shopping, and long past their intents' lives


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
    def terminal_id(self) -> str:
        """The terminal whose intent was signed: another's may have the same id."""
        return SignedIntent.read(self.intent, self.terminal_key).claims.terminal_id

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


class WalletStore(WalletFile):
    """What the wallet's file holds: credentials, replies and what became of them, money known."""

    # --- credentials ---------------------------------------------------------------------------------------------

    def add_credential(self, credential: Credential) -> None:
        """Keep a credential as a spare; one that is held already stays as it is.

        Raises MalformedError for one so long that no reply has room for it.
        """
        if len(credential.raw) > _MAX_CREDENTIAL_SIZE:
            raise MalformedError(f"a credential longer than {_MAX_CREDENTIAL_SIZE} bytes")
        allowance = credential.allowance
        limits = (allowance.currency, allowance.per_payment_minor, allowance.total_minor) if allowance else (None,) * 3
        self.rows(
            "INSERT INTO credential (kid, raw, issued_at, expires_at, allowed_currency, allowed_each, allowed_total) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(credential.key.kid, credential.raw, credential.issued_at, credential.expires_at, *limits),
        )

    def credentials(self) -> list[HeldCredential]:
        """All that are held, in the order they came."""
        rows = self.rows(f"SELECT {_CREDENTIAL_COLUMNS} FROM credential ORDER BY rowid")  # noqa: S608  # our constant
        return [_held(row) for row in rows]

    def credential_for(self, merchant_id: str, now: int) -> HeldCredential | None:
        """The unexpired credential for this merchant: its own, the longest-lived first, else the best spare.

        Spares with an offline allowance go first, then the oldest.
        """
        rows = self.rows(
            f"SELECT {_CREDENTIAL_COLUMNS} FROM credential "  # noqa: S608  # our constant
            "WHERE expires_at > ? AND (merchant_id = ? OR merchant_id IS NULL) "
            "ORDER BY merchant_id IS NULL, CASE WHEN merchant_id IS NULL THEN allowed_total IS NULL END, "
            "CASE WHEN merchant_id IS NOT NULL THEN -expires_at END, rowid LIMIT 1",
            *(now, merchant_id),
        )
        return _held(rows[0]) if rows else None

    def spares(self, now: int) -> int:
        """How many unexpired credentials are not bound to a merchant yet."""
        return int(self.rows("SELECT count(*) FROM credential WHERE merchant_id IS NULL AND expires_at > ?", now)[0][0])

    def use_credential(self, kid: bytes, merchant_id: str) -> int:
        """Bind a credential to its merchant and return its next counter, from 1; call inside a transaction."""
        rows = self.rows(
            "UPDATE credential SET merchant_id = ?, counter = counter + 1 "
            "WHERE kid = ? AND (merchant_id IS NULL OR merchant_id = ?) RETURNING counter",
            *(merchant_id, kid, merchant_id),
        )
        if not rows:
            raise ValueError("a credential serves one merchant only")
        return int(rows[0][0])

    def renew(self, credential: Credential) -> None:
        """Keep a later credential of a key that is held, in place of the one before."""
        self.rows(
            "UPDATE credential SET raw = ?, issued_at = ?, expires_at = ? WHERE kid = ? AND expires_at < ?",
            *(credential.raw, credential.issued_at, credential.expires_at, credential.key.kid, credential.expires_at),
        )

    def promised_minor(self, kid: bytes) -> int:
        """What of this key's allowance is used up: promised, and not known to be free again (tap protocol §2)."""
        return self._sum_of_promises(kid, "true")

    def last_signed_at(self, kid: bytes) -> int:
        """When this key last signed, in Unix seconds; 0: never."""
        rows = self.rows("SELECT coalesce(max(signed_at), 0) FROM signed WHERE kid = ?", kid)
        return int(rows[0][0])

    def promisable(self, now: int) -> dict[str, int]:
        """What may still be promised offline with all credentials that have not expired, by currency."""
        return self._by_currency(now, lambda held, minor: max(0, minor - self.promised_minor(held.kid)))

    def promised(self, now: int) -> dict[str, int]:
        """What of the same allowances is promised, and may still be claimed, by currency."""
        unsettled = f"drawn IS NULL AND outcome IS NOT {Outcome.APPROVED:d}"
        return self._by_currency(now, lambda held, _: self._sum_of_promises(held.kid, unsettled))

    def _sum_of_promises(self, kid: bytes, which: str) -> int:
        rows = self.rows(
            "SELECT coalesce(sum(coalesce(drawn, total)), 0) FROM signed "  # noqa: S608  # our constants
            f"WHERE kid = ? AND promised AND NOT released AND {which}",
            kid,
        )
        return int(rows[0][0])

    def _by_currency(self, now: int, part: Callable[[HeldCredential, int], int]) -> dict[str, int]:
        found: dict[str, int] = {}
        for held in self.credentials():
            if held.allowance is not None and held.expires_at > now:
                minor = part(held, held.allowance.total_minor)
                found[held.allowance.currency] = found.get(held.allowance.currency, 0) + minor
        return found

    # --- replies and receipts ------------------------------------------------------------------------------------

    def remember(self, signed: Signed) -> None:
        """Keep a reply beside its intent's id; call inside a transaction. An id is signed once, for ever."""
        self.rows(
            f"INSERT INTO signed ({_PROMISE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # our constant
            *(signed.intent_id, signed.intent, signed.terminal_key.x, signed.terminal_key.y, signed.reply, signed.kid),
            *(signed.merchant, signed.total_minor, signed.currency),
            *(signed.from_balance, signed.promised, signed.signed_at, signed.unasked),
        )
        self.rows("DELETE FROM signed WHERE seq <= (SELECT max(seq) FROM signed) - ?", _KEEP_REPLIES)

    def signed(self, intent_id: bytes) -> Signed | None:
        """The reply given to an intent's id, if there was one."""
        rows = self.rows(f"SELECT {_SIGNED_COLUMNS} FROM signed WHERE intent_id = ?", intent_id)  # noqa: S608  # our constant
        return _signed(rows[0]) if rows else None

    def history(self, limit: int = 100) -> list[Signed]:
        """What was signed, the newest first."""
        rows = self.rows(f"SELECT {_SIGNED_COLUMNS} FROM signed ORDER BY seq DESC LIMIT ?", limit)  # noqa: S608  # our constant
        return [_signed(row) for row in rows]

    def open_promises(self, limit: int = 20) -> list[Signed]:
        """What was promised and is neither taken nor released, the oldest first."""
        rows = self.rows(
            f"SELECT {_SIGNED_COLUMNS} FROM signed WHERE promised AND NOT released AND drawn IS NULL "  # noqa: S608  # our constants
            f"AND outcome IS NOT {Outcome.APPROVED:d} ORDER BY seq LIMIT ?",
            limit,
        )
        return [_signed(row) for row in rows]

    def record_outcome(self, receipt: Receipt) -> None:
        """Store what a verified receipt says; an approval stays one, an issuer's word outweighs a terminal's."""
        claims = receipt.claims
        self.rows(
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
            self.rows("UPDATE signed SET released = 1 WHERE intent_id = ? AND NOT released RETURNING 1", intent_id)
        )

    # --- unasked -------------------------------------------------------------------------------------------------

    def unasked(self, currency: str) -> tuple[int, int]:
        """Since the last unlock: how many intents were signed unasked, and the sum of those in this currency."""
        rows = self.rows(
            "SELECT count(*), coalesce(sum(total) FILTER (WHERE currency = ?), 0) FROM signed WHERE unasked", currency
        )
        return int(rows[0][0]), int(rows[0][1])

    def unlock(self) -> None:
        """The owner has unlocked the phone: what is signed unasked counts from nought again."""
        self.rows("UPDATE signed SET unasked = 0 WHERE unasked")

    def record_drawn(self, intent_id: bytes, minor: int) -> None:
        """The backend took what was signed for this intent, so much of it from what it had set aside for the key."""
        self.rows("UPDATE signed SET drawn = ? WHERE intent_id = ?", minor, intent_id)

    # --- another way ---------------------------------------------------------------------------------------------

    def begin_elsewhere(self, intent_id: bytes) -> None:
        """From now on this intent is being paid by tag or QR, and no tap pays it."""
        self.rows("INSERT INTO elsewhere (intent_id) VALUES (?) ON CONFLICT DO NOTHING", intent_id)

    def paid_elsewhere(self, intent_id: bytes, receipt: bytes) -> None:
        """The backend has taken the money for this intent; `receipt` is its verified word."""
        self.rows("INSERT OR REPLACE INTO elsewhere (intent_id, receipt) VALUES (?, ?)", intent_id, receipt)

    def release_elsewhere(self, intent_id: bytes) -> None:
        """The backend has let the claim go unpaid: the other way never happened."""
        self.rows("DELETE FROM elsewhere WHERE intent_id = ? AND receipt IS NULL", intent_id)

    def elsewhere(self, intent_id: bytes) -> tuple[bool, bytes | None]:
        """Whether this intent was begun by another way, and the receipt once known."""
        rows = self.rows("SELECT receipt FROM elsewhere WHERE intent_id = ?", intent_id)
        return bool(rows), rows[0][0] if rows else None

    # --- money and notes -----------------------------------------------------------------------------------------

    def set_balance(self, currency: str, minor: int | None, set_aside_minor: int = 0) -> None:
        """What the backend says this account holds, so much of it set aside; None: ours, the sum not known."""
        self.rows(
            "INSERT OR REPLACE INTO balance VALUES (?, ?, (SELECT coalesce(max(seq), 0) FROM signed), ?)",
            *(currency, minor, set_aside_minor),
        )

    def set_aside_minor(self, currency: str) -> int:
        """What of the last known balance is set aside for promises."""
        rows = self.rows("SELECT set_aside FROM balance WHERE currency = ?", currency)
        return int(rows[0][0]) if rows else 0

    def currencies(self) -> frozenset[str]:
        """The currencies this account holds."""
        return frozenset(str(row[0]) for row in self.rows("SELECT currency FROM balance"))

    def spendable_minor(self, currency: str) -> int | None:
        """The last known balance less what was signed since, or accepted offline and not settled; None: not known."""
        rows = self.rows(
            "SELECT minor - (SELECT coalesce(sum(coalesce(taken, total)), 0) FROM signed WHERE currency = b.currency "
            "AND from_balance AND NOT released AND outcome IS NOT ? AND (seq > as_of_seq OR outcome = ?)) "
            "FROM balance b WHERE currency = ?",
            *(Outcome.DECLINED, Outcome.ACCEPTED_OFFLINE, currency),
        )
        return None if not rows or rows[0][0] is None else int(rows[0][0])

    def available_minor(self, currency: str) -> int | None:
        """What of `spendable_minor` is not set aside for promises; None: not known."""
        spendable_minor = self.spendable_minor(currency)
        return None if spendable_minor is None else max(0, spendable_minor - self.set_aside_minor(currency))

    def note(self, name: str) -> str | None:
        """A small fact about the account (its id, token, backend, issuers), as stored by `write_note`."""
        rows = self.rows("SELECT value FROM note WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def write_note(self, name: str, value: str) -> None:
        """Store a small fact about the account."""
        self.rows("INSERT OR REPLACE INTO note VALUES (?, ?)", name, value)


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
