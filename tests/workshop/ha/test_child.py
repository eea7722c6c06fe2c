# SPDX-License-Identifier: Apache-2.0
"""Foreign programs as children: ended by their own id, with what they have started, and nothing else."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.counter import until
from workshop.ha.child import Child, descendants, signal_all


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Child]:
    """A process that has started another."""
    child = Child("shell", ["bash", "-c", "sleep infinity & echo begun; wait"], log=tmp_path / "log")
    with ExitStack() as stack:
        stack.callback(child.stop)
        until(lambda: "begun" in child.last_words(), "it has started another")
        yield child


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_it_is_the_program_itself_and_no_wrapper(shell: Child) -> None:
    assert Path(f"/proc/{shell.pid}/comm").read_text() == "bash\n"
    (below,) = descendants(shell.pid)
    until(lambda: Path(f"/proc/{below}/comm").read_text() == "sleep\n", "it is what the shell has started")


def test_frozen_and_thawed_with_what_it_has_started(shell: Child) -> None:
    everything = [shell.pid, *descendants(shell.pid)]
    signal_all([shell.pid], signal.SIGSTOP)
    until(lambda: {state_of(pid) for pid in everything} == {"T"}, "all stand still")
    signal_all([shell.pid], signal.SIGCONT)
    until(lambda: "T" not in {state_of(pid) for pid in everything}, "all go on")
    assert shell.is_running


def test_killed_it_does_not_run(shell: Child) -> None:
    below = list(descendants(shell.pid))
    signal_all([shell.pid], signal.SIGKILL)
    shell.kill()
    assert not shell.is_running
    until(lambda: not any(map(runs, below)), "what it started has ended too")


def test_a_frozen_one_ends_when_it_is_stopped(shell: Child) -> None:
    signal_all([shell.pid], signal.SIGSTOP)
    shell.stop()
    assert not shell.is_running
    shell.stop()


def test_those_that_are_gone_are_passed_over(tmp_path: Path) -> None:
    child = Child("true", ["true"], log=tmp_path / "log")
    until(lambda: not child.is_running, "it has ended")
    signal_all([child.pid], signal.SIGKILL)
    assert list(descendants(child.pid)) == []


def runs(pid: int) -> bool:
    try:
        with closing(Path(f"/proc/{pid}/stat").open()) as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_says_what_it_said_last(tmp_path: Path) -> None:
    child = Child("words", ["bash", "-c", "echo port taken >&2"], log=tmp_path / "log", environment={"A": "b"})
    until(lambda: not child.is_running, "it has ended")
    assert (child.last_words(), child.log.exists()) == ("port taken\n", True)
