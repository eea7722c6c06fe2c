# SPDX-License-Identifier: Apache-2.0
"""The four replies a wallet can give, to the byte (tap protocol §1, reply)."""

from typing import Any

import pytest

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.cbor import encode
from pengpos.wire.objects.reply import (
    MAX_REPLY_SIZE,
    AlreadyPaid,
    Authorises,
    Declines,
    Hint,
    NeedsShopper,
    Reply,
    encode_reply,
    read_reply,
)


@pytest.mark.parametrize(
    ("raw", "reply"),
    [
        ("830041aa41bb", Authorises(b"\xaa", b"\xbb")),
        ("820100", NeedsShopper(Hint.UNLOCK)),
        ("820101", NeedsShopper(Hint.CONFIRM)),
        ("820102", NeedsShopper(Hint.CHOOSE)),
        ("820200", Declines(0)),
        ("82021863", Declines(99)),
        ("8302041a6955b905", Declines(4, 0x6955B905)),
        ("820341aa", AlreadyPaid(b"\xaa")),
    ],
)
def test_both_ways(raw: str, reply: Reply) -> None:
    assert read_reply(bytes.fromhex(raw)) == reply
    assert encode_reply(reply).hex() == raw


@pytest.mark.parametrize(
    ("members", "reply"),
    [
        ([0, b"\xaa", b"\xbb", "later"], Authorises(b"\xaa", b"\xbb")),
        ([1, 3], NeedsShopper(Hint.CONFIRM)),
        ([1, 2**64 - 1, {}], NeedsShopper(Hint.CONFIRM)),
        ([2, 0, 5, []], Declines(0, 5)),
        ([3, b"\xaa", 0], AlreadyPaid(b"\xaa")),
    ],
    ids=repr,
)
def test_arrays_may_grow_and_an_unknown_hint_still_asks_the_shopper(members: list[Any], reply: Reply) -> None:
    assert read_reply(encode(members)) == reply


@pytest.mark.parametrize(
    "members",
    [
        [],
        [0],
        [1],
        [2],
        [3],
        [4],
        [4, 0],
        [0, b""],
        [0, b"", "text"],
        [0, 1, b""],
        [1, True],
        [1, -1],
        [1, b""],
        [2, True],
        [2, -1],
        [2, 4, -1],
        [2, 4, "now"],
        [2, 4, False],
        [3, "receipt"],
        [3, []],
        [True, 0],
        [False, b"", b""],
        [-1, 0],
        ["0", 0],
        {0: 0},
        0,
        b"",
    ],
    ids=repr,
)
def test_refuses(members: Any) -> None:
    with pytest.raises(MalformedError):
        read_reply(encode(members))


@pytest.mark.parametrize(("size", "fits"), [(MAX_REPLY_SIZE, True), (MAX_REPLY_SIZE + 1, False)])
def test_a_reply_is_at_most_2048_bytes(size: int, fits: bool) -> None:
    reply = AlreadyPaid(bytes(size - 5))
    if fits:
        assert len(encode_reply(reply)) == size
        assert read_reply(encode([3, reply.receipt])) == reply
    else:
        with pytest.raises(MalformedError):
            encode_reply(reply)
        with pytest.raises(MalformedError, match="longer than 2048"):
            read_reply(encode([3, reply.receipt]))


@pytest.mark.parametrize("reply", [Declines(-1), Declines(4, -1), Declines(2**64)], ids=repr)
def test_never_writes_what_no_terminal_would_read(reply: Reply) -> None:
    with pytest.raises(MalformedError):
        encode_reply(reply)
