# SPDX-License-Identifier: Apache-2.0
"""Reading the journal over a connection of its own, which cannot write: readers never wait for a sync.

In WAL mode a reader sees the last committed state while the writer goes on. One caller at a time; each read is
bounded and finished before the next one begins, so that checkpoints are never held up for long.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self, cast
from uuid import UUID

from offline_queue.journal.connection import Connection
from offline_queue.journal.files import refuse_strays
from offline_queue.journal.reading import ReadConnection
from offline_queue.journal.verify import verify
from offline_queue.records.chain import GENESIS, ChainedRow
from offline_queue.records.facts import REFUND_UNDER_WAY, by_code_at, due_paid_minor
from offline_queue.records.packing import stored_row, stored_sale
from offline_queue.values import (
    DayTotals,
    Document,
    Head,
    Page,
    QueueEntry,
    QueueTotals,
    SaleQuery,
    Verified,
    WalletUsage,
)
from pengpos.core.machine.states import STORED_STATES, TAKEN_STATES
from pengpos.core.sale import RefundState, Sale, SaleState


def _quoted(states: frozenset[SaleState] | frozenset[RefundState]) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states))


_STORED = _quoted(STORED_STATES)
_TAKEN_STATES = _quoted(TAKEN_STATES)
_SALES = (
    "SELECT sale.no, sale.accepted_at, sale.created_at, journal.body FROM sale JOIN journal ON journal.seq = sale.seq"
)
_QUEUE_TOTALS = f"""SELECT
      count(*) FILTER (WHERE state IN ({_STORED})), coalesce(sum(total_minor) FILTER (WHERE state IN ({_STORED})), 0),
      min(coalesce(accepted_at, created_at)) FILTER (WHERE state IN ({_STORED})),
      count(*) FILTER (WHERE state = '{SaleState.UNKNOWN.value}'), count(*) FILTER (WHERE state IN ({_TAKEN_STATES}))
    FROM sale WHERE live AND currency = ?"""  # noqa: S608 -- our own constant states
_WALLET_USAGE = f"""SELECT count(*), coalesce(sum(total_minor), 0) FROM sale
    WHERE live AND wallet_kid = ? AND currency = ? AND state IN ({_STORED})"""  # noqa: S608 -- our own constant states
_TAKEN = f"""SELECT
      count(*) FILTER (WHERE NOT bounced), coalesce(sum(total_minor) FILTER (WHERE NOT bounced), 0),
      count(*) FILTER (WHERE offline AND NOT bounced),
      coalesce(sum(total_minor) FILTER (WHERE offline AND NOT bounced), 0),
      count(*) FILTER (WHERE bounced), coalesce(sum(total_minor) FILTER (WHERE bounced), 0)
    FROM (SELECT total_minor, accepted_at IS NOT NULL AS offline,
                 state = '{SaleState.DECLINED_AT_SYNC.value}' AS bounced
          FROM sale WHERE taken_at >= ? AND taken_at < ? AND currency = ?)"""  # noqa: S608 -- our own constant states
# A due has no column: only the few declined at sync have one, and an earlier version can still open the file.
_BOUNCED = f"""sale.taken_at >= ? AND sale.taken_at < ? AND sale.currency = ?
    AND sale.state = '{SaleState.DECLINED_AT_SYNC.value}'"""
_ROWS_AT_ONCE = 1_000
_IDS_AT_ONCE = 500
_ROWS_FROM = """SELECT seq, epoch, counter, kind, subject, at_utc, boot, body, hash FROM journal
    WHERE seq >= ? ORDER BY seq LIMIT ?"""
_REFUNDED = """SELECT count(*), coalesce(sum(amount_minor), 0) FROM refund
    WHERE state = 'done' AND at >= ? AND at < ? AND currency = ?"""
_GIVEN_BACK = f"""SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE currency = ?
    AND (state IN ({_quoted(REFUND_UNDER_WAY)}) OR (state = 'done' AND at >= ? AND at < ?))"""  # noqa: S608 -- our own constant states
_UNKNOWN = f"""SELECT count(*) FROM sale
    WHERE live AND state = '{SaleState.UNKNOWN.value}' AND created_at >= ? AND created_at < ? AND currency = ?"""  # noqa: S608 -- our own constant state


class JournalReader:
    """Everything one may ask of a journal file. See `offline_queue.port` for what each method promises."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Raises JournalForeignError if the file or the key is not this journal's; JournalNewerError."""
        refuse_strays(path)
        self.path = path
        self._key = key
        self._connection = ReadConnection(path, key)

    def close(self) -> None:
        """Let go of the file. Afterwards every read raises JournalClosedError."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sale(self, sale_id: UUID) -> Sale | None:
        """See `SaleReads.sale`."""
        return self._one_sale("sale.sale_id = ?", sale_id.bytes)

    def sale_by_key(self, idempotency_key: str) -> Sale | None:
        """See `SaleReads.sale_by_key`."""
        return self._one_sale("sale.idempotency_key = ?", idempotency_key)

    def sale_by_intent(self, intent_id: UUID) -> Sale | None:
        """See `SaleReads.sale_by_intent`."""
        return self._one_sale("sale.no = (SELECT sale_no FROM intent WHERE intent_id = ?)", intent_id.bytes)

    def lacks(self, intents: Iterable[UUID]) -> int:
        """How many of these intents it has never had: what a second copy holds beside it."""
        ids = [intent.bytes for intent in intents]
        known = 0
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = ids[start : start + _IDS_AT_ONCE]
            marks = ", ".join("?" * len(some))
            known += self._row(f"SELECT count(*) FROM intent WHERE intent_id IN ({marks})", *some)[0]  # noqa: S608 -- question marks
        return len(ids) - known

    def open_sales(self) -> list[Sale]:
        """See `SaleReads.open_sales`."""
        return [sale for _, _, sale in self._sales("sale.live ORDER BY sale.no")]

    def unsent(self) -> list[Sale]:
        """See `SaleReads.unsent`."""
        return [sale for _, _, sale in self._sales("sale.live AND sale.unsent ORDER BY sale.no")]

    def queue_entries(self, limit: int = 200) -> list[QueueEntry]:
        """See `SaleReads.queue_entries`."""
        where = f"sale.live AND sale.state IN ({_STORED}) ORDER BY sale.no LIMIT ?"
        return [QueueEntry(sale=sale, accepted_at=at) for _, at, sale in self._sales(where, limit)]

    def search(self, query: SaleQuery) -> Page:
        """See `SaleReads.search`."""
        conditions: list[tuple[str, Any]] = [
            ("created_at >= ?", query.from_utc),
            ("created_at < ?", query.to_utc),
            ("taken_at >= ?", query.counts_from_utc),
            ("taken_at < ?", query.counts_to_utc),
            ("amount_minor = ?", query.amount_minor),
            ("number = ?", query.number),
            ("reference = ?", query.reference),
            ("no < ?", query.before),
        ]
        given = [(condition, value) for condition, value in conditions if value is not None]
        where = [condition for condition, _ in given]
        values = [value for _, value in given]
        if query.refunded_from_utc is not None and query.refunded_to_utc is not None:
            where.append("no IN (SELECT sale_no FROM refund WHERE state = 'done' AND at >= ? AND at < ?)")
            values += [query.refunded_from_utc, query.refunded_to_utc]
        if query.states:
            where.append(f"state IN ({_quoted(query.states)})")
        # The page is cut before a single sale's bytes are read.
        cut = f"SELECT no FROM sale WHERE {' AND '.join(where) or 'true'} ORDER BY no DESC LIMIT ?"  # noqa: S608 -- our own conditions
        found = self._sales(f"sale.no IN ({cut}) ORDER BY sale.no DESC", *values, query.limit + 1)
        page = found[: query.limit]
        more = len(found) > query.limit
        return Page(tuple(sale for _, _, sale in page), page[-1][0] if more else None)

    def queue_totals(self, currency: str) -> QueueTotals:
        """See `UsageReads.queue_totals`."""
        count, total, oldest, unknown, live_and_taken = self._row(_QUEUE_TOTALS, currency)
        by_code = self._by_code(currency) if live_and_taken else []
        return QueueTotals(
            count=count,
            total_minor=total,
            oldest_at=oldest,
            unknown_count=unknown,
            by_code_count=len(by_code),
            by_code_minor=sum(sale.total.minor for sale, _ in by_code),
            by_code_oldest_at=min((at for _, at in by_code), default=None),
        )

    def _by_code(self, currency: str) -> list[tuple[Sale, int]]:
        """Sales that stand on a confirmation code, each with the time of it. No column says so: they are few."""
        live = self._sales(f"sale.live AND sale.currency = ? AND sale.state IN ({_TAKEN_STATES})", currency)
        return [(sale, at) for _, _, sale in live if (at := by_code_at(sale)) is not None]

    def wallet_counter(self, kid: bytes) -> int:
        """See `WalletReads.wallet_counter`."""
        found = self._row("SELECT counter FROM wallet_key WHERE kid = ?", kid)
        return int.from_bytes(found[0], "big") if found else -1

    def wallet_usage(self, kid: bytes, currency: str) -> WalletUsage:
        """See `UsageReads.wallet_usage`."""
        count, total = self._row(_WALLET_USAGE, kid, currency)
        blocked = self._row("SELECT 1 FROM wallet_key WHERE kid = ? AND blocked_seq > 0", kid)
        return WalletUsage(count=count, total_minor=total, blocked=blocked is not None)

    def stored_authorisation(self, intent_id: UUID) -> bytes | None:
        """See `WalletReads.stored_authorisation`."""
        sale = self.sale_by_intent(intent_id)
        if sale is None or sale.authorised is None or sale.intent.intent_id != intent_id:
            return None
        return sale.authorised.authorisation

    def day_totals(self, from_utc: int, to_utc: int, currency: str) -> DayTotals:
        """See `ReportReads.day_totals`."""
        asked = (from_utc, to_utc, currency)
        count, total, offline_count, offline_total, bounced_count, bounced = self._row(_TAKEN, *asked)
        refunded_count, refunded = self._row(_REFUNDED, *asked)
        declined = [sale for _, _, sale in self._sales(_BOUNCED, *asked)] if bounced_count else []
        paid_since = [paid for sale in declined if (paid := due_paid_minor(sale)) is not None]
        return DayTotals(
            count=count,
            total_minor=total,
            offline_count=offline_count,
            offline_total_minor=offline_total,
            refunded_count=refunded_count,
            refunded_minor=refunded,
            declined_at_sync_count=bounced_count,
            declined_at_sync_minor=bounced,
            due_paid_count=len(paid_since),
            due_paid_minor=sum(paid_since),
            unknown_count=self._row(_UNKNOWN, *asked)[0],
        )

    def given_back_minor(self, from_utc: int, to_utc: int, currency: str) -> int:
        """See `ReportReads.given_back_minor`."""
        return cast("int", self._row(_GIVEN_BACK, currency, from_utc, to_utc)[0])

    def latest_issuer_time(self) -> int:
        """See `ReportReads.latest_issuer_time`."""
        found = self._row("SELECT at FROM issuer_time")
        return cast("int", found[0]) if found else 0

    def document(self, kind: str) -> Document | None:
        """See `ChainReads.document`."""
        found = self._row("SELECT kind, version, body FROM document WHERE kind = ?", kind)
        return Document(*found) if found else None

    def value(self, kind: str, key: str) -> bytes | None:
        """See `ChainReads.value`."""
        found = self._row(
            "SELECT body FROM journal WHERE seq = (SELECT seq FROM value WHERE kind = ? AND key = ?)", kind, key
        )
        return cast("bytes", found[0]) if found else None

    def values(self, kind: str) -> dict[str, bytes]:
        """See `ChainReads.values`."""
        sql = "SELECT key, body FROM value JOIN journal USING (seq) WHERE value.kind = ? ORDER BY seq"
        return {row["key"]: row["body"] for row in self._query(sql, kind)}

    def rows_of(self, sales: Sequence[Sale]) -> dict[UUID, list[ChainedRow]]:
        """All rows of these sales. Walks the journal from the oldest of them on: for exports, not for the counter."""
        found: dict[UUID, list[ChainedRow]] = {sale.sale_id: [] for sale in sales}
        subjects = {str(sale_id): sale_id for sale_id in found}
        if not found:
            return found
        ids = [sale_id.bytes for sale_id in found]
        first = min(self._row("SELECT no FROM sale WHERE sale_id = ?", some_id)[0] for some_id in ids)
        previous = self._row("SELECT hash FROM journal WHERE seq = ?", first - 1)[0]
        while rows := list(self._query(_ROWS_FROM, first, _ROWS_AT_ONCE)):
            for row in rows:
                row_hash = row.pop("hash")
                if row["kind"] == "sale" and row["subject"] in subjects:
                    found[subjects[row["subject"]]].append(ChainedRow(stored_row(*row.values()), previous, row_hash))
                previous = row_hash
            first = rows[-1]["seq"] + 1
        return found

    def rows_since(self, seq: int, limit: int) -> list[ChainedRow]:
        """The rows behind row `seq`, oldest first, `limit` at most; for a page that follows the journal."""
        found = list(self._query(_ROWS_FROM, seq, limit + 1))  # the first of them only for its hash
        previous = GENESIS
        rows: list[ChainedRow] = []
        for row in found:
            row_hash = row.pop("hash")
            if row["seq"] > seq:
                rows.append(ChainedRow(stored_row(*row.values()), previous, row_hash))
            previous = row_hash
        return rows[:limit]

    def head(self) -> Head:
        """See `ChainReads.head`."""
        return Head(*self._row("SELECT epoch, seq, hash FROM journal ORDER BY seq DESC LIMIT 1"))

    def holds(self, head: Head) -> bool:
        """See `ChainReads.holds`."""
        found = self._row("SELECT epoch, hash FROM journal WHERE seq = ?", head.seq)
        return bool(found == (head.epoch, head.hash))

    def verify(self) -> Verified:
        """See `ChainReads.verify`. Uses a connection of its own: other reads go on meanwhile."""
        return verify(self.path, self._key)

    def _one_sale(self, where: str, value: Any) -> Sale | None:
        found = self._sales(where, value)
        return found[0][2] if found else None

    def _sales(self, where: str, *values: Any) -> list[tuple[int, int, Sale]]:
        """Sales as (number of the first row, time of acceptance or else creation, sale)."""
        rows = self._connection.ask(lambda connection: connection.execute(f"{_SALES} WHERE {where}", values).fetchall())
        return [(no, created_at if at is None else at, stored_sale(body)) for no, at, created_at, body in rows]

    def _row(self, sql: str, *values: Any) -> Any:
        return self._connection.ask(lambda connection: connection.execute(sql, values).fetchone())

    def _query(self, sql: str, *values: Any) -> Iterable[dict[str, Any]]:
        return self._connection.ask(lambda connection: _as_dicts(connection, sql, values))


def _as_dicts(connection: Connection, sql: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
