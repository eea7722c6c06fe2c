# SPDX-License-Identifier: Apache-2.0
"""ndeflib reads our messages, and we its."""

import ndef
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tags.ndef import EMPTY, message_of, read_message, text_message, uri_message
from pengpos.core.ports import TagClaimed, TagPaid, TagWaiting

# ndeflib shows URIs as IRIs: it decodes what is percent-encoded and refuses a host that is none, so here is neither.
PLAIN = st.text(
    alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/", min_size=1, max_size=690
)


@given(PLAIN, st.sampled_from(["https://", "http://", "https://www.", "http://www."]))
def test_ndeflib_reads_our_uris(rest: str, scheme: str) -> None:
    uri = scheme + "pay.example/" + rest
    (record,) = ndef.message_decoder(uri_message(uri))
    assert record.uri == uri


@given(PLAIN, st.sampled_from(["https://", "http://", "https://www.", "http://www."]))
def test_we_read_ndeflibs_uris(rest: str, scheme: str) -> None:
    uri = scheme + "pay.example/" + rest
    raw = b"".join(ndef.message_encoder([ndef.UriRecord(uri)]))
    assert read_message(raw).uri == uri


@given(PLAIN, st.sampled_from(["https://", "http://"]))
def test_both_write_the_same_bytes(rest: str, scheme: str) -> None:
    uri = scheme + "pay.example/" + rest
    assert b"".join(ndef.message_encoder([ndef.UriRecord(uri)])) == uri_message(uri)


def test_ndeflib_reads_our_text() -> None:
    (record,) = ndef.message_decoder(text_message("正在支付", "zh"))
    assert (record.text, record.language) == ("正在支付", "zh")


def test_ndeflib_reads_nothing_in_an_empty_tag() -> None:
    (record,) = ndef.message_decoder(EMPTY)
    assert (record.type, record.data) == ("", b"")


@pytest.mark.parametrize(
    "state",
    [TagWaiting("https://pay.example/t#" + "A" * 680), TagClaimed(), TagPaid("https://pay.example/r/B")],
    ids=["waiting", "being paid", "paid"],
)
def test_ndeflib_is_strict_and_content(state: TagWaiting | TagClaimed | TagPaid) -> None:
    assert len(list(ndef.message_decoder(message_of(state), errors="strict"))) == 1
