# SPDX-License-Identifier: Apache-2.0
"""What goes into the journal and what comes out of it, as values. No SQL, no file, no thread.

Source: backend API (documents, heartbeat: journal head), local API (queue, day, search). Money is whole minor units;
times are Unix seconds, UTC.

Tests: tests/contracts/test_journal_contract.py.
"""

from dataclasses import dataclass, field

from pengpos.core.errors import JournalError
from pengpos.core.sale import Sale, SaleState

PAGE_LIMIT = 200  # sales in one page of a search, and payments in one batch to the backend


@dataclass(eq=False)
class ChangeRefusedError(JournalError):
    """The change contradicts what the journal holds (older version, used counter or key); nothing of it was written."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class JournalBusyError(JournalError):
    """Another has it: another process the file, or another drainer the lease."""

    what: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.what}. {self.way_out}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleChanged:
    """A sale as it is from now on, whole. Its first row also makes the counters of its new intents durable.

    Refused if a new intent does not carry the current epoch and the next counter, if the idempotency key belongs to
    another sale, or if key, amount or time of creation differ from the sale's first row or an old intent is gone.
    """

    sale: Sale
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStored:
    """A document of the backend (policy, config, denylist …) as its signed bytes. A lower version is refused.

    Kind ``head`` is kept for `HeadSigned`.
    """

    kind: str
    version: int
    body: bytes

    def __post_init__(self) -> None:
        if self.kind == "head":
            raise ValueError("a signed head is recorded as HeadSigned")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStored:
    """Something small the daemon must find again (a split, an alarm seen to, an operator's PIN hash); last one wins.

    No slash in `kind`.
    """

    kind: str
    key: str
    body: bytes

    def __post_init__(self) -> None:
        if "/" in self.kind:
            raise ValueError("a kind of value has no slash")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSigned:
    """A journal head that the backend has signed back. Refused unless this journal holds exactly that row."""

    head: "Head"
    signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerTimeSeen:
    """A time that an issuer has signed; the device's clock never falls below the latest (tap protocol, Clock)."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochDrawn:
    """A new epoch: 63 random bits. Intent counters go on behind `counter`: 0, or what missing rows had used."""

    epoch: int
    why: str
    counter: int = 0


Change = SaleChanged | DocumentStored | ValueStored | HeadSigned | IssuerTimeSeen | EpochDrawn


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row: epoch in force, sequence number from 1, and its chained SHA-256."""

    epoch: int
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class WaitingPayment:
    """A payment accepted offline that waits for the backend: its intent, and what is to come of it."""

    intent_id: bytes
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class MissingRows:
    """The journal ended at row `had` of `epoch`, and is found ending at `have`, or with another row there."""

    had: int
    have: int
    epoch: int
    payments: list[WaitingPayment]
    """Those of the payments that waited which are not in it as accepted; `more` waited beside those that are known."""
    more: int = 0


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """How the medium serves a journal that works. `slow`: its syncs take seconds; `log_grows`: it cannot be folded."""

    slow: bool = False
    log_grows: bool = False


MISSING_ROWS = "missing_rows"
"""The kind of value under which a journal keeps what it once found missing; by epoch and row, JSON of MissingRows."""


ENROLMENT = "enrolment"
"""The kind of value under which a journal keeps the enrolment's file, so that an export can do without that."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The changes are on the medium; `head` is the journal's head after the last of them."""

    head: Head


@dataclass(frozen=True, slots=True)
class IntentNumber:
    """What the next intent must carry in its claim 8, beside the terminal's id."""

    epoch: int
    counter: int


@dataclass(frozen=True, slots=True)
class Document:
    """The newest document of a kind."""

    kind: str
    version: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """One payment accepted offline and not yet answered by the backend (`accepted_offline` or `forwarding`)."""

    sale: Sale
    accepted_at: int
    """When it was accepted: what age and deadline count from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTotals:
    """All that waits, in one currency: what the caps on stored count, sum and age are held against."""

    count: int
    total_minor: int
    oldest_at: int | None
    unknown_count: int
    """Sales in `unknown`; they are asked about, not forwarded, and are not in `count`."""
    by_code_count: int = 0
    by_code_minor: int = 0
    by_code_oldest_at: int | None = None
    """Approved by a confirmation code, and the backend not heard of it: not in `count`; caps count them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletUsage:
    """What one wallet key still owes the backend's answer for, in one currency."""

    count: int
    total_minor: int
    blocked: bool
    """A payment of this key was declined at sync: it pays nothing offline any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotals:
    """Takings between two instants in one currency, by the device's own count.

    A sale counts when its money was taken: at the offline acceptance, else at the booking. `count` and `total_minor`
    hold all that stands (approved, settled, refunded or not, accepted offline and still on its way).
    """

    count: int
    total_minor: int
    offline_count: int
    offline_total_minor: int
    refunded_count: int
    refunded_minor: int
    """Refunds done in the period; those of a whole sale with its captured total."""
    declined_at_sync_count: int
    declined_at_sync_minor: int
    due_paid_count: int
    due_paid_minor: int
    """Of those declined at sync: what their shoppers, asked for it, have paid since, whenever they did."""
    unknown_count: int
    """Sales created in the period that are `unknown` now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleQuery:
    """A search: all given conditions hold, times as from ≤ t < to. At most `PAGE_LIMIT` sales a page."""

    from_utc: int | None = None
    to_utc: int | None = None
    """Of creation."""
    counts_from_utc: int | None = None
    counts_to_utc: int | None = None
    """Of the instant at which the sale counts (`pengpos.core.business_day`); a sale that does not count is left out."""
    refunded_from_utc: int | None = None
    refunded_to_utc: int | None = None
    """A refund of it was done in this time; both are given, or neither."""
    states: frozenset[SaleState] = field(default_factory=frozenset)
    """Empty: any."""
    amount_minor: int | None = None
    number: str | None = None
    reference: str | None = None
    limit: int = 50
    before: int | None = None
    """`Page.next` of the page before."""

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= PAGE_LIMIT:
            raise ValueError(f"limit must be 1..{PAGE_LIMIT}, not {self.limit}")


@dataclass(frozen=True, slots=True)
class Page:
    """Sales, the newest first; `next` continues, None: that was all."""

    sales: tuple[Sale, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """A full walk found nothing wrong: rows seen, sales among them, and the head."""

    rows: int
    sales: int
    head: Head
