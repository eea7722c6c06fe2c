# SPDX-License-Identifier: Apache-2.0
"""Messages of one record, byte by byte, and what the tag says in each state of a sale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tags.ndef import EMPTY, MESSAGE_MOST, message_of, read_message, text_message, uri_message
from pengpos.core.errors import MalformedError
from pengpos.core.ports import TagCancelled, TagClaimed, TagIdle, TagPaid, TagState, TagWaiting

SHOP = "https://shop.example/"
URL = "https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"


@pytest.mark.parametrize(
    ("uri", "raw"),
    [
        ("https://a.b/c", "D101 06 55 04 612E622F63"),
        ("https://www.a.b", "D101 04 55 02 612E62"),
        ("http://localhost/", "D101 0B 55 03 6C6F63616C686F73742F"),
        ("tel:1", "D101 06 55 00 74656C3A31"),
    ],
)
def test_a_uri_record(uri: str, raw: str) -> None:
    assert uri_message(uri) == bytes.fromhex(raw)
    assert read_message(bytes.fromhex(raw)).uri == uri


def test_a_text_record() -> None:
    assert text_message("付", "zh").hex() == "d101065402" + "7a68" + "e4bb98"


@given(st.text(min_size=1, max_size=700))
def test_any_uri_comes_back(uri: str) -> None:
    message = uri_message("https://" + uri)
    assert read_message(message).uri == "https://" + uri


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        record = read_message(raw)
    except MalformedError:
        return
    assert record.uri is None or isinstance(record.uri, str)


@pytest.mark.parametrize("raw", ["", "D1", "D10105", "D1010155", "91010155005101015500", "F1010155", "D9010155"])
def test_what_is_no_message_of_ours(raw: str) -> None:
    with pytest.raises(MalformedError):
        read_message(bytes.fromhex(raw))


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (TagIdle(), SHOP),
        (TagWaiting(URL), URL),
        (TagWaiting("https://pay.example/t#" + "A" * 680), "https://pay.example/t#" + "A" * 680),
        (TagPaid("https://pay.example/r/AAAA"), "https://pay.example/r/AAAA"),
        (TagPaid(None), None),
        (TagCancelled(), None),
        (TagClaimed(), None),
        (TagWaiting("https://pay.example/" + "A" * 2_000), None),
    ],
    ids=["idle", "waiting", "waiting, offline", "paid", "paid, no receipt", "cancelled", "being paid", "too long"],
)
def test_what_the_tag_says(state: TagState, says: str | None) -> None:
    message = message_of(state, SHOP)
    assert read_message(message).uri == says
    assert len(message) <= MESSAGE_MOST


@pytest.mark.parametrize("state", [TagClaimed(), TagCancelled(), TagPaid(None), TagIdle()])
def test_nothing_that_can_be_paid(state: TagState) -> None:
    assert b"/t/" not in message_of(state)


def test_being_paid_is_said_in_words() -> None:
    assert b"being paid" in message_of(TagClaimed())


def test_a_tag_without_a_shops_address_is_empty() -> None:
    assert message_of(TagIdle()) == EMPTY
