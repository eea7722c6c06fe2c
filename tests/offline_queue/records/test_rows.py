# SPDX-License-Identifier: Apache-2.0
"""Each change as kind, subject and body of a row, as the table of `docs/journal.md` says."""

from hashlib import sha256

import msgspec
import pytest

from offline_queue.records.codec import decode_sale, decode_why
from offline_queue.records.rows import document_body, draw_epoch, parts_of, read_boot_id
from offline_queue.values import (
    Change,
    DocumentStored,
    EpochDrawn,
    Head,
    HeadSigned,
    IssuerTimeSeen,
    SaleChanged,
    ValueStored,
)
from pengpos.core.sale import SaleState
from workshop.samples import sales as samples

SALE = samples.sale_in(SaleState.APPROVED)


@pytest.mark.parametrize(
    ("change", "kind", "subject", "body"),
    [
        (ValueStored(kind="alarm", key="a/1", body=b"x"), "value", "alarm/a/1", b"x"),
        (HeadSigned(head=Head(7, 12, bytes(32)), signed=b"signed"), "head", "12", b"signed"),
        (IssuerTimeSeen(at=1_800_000_000), "issuer-time", "", bytes.fromhex("000000006B49D200")),
        (EpochDrawn(epoch=2**63 - 1, why="restored"), "epoch", "restored", bytes.fromhex("7FFFFFFFFFFFFFFF")),
    ],
    ids=["value", "head", "issuer-time", "epoch"],
)
def test_the_parts_of_a_row(change: Change, kind: str, subject: str, body: bytes) -> None:
    assert parts_of(change) == (kind, subject, body)


def test_a_sale_is_whole_in_its_row() -> None:
    kind, subject, body = parts_of(SaleChanged(sale=SALE, why="Approved"))
    assert (kind, subject) == ("sale", str(SALE.sale_id))
    assert decode_sale(body) == SALE
    assert decode_why(body) == "Approved"


def test_a_document_is_bound_and_not_repeated() -> None:
    change = DocumentStored(kind="denylist", version=9, body=b"k" * 1_000_000)
    kind, subject, body = parts_of(change)
    assert (kind, subject) == ("document", "denylist")
    assert msgspec.msgpack.decode(body) == [9, sha256(change.body).digest()]
    assert body == document_body(9, change.body)
    assert len(body) < 64


@pytest.mark.parametrize(
    "change",
    [ValueStored(kind="alarm", key="\ud800", body=b""), EpochDrawn(epoch=1, why="\udfff")],
    ids=["key", "why"],
)
def test_text_that_is_not_unicode_is_refused(change: Change) -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        parts_of(change)


def test_epochs_are_63_bits_and_not_zero() -> None:
    drawn = {draw_epoch() for _ in range(200)}
    assert len(drawn) == 200
    assert all(0 < epoch < 2**63 for epoch in drawn)


def test_the_boot_id_is_that_of_this_boot() -> None:
    assert len(read_boot_id()) == 16
    assert read_boot_id() == read_boot_id()
