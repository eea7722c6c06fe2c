# SPDX-License-Identifier: Apache-2.0
"""What the newest rows say of sales: in memory, over the tables on the medium, which follow many sales at a time.

Written with each row, what is searched would touch five times as many pages as the row itself. So a row of a sale goes
into table `journal` alone. Each connection keeps what follows from the rows behind `projected.seq` in temporary tables
(SQLite holds them in memory), and temporary views put them before those on the medium under the same names: whatever
asks for `sale`, `intent`, `refund` or `wallet_key` sees the journal as it is. A sale that is in `recent_sale` is there
with all that belongs to it, and nothing of it is taken from the medium. `catch_up` brings the medium's tables up to
date, in one transaction; if it never comes to that, nothing is lost but time at the next start.

Tests: tests/offline_queue/journal/test_recent.py, tests/offline_queue/journal/test_journal_model.py.
"""

import contextlib
from typing import Any, NamedTuple

from offline_queue.journal.connection import Connection
from offline_queue.records.codec import UnreadableSaleError
from offline_queue.records.facts import SaleFacts
from offline_queue.records.packing import stored_sale
from pengpos.core.sale import Sale, SaleState

SALE_COLUMNS = (
    "sale_id", "idempotency_key", "seq", "number", "state", "amount_minor", "total_minor", "currency", "reference",
    "created_at", "updated_at", "taken_at", "accepted_at", "live", "unsent", "wallet_kid", "intents",
)  # fmt: skip
# Setting an indexed column writes a page of its index even if the value stays: so only those that change are set.
_INDEXED = ("number", "reference", "taken_at", "live")
_PLAIN = ("seq", "state", "total_minor", "updated_at", "accepted_at", "unsent", "wallet_kid", "intents")

_OVERLAY = (
    """CREATE TEMP TABLE recent_sale (
        no INTEGER PRIMARY KEY, sale_id BLOB NOT NULL UNIQUE, idempotency_key TEXT NOT NULL UNIQUE,
        seq INTEGER NOT NULL, number TEXT NOT NULL, state TEXT NOT NULL, amount_minor INTEGER NOT NULL,
        total_minor INTEGER NOT NULL, currency TEXT NOT NULL, reference TEXT, created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL, taken_at INTEGER, accepted_at INTEGER, live INTEGER NOT NULL,
        unsent INTEGER NOT NULL, wallet_kid BLOB, intents INTEGER NOT NULL) STRICT""",
    "CREATE TEMP TABLE recent_intent (intent_id BLOB PRIMARY KEY, sale_no INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TEMP TABLE recent_refund (
        refund_id BLOB PRIMARY KEY, sale_no INTEGER NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL,
        amount_minor INTEGER NOT NULL, currency TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TEMP TABLE recent_wallet_key (
        kid BLOB PRIMARY KEY, counter BLOB NOT NULL, seq INTEGER NOT NULL, blocked_seq INTEGER NOT NULL)
        STRICT, WITHOUT ROWID""",
    *(
        f"""CREATE TEMP VIEW {table} AS
        SELECT * FROM main.{table} WHERE {key} NOT IN (SELECT {of} FROM temp.{recent})
        UNION ALL SELECT * FROM temp.recent_{table}"""  # noqa: S608 -- our own constant names
        for table, key, of, recent in (
            ("sale", "no", "no", "recent_sale"),
            ("intent", "sale_no", "no", "recent_sale"),
            ("refund", "sale_no", "no", "recent_sale"),
            ("wallet_key", "kid", "kid", "recent_wallet_key"),
        )
    ),
)
_FORGET = tuple(f"DELETE FROM temp.recent_{table}" for table in ("sale", "intent", "refund", "wallet_key"))  # noqa: S608 -- our own constant names

_PUT_SALE = f"INSERT OR REPLACE INTO recent_sale VALUES (?{', ?' * len(SALE_COLUMNS)})"  # noqa: S608 -- question marks
_PUT_INTENT = "INSERT OR REPLACE INTO recent_intent (intent_id, sale_no) VALUES (?, ?)"
_PUT_REFUND = "INSERT OR REPLACE INTO recent_refund VALUES (?, ?, ?, ?, ?, ?)"
_FETCH_WALLET = "INSERT OR IGNORE INTO recent_wallet_key SELECT * FROM main.wallet_key WHERE kid = ?"
_RAISE_WALLET = """INSERT INTO recent_wallet_key (kid, counter, seq, blocked_seq) VALUES (?, ?, ?, 0)
    ON CONFLICT (kid) DO UPDATE SET counter = excluded.counter, seq = excluded.seq WHERE excluded.counter > counter"""
_BLOCK_WALLET = "UPDATE recent_wallet_key SET blocked_seq = ? WHERE kid = ? AND blocked_seq = 0"

_CATCH_UP = (
    f"""UPDATE main.sale SET {", ".join(f"{name} = new.{name}" for name in _PLAIN)}
        FROM temp.recent_sale AS new WHERE sale.no = new.no""",  # noqa: S608 -- our own constant names
    *(
        f"""UPDATE main.sale SET {name} = new.{name}
        FROM temp.recent_sale AS new WHERE sale.no = new.no AND sale.{name} IS NOT new.{name}"""  # noqa: S608 -- our own constant names
        for name in _INDEXED
    ),
    "INSERT INTO main.sale SELECT * FROM temp.recent_sale WHERE no NOT IN (SELECT no FROM main.sale) ORDER BY no",
    "INSERT OR IGNORE INTO main.intent SELECT * FROM temp.recent_intent",
    "INSERT OR REPLACE INTO main.refund SELECT * FROM temp.recent_refund",
    "INSERT OR REPLACE INTO main.wallet_key SELECT * FROM temp.recent_wallet_key",
    "UPDATE main.projected SET seq = (SELECT max(seq) FROM main.journal)",
    *_FORGET,
)


def sale_columns(sale: Sale, seq: int, at_utc: int) -> tuple[Any, ...]:
    """The values of SALE_COLUMNS for a sale whose newest row is `seq`."""
    facts = SaleFacts.of(sale)
    return (
        sale.sale_id.bytes, sale.idempotency_key, seq, sale.number, facts.state.value, sale.amount.minor,
        facts.total_minor, sale.amount.currency, sale.reference, sale.created_at, at_utc, facts.taken_at,
        facts.accepted_at, int(facts.live), int(facts.unsent), facts.wallet_kid, len(sale.intents),
    )  # fmt: skip


def refund_rows(sale: Sale, no: int) -> list[tuple[Any, ...]]:
    """The rows of table `refund` for a sale; a refund without amount counts all that was taken."""
    return [
        (
            refund.refund_id.bytes, no, refund.state.value, refund.at,
            sale.total.minor if refund.amount_minor is None else refund.amount_minor, sale.amount.currency,
        )
        for refund in sale.refunds
    ]  # fmt: skip


def put_recent(connection: Connection, sale: Sale, no: int, seq: int, at_utc: int) -> None:
    """Note what follows from row `seq`; `no`: the number of the sale's first row."""
    connection.execute(_PUT_SALE, (no, *sale_columns(sale, seq, at_utc)))
    connection.executemany(_PUT_INTENT, [(intent.intent_id.bytes, no) for intent in sale.intents])
    connection.executemany(_PUT_REFUND, refund_rows(sale, no))
    if sale.authorised is not None:
        kid = sale.authorised.wallet_kid
        connection.execute(_FETCH_WALLET, (kid,))
        connection.execute(_RAISE_WALLET, (kid, sale.authorised.counter.to_bytes(8, "big"), seq))
        if sale.state is SaleState.DECLINED_AT_SYNC:
            connection.execute(_BLOCK_WALLET, (seq, kid))


def catch_up(connection: Connection) -> None:
    """Bring the tables on the medium up to date, within the caller's transaction."""
    for statement in _CATCH_UP:
        connection.execute(statement)


class Followed(NamedTuple):
    """How far a connection's temporary tables go: they hold what the rows `projected` < seq ≤ `to` say."""

    projected: int
    to: int


def follow(connection: Connection, so_far: Followed | None) -> Followed | None:
    """Note what has been written since `so_far`, within the caller's transaction; `so_far` None: the first time.

    None, and nothing is noted, for a file from before the tables lagged. A row that cannot be read is passed over:
    `verify` names it, and the tables are then as they were before it.
    """
    if so_far is None:
        if connection.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'projected'").fetchone() is None:
            return None
        for statement in _OVERLAY:
            connection.execute(statement)
    projected = connection.execute("SELECT seq FROM main.projected").fetchone()[0]
    if so_far is None:
        so_far = Followed(projected, projected)
    elif so_far.projected != projected:
        for statement in _FORGET:
            connection.execute(statement)
        so_far = Followed(projected, projected)
    to = so_far.to
    rows = "SELECT seq, kind, at_utc, body FROM journal WHERE seq > ? ORDER BY seq"
    for seq, kind, at_utc, body in connection.execute(rows, (to,)).fetchall():
        to = seq
        if kind == "sale":
            with contextlib.suppress(UnreadableSaleError):
                sale = stored_sale(body)
                known = connection.execute("SELECT no FROM sale WHERE sale_id = ?", (sale.sale_id.bytes,)).fetchone()
                put_recent(connection, sale, known[0] if known else seq, seq, at_utc)
    return Followed(projected, to)
