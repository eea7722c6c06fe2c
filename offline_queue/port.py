# SPDX-License-Identifier: Apache-2.0
"""What the daemon asks of a journal, as a protocol. `Journal` keeps it on the medium, `MemoryJournal` in memory; one
contract suite holds both.

Every method may be called from any thread. Reads see every change whose future is done, and none that is not.

Tests: tests/contracts/test_journal_contract.py, tests/contracts/test_journal_limits_contract.py.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from offline_queue.values import (
    Change,
    DayTotals,
    Document,
    Head,
    IntentNumber,
    JournalHealth,
    Page,
    QueueEntry,
    QueueTotals,
    Recorded,
    SaleQuery,
    Verified,
    WalletUsage,
)
from pengpos.core.sale import Sale


class SaleReads(Protocol):
    """Finding sales again."""

    def sale(self, sale_id: UUID) -> Sale | None:
        """The sale as last recorded."""

    def sale_by_key(self, idempotency_key: str) -> Sale | None:
        """The sale that was asked for under this idempotency key."""

    def sale_by_intent(self, intent_id: UUID) -> Sale | None:
        """The sale one of whose intents, also an older one, has this id."""

    def lacks(self, intents: Iterable[UUID]) -> int:
        """How many of these intents, each named once, no sale in it has ever had."""

    def open_sales(self) -> list[Sale]:
        """Sales with something left to do, oldest first: what is taken up again after a restart.

        That is every open state, and any other sale with a refund queued or sent, or with an approval by code that
        the backend has not yet confirmed.
        """

    def unsent(self) -> list[Sale]:
        """Sales on which money may hang (UNSENT_STATES, or a refund queued or sent), oldest first."""

    def search(self, query: SaleQuery) -> Page:
        """One page of sales, the newest first."""

    def queue_entries(self, limit: int = 200) -> list[QueueEntry]:
        """Payments accepted offline and not yet answered, in the order in which they were made."""


class WalletReads(Protocol):
    """What tells a replayed authorisation from a new one."""

    def wallet_counter(self, kid: bytes) -> int:
        """The highest authorisation counter seen of a wallet key (kid, 8 bytes); -1: never seen."""

    def stored_authorisation(self, intent_id: UUID) -> bytes | None:
        """The authorisation stored for this intent, byte for byte."""


class UsageReads(Protocol):
    """What the caps of the offline policy are reckoned from."""

    def queue_totals(self, currency: str) -> QueueTotals:
        """Count, sum and oldest of what is stored."""

    def wallet_usage(self, kid: bytes, currency: str) -> WalletUsage:
        """What of a wallet key is stored and not yet answered."""


class TapReads(WalletReads, UsageReads, Protocol):
    """All that the judgement of a tap asks of a journal."""


class ReportReads(Protocol):
    """What reports and the clock are reckoned from."""

    def day_totals(self, from_utc: int, to_utc: int, currency: str) -> DayTotals:
        """Takings in from ≤ t < to."""

    def given_back_minor(self, from_utc: int, to_utc: int, currency: str) -> int:
        """Refunds done in from ≤ t < to, and all that are still under way: what a day's limit is held against."""

    def latest_issuer_time(self) -> int:
        """The latest time an issuer signed; 0: none seen."""


class ChainReads(Protocol):
    """Documents, values, and the chain itself."""

    def document(self, kind: str) -> Document | None:
        """The newest document of a kind; `head` is the last head the backend signed (its version is the seq)."""

    def value(self, kind: str, key: str) -> bytes | None:
        """What `ValueStored` last stored under kind and key."""

    def values(self, kind: str) -> dict[str, bytes]:
        """All values of a kind by key."""

    def head(self) -> Head:
        """The newest row. There is always one: the epoch's."""

    def holds(self, head: Head) -> bool:
        """True if the journal has exactly this row (seq, epoch and hash)."""

    def verify(self) -> Verified:
        """Walk the whole chain and compare what is searched with what the rows say.

        Memory stays flat. Raises JournalCorruptError with the first bad row's number.
        """


class Writes(Protocol):
    """Making changes durable."""

    def record(self, changes: Sequence[Change]) -> Future[Recorded]:
        """Make changes durable, all or none; done when they are on the medium (synced).

        The future raises JournalTransientError (full, failing, or not answering just now: try again later, though what
        failed at its sync may be there all the same), ChangeRefusedError (they contradict what is stored),
        JournalUnusableError (the file is damaged) or JournalFaultError (a fault of this program).
        """

    def next_counter(self) -> IntentNumber:
        """What the next intent must carry. It is used up when the sale that carries it is recorded, not before."""

    def health(self) -> JournalHealth:
        """How the medium serves it now; answers at once."""

    def lease(self, name: str) -> AbstractContextManager[None]:
        """Hold `name` alone while the context lasts (the one drainer). Raises JournalBusyError if it is held."""

    def close(self) -> None:
        """Finish what was asked for, then release the medium. Afterwards every call raises JournalClosedError."""


class Reads(SaleReads, TapReads, ReportReads, ChainReads, Protocol):
    """All that can be read."""


class Connects(Protocol):
    """Reading beside other readers."""

    def connect(self) -> Reads:
        """Another way to read, which never waits for those that read by any other; it is closed with the journal.

        Raises JournalError.
        """


class JournalPort(Reads, Connects, Writes, Protocol):
    """The whole journal."""
