# SPDX-License-Identifier: Apache-2.0
"""Command and response APDUs, short form only (tap protocol §2, ISO 7816-4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.core.errors import MalformedError
from pengpos.wire import apdu
from pengpos.wire.apdu import Command, Header, Response, WrongLengthError

BYTE = st.integers(0, 255)
COMMANDS = st.builds(Command, BYTE, BYTE, BYTE, BYTE, st.binary(max_size=255), st.none() | st.integers(1, 256))


@pytest.mark.parametrize(
    ("raw", "command"),
    [
        ("80110000", Command(0x80, 0x11, 0, 0)),
        ("00c0000010", Command(0x00, 0xC0, 0, 0, le=16)),
        ("00c0000000", Command(0x00, 0xC0, 0, 0, le=256)),
        ("9050000002a0a0", Command(0x90, 0x50, 0, 0, b"\xa0\xa0")),
        ("8050000001a000", Command(0x80, 0x50, 0, 0, b"\xa0", 256)),
        ("8050000001a0ff", Command(0x80, 0x50, 0, 0, b"\xa0", 255)),
        ("00a4040009f050454e475441500100", Command(0x00, 0xA4, 4, 0, apdu.AID, 256)),
    ],
)
def test_both_ways(raw: str, command: Command) -> None:
    assert Command.parse(bytes.fromhex(raw)) == command
    assert command.encode().hex() == raw


@pytest.mark.parametrize("raw", ["", "80", "8050", "805000"])
def test_fewer_than_four_bytes_have_no_header(raw: str) -> None:
    for parse in (Header.parse, Command.parse):
        with pytest.raises(WrongLengthError):
            parse(bytes.fromhex(raw))


@pytest.mark.parametrize(
    "raw",
    [
        "8050000002a0",
        "80500000ff" + "00" * 254,
        "8050000001a00000",
        "805000000000",
        "80500000000001a0",
        "805000000000010000",
    ],
    ids=["data missing", "one byte missing", "one too many", "Lc 0 and Le", "extended", "extended Le"],
)
def test_a_command_that_does_not_fit_its_lengths_still_has_a_header(raw: str) -> None:
    with pytest.raises(WrongLengthError):
        Command.parse(bytes.fromhex(raw))
    assert Header.parse(bytes.fromhex(raw)) == Header(0x80, 0x50, 0, 0)


@pytest.mark.parametrize(
    "command", [Command(0, 0, 0, 0, bytes(256)), Command(0, 0, 0, 0, le=0), Command(0, 0, 0, 0, le=257)]
)
def test_short_apdus_only(command: Command) -> None:
    with pytest.raises(ValueError, match="short APDU"):
        command.encode()


@pytest.mark.parametrize(
    ("size", "links"),
    [(1, [1]), (254, [254]), (255, [255]), (256, [255, 1]), (510, [255, 255]), (1024, [255] * 4 + [4])],
)
def test_chains(size: int, links: list[int]) -> None:
    data = bytes(range(256)) * 4
    commands = [Command.parse(raw) for raw in apdu.present(data[:size])]
    assert [len(command.data) for command in commands] == links
    assert b"".join(command.data for command in commands) == data[:size]
    assert all((c.cla, c.ins, c.p1, c.p2) == (0x90, 0x50, 0, 0) and c.le is None for c in commands[:-1])
    assert (commands[-1].cla, commands[-1].le) == (0x80, 256)
    assert [raw[1] for raw in apdu.result(data[:size])] == [0x52] * len(links)


@pytest.mark.parametrize(("count", "raw"), [(1, "00c0000001"), (255, "00c00000ff")])
def test_get_response(count: int, raw: str) -> None:
    assert apdu.get_response(count).hex() == raw


@pytest.mark.parametrize(
    ("raw", "response", "left"),
    [
        ("9000", Response(b"", 0x9000), None),
        ("aabb6110", Response(b"\xaa\xbb", 0x6110), 16),
        ("aa61ff", Response(b"\xaa", 0x61FF), 255),
        ("6a82", Response(b"", 0x6A82), None),
    ],
)
def test_responses(raw: str, response: Response, left: int | None) -> None:
    assert Response.parse(bytes.fromhex(raw)) == response
    assert response.encode().hex() == raw
    assert response.bytes_left == left


@pytest.mark.parametrize("size", [0, 1, 258, 5_000])
def test_no_response_is_shorter_than_its_status_or_beyond_255_bytes(size: int) -> None:
    with pytest.raises(MalformedError):
        Response.parse(bytes(size))


@given(COMMANDS)
def test_round_trip(command: Command) -> None:
    assert Command.parse(command.encode()) == command


@given(st.binary(max_size=300))
def test_any_bytes_are_one_command_or_refused(raw: bytes) -> None:
    try:
        command = Command.parse(raw)
    except WrongLengthError:
        return
    assert command.encode() == raw
