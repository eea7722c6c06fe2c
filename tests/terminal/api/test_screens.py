# SPDX-License-Identifier: Apache-2.0
"""What a screen program says of itself, and what of it is refused."""

from typing import Any

import msgspec
import pytest

from pengpos.client import ScreenReport, ScreenView
from terminal.api.http import BadRequestError
from terminal.api.screens import TEXT_MOST, Screens
from tests.support.parts import HandClock

REPORT = ScreenReport(pid=7, software_version="0.1.0", size="800x480", panel="x11")


def test_the_newest_report_is_kept_with_when_it_came() -> None:
    screens = Screens(clock := HandClock())
    assert screens.newest is None
    screens.reported(REPORT)
    first = screens.newest
    clock.unix_s += 10
    screens.reported(msgspec.structs.replace(REPORT, size="480x320"))
    assert first is not None
    assert isinstance(screens.newest, ScreenView)
    assert (screens.newest.size, screens.newest.pid) == ("480x320", 7)
    assert screens.newest.heard > first.heard


@pytest.mark.parametrize(
    "change",
    [
        {"pid": 0},
        {"pid": -1},
        {"pid": 1 << 31},
        {"size": ""},
        {"panel": "x\u202e11"},
        {"software_version": "1" * (TEXT_MOST + 1)},
    ],
)
def test_what_nobody_could_read_is_refused(change: dict[str, Any]) -> None:
    screens = Screens(HandClock())
    with pytest.raises(BadRequestError, match=next(iter(change))):
        screens.reported(msgspec.structs.replace(REPORT, **change))
    assert screens.newest is None
