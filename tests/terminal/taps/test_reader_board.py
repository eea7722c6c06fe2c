# SPDX-License-Identifier: Apache-2.0
"""Whether there is a reader to wait for, by what was told of each."""

import pytest

from drivers.readers.supervisor import NO_READER
from drivers.tags.ntag_memory import NAME as TAG_CHIP
from pengpos.core.ports import ReaderHealth, ReaderState
from terminal.taps.reader_board import ReaderBoard

READY, STARTING, LOST = ReaderState.READY, ReaderState.STARTING, ReaderState.LOST


@pytest.mark.parametrize(
    ("told", "there"),
    [
        pytest.param([], True, id="nothing is known yet"),
        pytest.param([("PN532", STARTING)], True, id="one starts"),
        pytest.param([("PN532", READY)], True, id="one is there"),
        pytest.param([("PN532", READY), ("PN532", LOST)], False, id="it went"),
        pytest.param([("PN532", LOST), ("ACR1252", READY)], True, id="another is there"),
        pytest.param([(NO_READER, LOST)], False, id="none was found"),
        pytest.param([(NO_READER, LOST), (NO_READER, READY), ("PN532", READY)], True, id="one was plugged in"),
        pytest.param([(TAG_CHIP, READY), ("PN532", LOST)], False, id="a tag chip is no reader"),
        pytest.param([(TAG_CHIP, LOST), ("PN532", READY)], True, id="nor does its loss take one away"),
    ],
)
def test_whether_there_is_a_reader(told: list[tuple[str, ReaderState]], there: bool) -> None:
    board = ReaderBoard(lambda: None)
    for name, state in told:
        board.reader_health(ReaderHealth(name, state))
    assert board.has_reader is there
