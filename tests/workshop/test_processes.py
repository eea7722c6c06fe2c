# SPDX-License-Identifier: Apache-2.0
"""Our programs as children: what they say, what they die of, and that none is left."""

import io
import queue
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.counter import until
from tests.support.pids import is_running
from workshop.processes import LINES_MOST, LOG_SIZE_MOST, Program, ProgramFailedError, keep_lines, run_once

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def program(tmp_path: Path, *arguments: str) -> Program:
    return Program("test", arguments, environment={"PENGPOS_HOME": str(tmp_path)}, log=tmp_path / "log" / "test.log")


def test_it_is_read_line_by_line_to_its_end(tmp_path: Path) -> None:
    with program(tmp_path, "--version") as version:
        assert version.line().startswith("pengpos, version")
        for _ in range(2):
            with pytest.raises(ProgramFailedError, match="test ended: exit code 0, nothing in"):
                version.line()
        assert version.exit_code == 0


def test_what_it_died_of_is_said(tmp_path: Path) -> None:
    with program(tmp_path, "no-such-command") as failing, pytest.raises(ProgramFailedError) as raised:
        failing.line()
    assert str(raised.value) == "test ended: No such command 'no-such-command'."


def test_an_earlier_runs_words_are_not_its_own(tmp_path: Path) -> None:
    with program(tmp_path, "no-such-command") as failing, pytest.raises(ProgramFailedError, match="No such command"):
        failing.line()
    with program(tmp_path, "--version") as silent:
        silent.line()
        with pytest.raises(ProgramFailedError, match="exit code 0, nothing in"):
            silent.line()


def test_a_log_that_has_grown_large_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "log" / "test.log"
    log.parent.mkdir()
    for earlier in (b"1", b"2"):
        log.write_bytes(earlier * (LOG_SIZE_MOST + 1))
        with (
            program(tmp_path, "no-such-command") as failing,
            pytest.raises(ProgramFailedError, match="No such command"),
        ):
            failing.line()
        assert log.stat().st_size < 1_000
        assert log.with_name("test.log.1").read_bytes() == earlier * (LOG_SIZE_MOST + 1)


def test_a_log_that_grows_without_end_is_put_aside_while_its_program_runs(tmp_path: Path) -> None:
    with program(tmp_path, "daemon") as daemon:
        daemon.line()
        for said in (b"1", b"2", b"3"):
            with daemon.log.open("ab") as its_own:
                its_own.write(said * (2 * LOG_SIZE_MOST))
            daemon.bound_log()
            assert daemon.log.stat().st_size == 0
            assert daemon.log.with_name("test.log.1").read_bytes() == said * LOG_SIZE_MOST
        with daemon.log.open("ab") as its_own:
            its_own.write(b"last words")
        daemon.bound_log()
        assert daemon.log.read_bytes() == b"last words"


def test_silence_has_an_end(tmp_path: Path) -> None:
    with program(tmp_path, "daemon") as waiting, pytest.raises(ProgramFailedError, match="said nothing within 0 s"):
        waiting.line(0)


@pytest.mark.parametrize("arguments", [["--version"], ["phone", "--help"]])
def test_what_is_no_json_object_is_said(tmp_path: Path, arguments: list[str]) -> None:
    with program(tmp_path, *arguments) as talking, pytest.raises(ProgramFailedError, match="something else than JSON"):
        talking.json_line()


def test_it_is_ended_by_its_own_id(tmp_path: Path) -> None:
    with program(tmp_path, "daemon") as daemon:
        assert daemon.line() == "ready"
        assert is_running(daemon.pid)
    assert not is_running(daemon.pid)
    assert daemon.exit_code == 0


def test_killed_it_is_gone_at_once(tmp_path: Path) -> None:
    with program(tmp_path, "daemon") as daemon:
        daemon.line()
        daemon.kill()
        assert daemon.exit_code == -9


PARENT = """
import sys
from pathlib import Path
from workshop.processes import Program
home = sys.argv[1]
child = Program("child", ["daemon"], environment={"PENGPOS_HOME": home}, log=Path(home) / "child.log")
child.line()
print(child.pid, flush=True)
child.line(600)
"""


def test_a_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not is_running(child), "the child has ended, too")


@pytest.mark.parametrize(("lines", "kept"), [(3, 3), (LINES_MOST, LINES_MOST), (LINES_MOST * 3, LINES_MOST)])
def test_a_talkative_program_is_read_and_the_end_is_told(lines: int, kept: int) -> None:
    said: queue.Queue[str | None] = queue.Queue(LINES_MOST)
    keep_lines(io.BytesIO(b"line \xff\n" * lines), said)
    found = [said.get_nowait() for _ in range(said.qsize())]
    assert found[-1] is None
    assert len(found) in {kept, kept + 1}
    assert found[0] == "line \N{REPLACEMENT CHARACTER}"


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    with pytest.raises(ProgramFailedError, match="cannot be written"):
        program(tmp_path, "--version")


# --- once -------------------------------------------------------------------------------------------------------------


def test_once_gives_what_it_printed() -> None:
    assert run_once(["--version"], environment={}, limit_s=30).startswith("pengpos, version")


def test_once_says_what_went_wrong(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailedError, match=r"^pengpos enrol: (?!Error).*no address"):
        run_once(["enrol", "--backend", "nowhere"], environment={"PENGPOS_HOME": str(tmp_path)}, limit_s=30)


def test_once_has_an_end(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailedError, match=r"not done within 0\.5 s"):
        run_once(["daemon"], environment={"PENGPOS_HOME": str(tmp_path)}, limit_s=0.5)
