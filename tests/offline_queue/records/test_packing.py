# SPDX-License-Identifier: Apache-2.0
"""A sale's row as it is stored: every body comes back, and what an earlier version stored is read as it is."""

import zlib
from hashlib import sha256

import pytest

from offline_queue.records.codec import UnreadableSaleError, encode_sale
from offline_queue.records.packing import DICTIONARY, packed, stored_sale, unpacked
from offline_queue.values import IntentNumber
from pengpos.core.sale import Sale, SaleState
from workshop.samples.journal import SaleMaker, moved

OF_THE_DICTIONARY = "0bac3208ad61b88ce83388e9d6e5191c4f6b09075edf3c644e48b0cd84320c20"
MAKER = SaleMaker()
SIGNED = MAKER.signed(IntentNumber(2**62 + 5, 77))
AUTHORISED = MAKER.authorised(moved(SIGNED, SaleState.PRESENTED))
SALES = {"signed": SIGNED, "authorised": AUTHORISED, "approved": MAKER.approved(AUTHORISED)}


def test_the_dictionary_is_the_one_that_every_journal_was_packed_with() -> None:
    assert sha256(DICTIONARY).hexdigest() == OF_THE_DICTIONARY


@pytest.mark.parametrize("sale", SALES.values(), ids=SALES)
def test_a_body_comes_back_and_takes_a_third_less(sale: Sale) -> None:
    body = encode_sale(sale, "field empty, armed")
    stored = packed("sale", body)
    assert unpacked("sale", stored) == body
    assert stored_sale(stored) == sale
    assert stored[:2] == b"\xc1\x01"
    assert len(stored) < len(body) * 2 // 3


def test_any_inflater_reads_it() -> None:
    body = encode_sale(AUTHORISED, "")
    assert zlib.decompressobj(-15, DICTIONARY).decompress(packed("sale", body)[2:]) == body


@pytest.mark.parametrize("sale", SALES.values(), ids=SALES)
def test_what_the_version_before_stored_is_read_as_it_is(sale: Sale) -> None:
    body = encode_sale(sale, "")
    assert unpacked("sale", body) == body
    assert stored_sale(body) == sale


@pytest.mark.parametrize("kind", ["value", "document", "head", "epoch", "issuer-time"])
def test_rows_of_other_kinds_are_stored_as_they_are(kind: str) -> None:
    body = b"\xc1\x01" + bytes(500)
    assert packed(kind, body) == unpacked(kind, body) == body


def test_what_would_not_get_shorter_is_stored_as_it_is() -> None:
    assert packed("sale", b"\x92") == b"\x92"


PACKED = packed("sale", encode_sale(SIGNED, ""))


@pytest.mark.parametrize(
    "stored",
    [b"\xc1", b"\xc1\x01", PACKED[:-1], PACKED[: len(PACKED) // 2], PACKED + b"\0", b"\xc1\x02" + PACKED[2:],
     b"\xc1\x01" + b"\xff" * 40],
    ids=["mark cut", "nothing in it", "last byte gone", "half", "a byte more", "packed otherwise", "rubbish"],
)  # fmt: skip
def test_what_is_not_whole_is_no_sale(stored: bytes) -> None:
    with pytest.raises(UnreadableSaleError):
        unpacked("sale", stored)


def test_it_does_not_inflate_without_end() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -12)
    bomb = b"\xc1\x01" + deflate.compress(bytes(20 * 2**20)) + deflate.flush()
    with pytest.raises(UnreadableSaleError):
        unpacked("sale", bomb)
