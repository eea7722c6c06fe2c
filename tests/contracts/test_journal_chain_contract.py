# SPDX-License-Identifier: Apache-2.0
"""What every journal promises of documents, values, its chain, its lease and its end (`offline_queue.port`)."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from offline_queue.journal.connection import DatabaseError
from offline_queue.memory import MemoryJournal
from offline_queue.port import JournalPort
from offline_queue.records.rows import draw_epoch
from offline_queue.values import (
    ChangeRefusedError,
    DocumentStored,
    EpochDrawn,
    Head,
    HeadSigned,
    IssuerTimeSeen,
    JournalBusyError,
    ValueStored,
)
from pengpos.core.errors import (
    JournalClosedError,
    JournalError,
    JournalFaultError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
)
from pengpos.core.sale import Refund, SaleState
from tests.contracts.recording import record, stored_sale
from workshop.samples.journal import NOON, SaleMaker, moved, store


def test_a_document_is_replaced_by_its_successor_only(journal: JournalPort) -> None:
    for version, body in ((3, b"three"), (3, b"three, signed again"), (5, b"five")):
        record(journal, DocumentStored(kind="policy", version=version, body=body))
    with pytest.raises(ChangeRefusedError, match="older than version 5"):
        record(journal, DocumentStored(kind="policy", version=4, body=b"four"))
    document = journal.document("policy")
    assert document is not None
    assert (document.kind, document.version, document.body) == ("policy", 5, b"five")
    assert journal.document("config") is None


def test_values_are_kept_by_kind_and_key(journal: JournalPort) -> None:
    record(journal, *(ValueStored(kind="split", key=key, body=body) for key, body in (("a/b", b"1"), ("c", b"2"))))
    record(journal, ValueStored(kind="split", key="a/b", body=b"3"), ValueStored(kind="alarm", key="c", body=b"4"))
    assert journal.values("split") == {"a/b": b"3", "c": b"2"}
    assert (journal.value("alarm", "c"), journal.value("alarm", "a/b")) == (b"4", None)


def test_the_issuers_time_never_falls(journal: JournalPort) -> None:
    record(journal, IssuerTimeSeen(at=NOON), IssuerTimeSeen(at=NOON - 5))
    assert journal.latest_issuer_time() == NOON


def test_the_head_moves_by_one_row_a_change(journal: JournalPort, maker: SaleMaker) -> None:
    before = journal.head()
    after = record(journal, ValueStored(kind="till", key="hello", body=b""), IssuerTimeSeen(at=1))
    assert (after.seq, after.epoch) == (before.seq + 2, before.epoch)
    assert journal.head() == after
    assert len(after.hash) == 32


def test_a_signed_head_is_kept_if_it_is_ours(journal: JournalPort) -> None:
    ours = journal.head()
    record(journal, ValueStored(kind="till", key="hello", body=b""))
    record(journal, HeadSigned(head=ours, signed=b"by the backend"))
    document = journal.document("head")
    assert document is not None
    assert (document.version, document.body) == (ours.seq, b"by the backend")
    assert journal.holds(ours)


@pytest.mark.parametrize(
    "forge",
    [
        lambda head: Head(head.epoch, head.seq, bytes(32)),
        lambda head: Head(head.epoch ^ 1, head.seq, head.hash),
        lambda head: Head(head.epoch, head.seq + 1, head.hash),
        lambda head: Head(head.epoch, 0, head.hash),
    ],
    ids=["hash", "epoch", "later", "none"],
)
def test_a_head_of_another_journal_is_refused(journal: JournalPort, forge: Callable[[Head], Head]) -> None:
    other = forge(journal.head())
    assert not journal.holds(other)
    with pytest.raises(ChangeRefusedError, match="does not hold"):
        record(journal, HeadSigned(head=other, signed=b"x"))


def test_a_signed_head_never_goes_back(journal: JournalPort) -> None:
    first = journal.head()
    second = record(journal, ValueStored(kind="till", key="hello", body=b""))
    record(journal, HeadSigned(head=second, signed=b"two"))
    with pytest.raises(ChangeRefusedError, match="older"):
        record(journal, HeadSigned(head=first, signed=b"one"))


def test_all_kinds_of_changes_verify(journal: JournalPort, maker: SaleMaker) -> None:
    sale = stored_sale(journal, maker, SaleState.ACCEPTED_OFFLINE)
    refund = Refund(refund_id=uuid4(), idempotency_key="r", amount_minor=5, reason="spoilt", at=NOON)
    store(journal, moved(replace(sale, refunds=(refund,)), SaleState.DECLINED_AT_SYNC))
    head = record(journal, DocumentStored(kind="policy", version=1, body=b"p"), IssuerTimeSeen(at=9),
                  ValueStored(kind="split", key="1", body=b""), ValueStored(kind="t", key="x", body=b""))  # fmt: skip
    head = record(journal, HeadSigned(head=head, signed=b"s"))
    head = record(journal, EpochDrawn(epoch=draw_epoch(), why="restored"))
    stored_sale(journal, maker, SaleState.PENDING)
    verified = journal.verify()
    assert (verified.rows, verified.sales) == (head.seq + 1, 2)
    assert verified.head == journal.head()


def test_a_lease_has_one_holder(journal: JournalPort) -> None:
    with journal.lease("drainer"):
        with pytest.raises(JournalBusyError, match="drainer"), journal.lease("drainer"):
            pytest.fail("two drainers")
        with journal.lease("another"):
            pass
    with journal.lease("drainer"):
        pass


def test_another_connection_sees_every_row_that_is_durable(journal: JournalPort, maker: SaleMaker) -> None:
    connections = [journal.connect(), journal.connect()]
    for _ in range(3):
        sale = stored_sale(journal, maker, SaleState.ACCEPTED_OFFLINE)
        assert [connection.head() for connection in connections] == [journal.head()] * 2
        assert [connection.sale(sale.sale_id) for connection in connections] == [sale] * 2


def test_after_close_every_call_says_so(journal: JournalPort) -> None:
    connection = journal.connect()
    journal.close()
    with pytest.raises(JournalClosedError, match="the journal is closed"):
        journal.record([])
    with pytest.raises(JournalClosedError, match="the journal is closed"):
        journal.head()
    with pytest.raises(JournalError, match="closed"):
        connection.head()
    with pytest.raises(JournalError, match="closed"):
        journal.connect()


FAILURES: list[tuple[JournalError, int]] = [
    (JournalUnavailableError("locked"), sqlite3.SQLITE_BUSY),
    (JournalFullError("no space left"), sqlite3.SQLITE_FULL),
    (JournalMediumError("disk I/O error", "Replace it"), sqlite3.SQLITE_IOERR),
    (JournalFaultError("no such table"), sqlite3.SQLITE_ERROR),
]


@pytest.mark.parametrize(("error", "code"), FAILURES, ids=[type(error).__name__ for error, _ in FAILURES])
def test_what_a_write_fails_of_is_told_apart_and_nothing_of_it_is_there(
    journal: JournalPort, monkeypatch: pytest.MonkeyPatch, error: JournalError, code: int
) -> None:
    before = journal.head()
    with monkeypatch.context() as failing:
        let_writes_fail(failing, journal, error, code)
        failed = journal.record([ValueStored(kind="k", key="a", body=b"1")])
        assert type(failed.exception(10)) is type(error)
    assert journal.head() == before
    assert journal.value("k", "a") is None
    journal.record([ValueStored(kind="k", key="a", body=b"2")]).result(10)
    assert journal.value("k", "a") == b"2"


def let_writes_fail(failing: pytest.MonkeyPatch, journal: JournalPort, error: JournalError, code: int) -> None:
    """The one in memory with our error; the one on the medium with SQLite's, as the engine would say it."""
    if isinstance(journal, MemoryJournal):
        failing.setattr(journal, "failure", error)
        return
    said = DatabaseError(str(error))
    said.sqlite_errorcode = code

    def fail(*_: object) -> None:
        raise said

    failing.setattr("offline_queue.journal.writer.append", fail)


@pytest.mark.parametrize(
    "make",
    [
        lambda: DocumentStored(kind="head", version=1, body=b""),
        lambda: ValueStored(kind="a/b", key="", body=b""),
    ],
    ids=["head as a document", "slash in a kind"],
)
def test_reserved_names_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"head|slash"):
        make()
