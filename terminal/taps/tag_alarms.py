# SPDX-License-Identifier: Apache-2.0
"""What the shop hears of its tag: that a phone rewrote it, and that its chip cannot be locked against that.

Tests: tests/journeys/test_by_tag.py
"""

import asyncio
from typing import Final, assert_never

from pengpos.core.ports import TagNews
from terminal.device.alarm_words import tag_rewritten, tag_unprotected
from terminal.device.alarms import Alarms

REWRITTEN: Final = "tag_rewritten"
UNPROTECTED: Final = "tag_unprotected"
"""Kinds of alarm."""


class TagAlarms:
    """Made on the loop; `hear` may be called in any thread, as often as a tag likes: one alarm stands of each kind."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._loop = asyncio.get_running_loop()

    def hear(self, news: TagNews) -> None:
        """See `core.ports.TagPresenter.tell`."""
        self._loop.call_soon_threadsafe(self._take, news)

    def _take(self, news: TagNews) -> None:
        match news:
            case TagNews.REWRITTEN:
                self._alarms.raise_lasting(REWRITTEN, REWRITTEN, tag_rewritten())
            case TagNews.UNPROTECTED:
                self._alarms.show(UNPROTECTED, tag_unprotected())
            case TagNews.PROTECTED:
                self._alarms.clear(UNPROTECTED)
            case _ as never:
                assert_never(never)
