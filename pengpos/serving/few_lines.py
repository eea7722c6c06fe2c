# SPDX-License-Identifier: Apache-2.0
"""Bounds a log: so many lines of one kind a minute, each of a bounded length, and how many were left out.

A line is of the kind of its logger and level: a flood of one hides none of another. What a program writes that is not
ours is bounded by the size of its file.
"""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FILE_SIZE_MOST = 4 * 1_048_576
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


def bound_file(log: Path) -> bool:
    """Put aside what a program has said in a file, as `NAME.1`, if that is much: whether it was. Never raises.

    Where the medium takes no copy it is dropped. The program goes on writing to the same file, which it has opened to
    append, at its end.
    """
    try:
        if log.stat().st_size <= FILE_SIZE_MOST:
            return False
    except OSError:
        return False
    aside = log.with_name(f"{log.name}.1")
    with contextlib.suppress(OSError):
        aside.unlink(missing_ok=True)  # first, for the room it takes
        try:
            with log.open("rb") as said:
                said.seek(-FILE_SIZE_MOST, os.SEEK_END)
                aside.write_bytes(said.read(FILE_SIZE_MOST))
        except OSError:
            aside.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        os.truncate(log, 0)
        return True
    return False
