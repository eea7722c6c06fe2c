# SPDX-License-Identifier: Apache-2.0
"""Bounds a log: so many lines of one kind a minute, each of a bounded length, and how many were left out.

A line is of the kind of its logger and level: a flood of one hides none of another.
"""

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

WITHIN_S = 60.0
LINES_MOST = 120
"""Of one kind in a minute. A busy shop's sales need a tenth of it."""
LINE_SIZE_MOST = 4_000
FORMAT = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"


@dataclass(slots=True)
class _Seen:
    since_s: float
    lines: int = 0


class FewLines(logging.Filter):
    """Lets `most` lines of one kind through in `WITHIN_S`; the first one after that says how many were left out."""

    def __init__(self, most: int = LINES_MOST, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most = most
        self._monotonic = monotonic
        self._seen: dict[tuple[str, int], _Seen] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one is written; a long one is cut."""
        now_s = self._monotonic()
        seen = self._seen.setdefault((record.name, record.levelno), _Seen(now_s))
        left_out = 0
        if now_s >= seen.since_s + WITHIN_S:
            left_out = max(0, seen.lines - self._most)
            seen.since_s, seen.lines = now_s, 0
        seen.lines += 1
        if seen.lines > self._most:
            return False
        said = record.getMessage()
        if left_out or len(said) > LINE_SIZE_MOST:
            cut = f"{said[:LINE_SIZE_MOST]}…" if len(said) > LINE_SIZE_MOST else said
            record.msg = f"{cut} ({left_out} lines before this were left out)" if left_out else cut
            record.args = None
        return True


def log_to_stderr(level: int) -> None:
    """What a program of ours logs, bounded; called once, at its start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(FewLines())
    logging.basicConfig(level=level, format=FORMAT, handlers=[handler])
