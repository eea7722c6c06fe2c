# SPDX-License-Identifier: Apache-2.0
"""A program that is not ours as a child process: started, frozen, killed and ended by its own id. Never by its name."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

STOP_LIMIT_S = 20.0
_LAST_WORDS_SIZE = 2_000


class Child:
    """One process and what it starts itself; its words go to a file. It ends with us, however we end."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        account: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`command` runs as `account`, where one is named; raises OSError."""
        self.name = name
        self.log = log
        become = ["setpriv", "--pdeathsig", "TERM"]
        if account is not None:
            become += ["--reuid", account, "--regid", account, "--init-groups"]
        command = _behind(command, become)
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                env={**os.environ, **(environment or {}), "LC_ALL": "C.UTF-8"},
                start_new_session=True,  # Ctrl-C reaches us alone, and we end our children in order
            )

    @property
    def pid(self) -> int:
        """Of the program itself: what stands before it has become it."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._process.kill()
        self._process.wait(STOP_LIMIT_S)

    def stop(self) -> None:
        """Ask it to end, then make it."""
        if not self.is_running:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def last_words(self) -> str:
        """The end of its log."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _LAST_WORDS_SIZE))
            return log.read().decode(errors="replace")


def signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    """Send a signal to these processes and to all that they have started; those that are gone are passed over."""
    everything = [*pids, *(below for pid in pids for below in descendants(pid))]
    for one in everything:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, number)


def descendants(pid: int) -> Iterator[int]:
    """All that a process has started and that runs, and what that has started."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for child in map(int, children):
            yield child
            yield from descendants(child)


def _behind(command: Sequence[str | Path], become: Sequence[str]) -> list[str | Path]:
    """Entering a network needs root, so it comes first: `nsenter … --` stays before what changes the user."""
    words = list(command)
    if words and words[0] == "nsenter":
        inside = words.index("--") + 1
        return [*words[:inside], *become, *words[inside:]]
    return [*become, *words]
