# SPDX-License-Identifier: Apache-2.0
"""The bytes a row's hash is taken over, spelt out once by hand, and that no field can be changed unseen."""

from dataclasses import replace
from hashlib import sha256

import pytest

from offline_queue.records.chain import GENESIS, Row

ROW = Row(seq=258, epoch=2**62, counter=9, kind="sale", subject="号", at_utc=-2, boot=b"\x01\x02", body=b"body")


def test_the_layout() -> None:
    written_out = bytes.fromhex(
        "00" * 32 + "0000000000000102" + "4000000000000000" + "0000000000000009" + "fffffffffffffffe"
        "00000004" + b"sale".hex() + "00000003" + "e58fb7" + "00000002" + "0102" + "00000004" + b"body".hex()
    )
    assert ROW.hash_after(GENESIS) == sha256(written_out).digest()


@pytest.mark.parametrize(
    "other",
    [replace(ROW, seq=259), replace(ROW, epoch=1), replace(ROW, counter=1), replace(ROW, kind="salf"),
     replace(ROW, subject="x"),
     replace(ROW, at_utc=0), replace(ROW, boot=b""), replace(ROW, body=b"bodz"),
     replace(ROW, kind="sal", subject="e号"), replace(ROW, boot=b"\x01", body=b"\x02body")],
    ids=["seq", "epoch", "counter", "kind", "subject", "at", "boot", "body", "moved border", "moved border of bytes"],
)  # fmt: skip
def test_any_other_row_has_another_hash(other: Row) -> None:
    assert other.hash_after(GENESIS) != ROW.hash_after(GENESIS)


def test_the_row_before_is_bound() -> None:
    assert ROW.hash_after(b"\x01" + bytes(31)) != ROW.hash_after(GENESIS)
