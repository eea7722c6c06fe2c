# SPDX-License-Identifier: Apache-2.0
"""Somebody with the device's own key edits the file: the full walk names the first bad row, the start sees the end."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from offline_queue.journal.connection import Connection, DatabaseError, connect
from offline_queue.journal.files import files_of
from offline_queue.journal.journal import Journal
from offline_queue.journal.reader import JournalReader
from offline_queue.journal.verify import verify
from offline_queue.values import DocumentStored, Head, HeadSigned, IssuerTimeSeen, ValueStored
from pengpos.core.errors import JournalCorruptError, JournalError, JournalMediumError
from pengpos.core.sale import Refund, SaleState
from pengpos.i18n import in_language
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved, store

KEY = bytes(32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of 17 rows: epoch, five sales of which the last is open, a refund, documents, values, a signed head."""
    path = tmp_path / "journal.db"
    maker = SaleMaker()
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        for counter in range(1, 6):
            sale = maker.signed(journal.next_counter(), at=NOON + counter)
            store(journal, sale)  # rows 2, 4, 6, 8, 10
            state = SaleState.ACCEPTED_OFFLINE if counter == 5 else SaleState.DECLINED_AT_SYNC
            store(journal, moved(maker.authorised(sale, kid=b"walletk1", counter=counter), state))
        refund = Refund(refund_id=uuid4(), idempotency_key="r", amount_minor=None, reason="spoilt", at=NOON)
        sale = maker.signed(journal.next_counter())
        store(journal, replace(maker.approved(sale), refunds=(refund,)))  # row 12
        document = DocumentStored(kind="policy", version=3, body=b"policy")  # row 13
        value = ValueStored(kind="split", key="1", body=b"shares")  # row 14
        head = journal.record([document, value, IssuerTimeSeen(at=NOON)]).result(10).head  # row 15
        journal.record([HeadSigned(head=head, signed=b"by the backend")]).result(10)  # row 16
        journal.record([ValueStored(kind="till", key="closing time", body=b"")]).result(10)  # row 17
    return path


def edit(path: Path, *statements: str) -> None:
    """Run SQL as a thief would, with the triggers taken away."""
    connection = connect(path, KEY)
    triggers = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for statement in (*(f"DROP TRIGGER {name}" for name in triggers), *statements):
        connection.execute(statement)
    connection.close()


def swap(first: int, second: int) -> tuple[str, ...]:
    return tuple(
        f"UPDATE journal SET seq = {new} WHERE seq = {old}" for old, new in ((first, 99), (second, first), (99, second))
    )


def test_untouched_it_verifies(path: Path) -> None:
    edit(path)
    assert verify(path, KEY).rows == 17


COPY_LAST_ROW = """INSERT INTO journal
    SELECT 18, epoch, counter, kind, subject, at_utc, boot, body, hash FROM journal WHERE seq = 17"""
INVENT_SALE = """INSERT INTO sale
    SELECT 99, x'00', 'k', seq, number, state, amount_minor, total_minor, currency, reference, created_at,
           updated_at, taken_at, accepted_at, live, unsent, wallet_kid, intents FROM sale WHERE no = 2"""

ROWS = [
    ("body edited", ("UPDATE journal SET body = x'00' WHERE seq = 7",), 7),
    ("time edited", ("UPDATE journal SET at_utc = 1 WHERE seq = 1",), 1),
    ("epoch edited", ("UPDATE journal SET epoch = 1 WHERE seq = 9",), 9),
    ("counter edited", ("UPDATE journal SET counter = 1 WHERE seq = 9",), 9),
    ("kind edited", ("UPDATE journal SET kind = 'note/sale' WHERE seq = 4",), 4),
    ("hash edited", ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 17",), 17),
    ("deleted", ("DELETE FROM journal WHERE seq = 6",), 6),
    ("first deleted", ("DELETE FROM journal WHERE seq = 1",), 1),
    ("reordered", swap(3, 5), 3),
    ("neighbours reordered", swap(15, 16), 15),
    ("appended", (COPY_LAST_ROW,), 18),
    ("all deleted", ("DELETE FROM journal",), 1),
    ("last sale row deleted", ("DELETE FROM journal WHERE seq >= 11",), 11),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "seq"), [case[1:] for case in ROWS], ids=[case[0] for case in ROWS])
def test_a_changed_row_is_named(path: Path, statements: tuple[str, ...], seq: int) -> None:
    edit(path, *statements)
    with pytest.raises(JournalCorruptError) as trouble:
        verify(path, KEY)
    assert (trouble.value.seq, str(trouble.value)[:4]) == (seq, f"row {seq}"[:4])


DERIVED = [
    ("state", "UPDATE sale SET state = 'approved' WHERE no = 10", 11),
    ("amount", "UPDATE sale SET amount_minor = 1 WHERE no = 2", 3),
    ("not open", "UPDATE sale SET live = 0 WHERE no = 10", 11),
    ("older row", "UPDATE sale SET seq = 10 WHERE no = 10", 10),
    ("later row", "UPDATE sale SET seq = 17 WHERE no = 10", 18),
    ("sale gone", "DELETE FROM sale WHERE no = 4", 4),
    ("sale invented", INVENT_SALE, 18),
    ("intent gone", "DELETE FROM intent WHERE sale_no = 4", 5),
    ("intent moved", "UPDATE intent SET sale_no = 2 WHERE sale_no = 4", 5),
    ("intent invented", "INSERT INTO intent VALUES (x'00', 2)", 18),
    ("refund", "UPDATE refund SET amount_minor = 0", 12),
    ("refund gone", "DELETE FROM refund", 12),
    ("wallet counter lowered", "UPDATE wallet_key SET counter = x'0000000000000002'", 7),
    ("wallet counter raised", "UPDATE wallet_key SET counter = x'1000000000000000'", 11),
    ("wallet unblocked", "UPDATE wallet_key SET blocked_seq = 0", 3),
    ("wallet blocked later", "UPDATE wallet_key SET blocked_seq = 5", 3),
    ("wallet gone", "DELETE FROM wallet_key", 3),
    ("wallet invented", "INSERT INTO wallet_key VALUES (x'00', x'00', 3, 0)", 18),
    ("document edited", "UPDATE document SET body = x'00' WHERE kind = 'policy'", 13),
    ("document's version", "UPDATE document SET version = 9 WHERE kind = 'policy'", 13),
    ("document gone", "DELETE FROM document WHERE kind = 'policy'", 13),
    ("signed head edited", "UPDATE document SET body = x'00' WHERE kind = 'head'", 16),
    ("value moved", "UPDATE value SET seq = 15 WHERE kind = 'split'", 18),
    ("value gone", "DELETE FROM value", 14),
    ("issuers' time", "UPDATE issuer_time SET at = 1", 15),
    ("issuers' time raised", "UPDATE issuer_time SET at = at + 1", 15),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "seq"), [case[1:] for case in DERIVED], ids=[case[0] for case in DERIVED])
def test_a_derived_table_that_says_something_else_is_named_by_its_row(path: Path, statement: str, seq: int) -> None:
    edit(path, statement)
    with pytest.raises(JournalCorruptError) as trouble:
        verify(path, KEY)
    assert trouble.value.seq == seq
    assert in_language(trouble.value.detail, "zh-Hans") != trouble.value.detail, "what a technician reads"


@pytest.mark.parametrize(
    ("statements", "seq"),
    [
        (("UPDATE journal SET body = x'00' WHERE seq = 17",), 17),
        (("DELETE FROM journal WHERE seq = 16",), 16),
        (("DELETE FROM journal WHERE seq > 11",), 12),
        (("DELETE FROM document", "DELETE FROM journal WHERE seq > 11"), 12),
        (("DELETE FROM document", "UPDATE journal SET at_utc = 1 WHERE seq = 1"), 1),
        (("DELETE FROM document", "DELETE FROM journal"), 1),
    ],
    ids=["edited after the signed head", "deleted after it", "cut below it", "cut below a sale", "no head", "emptied"],
)
def test_the_start_refuses_a_bad_end_and_changes_nothing(path: Path, statements: tuple[str, ...], seq: int) -> None:
    edit(path, *statements)
    before = path.read_bytes()
    with pytest.raises(JournalCorruptError) as trouble:
        Journal.open(path, key=KEY, clock=HeldClock())
    assert trouble.value.seq == seq
    assert path.read_bytes() == before


def test_only_the_full_walk_sees_what_lies_before_the_signed_head(path: Path) -> None:
    edit(path, "UPDATE journal SET body = x'00' WHERE seq = 13")
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal, pytest.raises(JournalCorruptError) as trouble:
        journal.verify()
    assert trouble.value.seq == 13


def test_a_whole_card_put_back_verifies_but_lacks_the_head_the_backend_knows(path: Path) -> None:
    old = {file: file.read_bytes() for file in files_of(path) if file.exists()}
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        later: Head = journal.record([ValueStored(kind="till", key="after the copy", body=b"")]).result(10).head
    for file, content in old.items():
        file.write_bytes(content)
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        assert journal.verify().rows == 17
        assert not journal.holds(later)
        journal.record([ValueStored(kind="till", key="another life", body=b"")]).result(10)
        assert not journal.holds(later)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal SET body = x'00' WHERE seq = 3", "DELETE FROM journal WHERE seq = 17",
     "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 3"],
    ids=["update", "delete", "replace"],
)  # fmt: skip
def test_the_program_itself_cannot_change_a_row(path: Path, statement: str) -> None:
    connection: Connection = connect(path, KEY)
    with pytest.raises(DatabaseError, match="append-only"):
        connection.execute(statement)
    connection.close()


def test_a_reader_cannot_write(path: Path) -> None:
    with JournalReader(path, KEY) as reader, pytest.raises(JournalMediumError, match="readonly"):
        reader._connection.ask(lambda connection: connection.execute("DELETE FROM main.sale"))


def test_a_walk_sees_one_state_while_sales_go_on(path: Path) -> None:
    stop = threading.Event()
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:

        def sell() -> None:
            while not stop.is_set():
                journal.record([ValueStored(kind="till", key="x", body=b"")]).result(10)

        seller = threading.Thread(target=sell)
        seller.start()
        try:
            walks = [journal.verify().rows for _ in range(5)]
        finally:
            stop.set()
            seller.join()
        assert walks == sorted(walks)
        assert journal.head().seq >= walks[-1]


def damage(path: Path, at: Callable[[int], int]) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(at(size))
        file.write(b"\xff" * 512)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97], ids=lambda share: f"at {share:.0%}")
def test_a_bad_sector_is_found(path: Path, share: float) -> None:
    damage(path, lambda size: int(size * share) // 512 * 512)
    with pytest.raises(JournalError), Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        journal.verify()
