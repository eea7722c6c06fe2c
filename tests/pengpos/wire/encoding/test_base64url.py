# SPDX-License-Identifier: Apache-2.0
"""base64url without padding, strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.base64url import b64u, unb64u


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"\x00", "AA"), (b"\xfb\xff", "-_8"), (bytes(8), "AAAAAAAAAAA"), (bytes(16), "A" * 22)],
)
def test_both_ways(data: bytes, text: str) -> None:
    assert b64u(data) == text
    assert unb64u(text) == data


@pytest.mark.parametrize("text", ["A", "AA==", "AB", "+/8", "A A", "AA\n", "AAAAA", "=", "ÄÄ", "AA=", "-_9"])
def test_refuses(text: str) -> None:
    with pytest.raises(MalformedError):
        unb64u(text)


@given(st.binary(max_size=64))
def test_round_trip(data: bytes) -> None:
    assert unb64u(b64u(data)) == data


@given(st.text(max_size=16))
def test_any_text_is_the_only_spelling_or_refused(text: str) -> None:
    try:
        data = unb64u(text)
    except MalformedError:
        return
    assert b64u(data) == text
