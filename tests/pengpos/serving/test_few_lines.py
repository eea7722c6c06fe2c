# SPDX-License-Identifier: Apache-2.0
"""A log is bounded: by lines of one kind, and by the length of each."""

import logging
import subprocess
import sys
import time

from pengpos.serving.few_lines import LINE_SIZE_MOST, LINES_MOST, WITHIN_S, FewLines

FLOOD = """
import logging, sys
from pengpos.serving.few_lines import log_to_stderr
log_to_stderr(logging.INFO)
for number in range(100_000):
    logging.getLogger("asyncio").error("socket.accept() out of system resource %d" + "x" * 10_000, number)
logging.getLogger("terminal.sales").info("sale 0001-1000 approved")
"""


def line(name: str, level: int = logging.INFO, said: str = "line %d", number: int = 0) -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, said, (number,), None)


def test_few_lines_of_one_kind_are_written_and_it_is_said_how_many_were_not() -> None:
    now_s = time.monotonic()
    few = FewLines(20, lambda: now_s)
    assert [few.filter(line("a")) for _ in range(25)] == [True] * 20 + [False] * 5
    assert few.filter(line("b")), "a flood of one kind hides none of another"
    assert few.filter(line("a", logging.ERROR))
    now_s += WITHIN_S
    first = line("a", number=7)
    assert few.filter(first)
    assert first.getMessage() == "line 7 (5 lines before this were left out)"
    now_s += WITHIN_S
    second = line("a", number=8)
    assert few.filter(second)
    assert second.getMessage() == "line 8"


def test_a_long_line_is_cut() -> None:
    long = line("a", said="x" * 10 * LINE_SIZE_MOST + "%d")
    assert FewLines().filter(long)
    assert long.getMessage() == "x" * LINE_SIZE_MOST + "…"


def test_an_endless_log_of_a_program_is_bounded_and_hides_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", FLOOD], capture_output=True, text=True, check=True, timeout=60)
    lines = done.stderr.splitlines()
    assert len(lines) <= 2 * LINES_MOST + 1, "one minute's, or two where it turned while it ran"
    assert len(done.stderr) < 3 * LINES_MOST * LINE_SIZE_MOST
    assert lines[-1].endswith("sale 0001-1000 approved")
