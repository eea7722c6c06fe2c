# SPDX-License-Identifier: Apache-2.0
"""The simulated serial line finds frames in anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulated.uart import ACK, NACK, FrameReader, framed, wakes

VERSION = bytes.fromhex("D402")


def frames(*pieces: bytes) -> list[bytes]:
    reader, found = FrameReader(), []
    for piece in pieces:
        reader.feed(piece)
        while (frame := reader.next()) is not None:
            found.append(frame)
    return found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param("0000FF02FED4022A00", [VERSION], id="a command"),
        pytest.param("000000000000000000000000FF02FED4022A00", [VERSION], id="after the wake-up bytes"),
        pytest.param("0000FF00FF00", [ACK], id="ACK"),
        pytest.param("0000FFFF0000", [NACK], id="NACK"),
        pytest.param("0000FF02FED4022B00", [b""], id="a wrong sum"),
        pytest.param("0000FF02FDD4022A00", [b""], id="a wrong length sum"),
        pytest.param("1700FFFF0000FF02FED4022A00", [VERSION], id="after noise"),
        pytest.param("0000FF02FED4", [], id="a part"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_what_is_in_a_stream(raw: str, found: list[bytes]) -> None:
    assert frames(bytes.fromhex(raw)) == found


@given(st.binary(min_size=1, max_size=600), st.integers(1, 700))
def test_each_frame_comes_out_as_it_went_in(data: bytes, cut: int) -> None:
    raw = framed(data)
    assert frames(raw[:cut], raw[cut:]) == [data]


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_noise_never_breaks_it(pieces: list[bytes]) -> None:
    reader = FrameReader()
    for piece in pieces:
        reader.feed(piece)
        while reader.next() is not None:
            pass
    reader.forget()
    reader.feed(framed(VERSION))
    assert reader.next() == VERSION


@pytest.mark.parametrize(("skipped", "awake"), [(0, False), (2, False), (3, True), (16, True)])
def test_what_wakes_a_chip(skipped: int, awake: bool) -> None:
    assert wakes(skipped) is awake
