# SPDX-License-Identifier: Apache-2.0
"""A log is bounded: by lines of one kind, and by the length of each; a file of another program's by its size."""

import errno
import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pengpos.serving.few_lines import FILE_SIZE_MOST, LINE_SIZE_MOST, LINES_MOST, WITHIN_S, FewLines, bound_file

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


def test_a_file_that_is_written_for_ever_is_put_aside_and_written_on(tmp_path: Path) -> None:
    log = tmp_path / "pcscd.log"
    with log.open("ab", buffering=0) as its_own:
        for said in (b"1", b"2", b"3"):
            its_own.write(said * (2 * FILE_SIZE_MOST))
            assert bound_file(log)
            assert log.stat().st_size == 0
            assert log.with_name("pcscd.log.1").read_bytes() == said * FILE_SIZE_MOST
        its_own.write(b"last words")
        assert not bound_file(log)
        assert log.read_bytes() == b"last words"


def test_on_a_medium_that_takes_no_copy_a_file_is_bounded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    log = tmp_path / "pcscd.log"
    log.write_bytes(b"1" * (FILE_SIZE_MOST + 1))
    monkeypatch.setattr(Path, "write_bytes", full)
    assert bound_file(log)
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("pcscd.log", 0)]


def test_a_file_that_is_not_there_or_cannot_be_cut_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(_path: Path, _length: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    log = tmp_path / "pcscd.log"
    assert not bound_file(log)
    log.write_bytes(b"1" * (FILE_SIZE_MOST + 1))
    monkeypatch.setattr("os.truncate", read_only)
    assert not bound_file(log)
    assert log.stat().st_size == FILE_SIZE_MOST + 1
