# SPDX-License-Identifier: Apache-2.0
"""Our programs as child processes: started, waited for until they say they are ready, ended by their own id.

Whatever becomes of the parent, its children do not outlive it: the kernel tells them (`end_with_parent`).
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pengpos.core.errors import PengposError
from pengpos.serving.few_lines import FILE_SIZE_MOST, bound_file
from terminal.parent import PARENT

READY_LIMIT_S = 30.0
STOP_LIMIT_S = 8.0
LINES_MOST = 1_000
LOG_SIZE_MOST = FILE_SIZE_MOST
"""A log that is larger is put aside, in place of the one before: at the start of its program, and while it runs."""


class ProgramFailedError(PengposError):
    """A program of ours did not start or ended by itself; what it said last is in the message."""


class Program:
    """One `pengpos` subcommand as a process. Its log goes to a file; its standard output is read line by line.

    The thread that makes it must live as long as it: the kernel ends the process with that thread.
    """

    def __init__(self, name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        """Raises ProgramFailedError."""
        self.name = name
        self.log = log
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            if log.exists() and log.stat().st_size > LOG_SIZE_MOST:
                log.replace(log.with_name(f"{log.name}.1"))  # what was before, once; each run writes bounded lines
            self._log_file = log.open("ab")
        except OSError as error:
            raise ProgramFailedError(f"{name}: its log {log} cannot be written ({error.strerror})") from error
        self._said_before = self._log_file.tell()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "terminal", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log_file,
            env={**os.environ, **environment, PARENT: str(os.getpid())},
            start_new_session=True,  # Ctrl-C reaches us alone, and we end our children in order
        )
        assert self._process.stdout is not None  # asked for above
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_MOST)
        self._reading = threading.Thread(
            target=keep_lines, args=(self._process.stdout, self._lines), name=f"{name} output", daemon=True
        )
        self._reading.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def line(self, limit_s: float = READY_LIMIT_S) -> str:
        """The next line it prints. Raises ProgramFailedError if it ends, or says nothing in time."""
        try:
            line = self._lines.get(timeout=limit_s)
        except queue.Empty:
            raise ProgramFailedError(f"{self.name} said nothing within {limit_s:g} s; see {self.log}") from None
        if line is None:
            self._lines.put(None)  # it stays so
            raise ProgramFailedError(f"{self.name} ended: {self._last_words()}")
        return line

    def json_line(self, limit_s: float = READY_LIMIT_S) -> dict[str, Any]:
        """The next line, as the JSON object it is."""
        line = self.line(limit_s)
        try:
            said = json.loads(line)
        except ValueError as error:
            raise ProgramFailedError(f"{self.name} said something else than JSON: {error}") from None
        if not isinstance(said, dict):
            raise ProgramFailedError(f"{self.name} said something else than a JSON object: {line[:80]}")
        return said

    def lines_so_far(self) -> list[str]:
        """What it has printed since it was read last; waits for nothing."""
        said: list[str] = []
        with contextlib.suppress(queue.Empty):
            while (line := self._lines.get_nowait()) is not None:
                said.append(line)
            self._lines.put(None)  # it stays so
        return said

    def bound_log(self) -> None:
        """Put aside what it has said, if that is much. Never raises."""
        if bound_file(self.log):
            self._said_before = 0

    def stop(self) -> None:
        """Ask it to end, then make it; never raises."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._reading.join(STOP_LIMIT_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log_file.close()

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel: no more can be done
            self._process.wait(STOP_LIMIT_S)

    def _last_words(self) -> str:
        """What this run of it said last, on standard error; earlier runs wrote to the same log."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # it has closed its output, and lives on
            self._process.wait(STOP_LIMIT_S)
        with self.log.open("rb") as log:
            log.seek(self._said_before)
            words = _last_line(log.read().decode(errors="replace"))
        return words or f"exit code {self._process.returncode}, nothing in {self.log}"


def keep_lines(output: Iterable[bytes], lines: "queue.Queue[str | None]") -> None:
    """Put every line into `lines` while there is room, then None; what is not read holds up nothing."""
    for raw in output:
        with contextlib.suppress(queue.Full):
            lines.put_nowait(raw.decode(errors="replace").rstrip("\n"))
    while True:
        try:
            lines.put_nowait(None)
        except queue.Full:
            with contextlib.suppress(queue.Empty):
                lines.get_nowait()
        else:
            return


def run_once(arguments: Sequence[str], *, environment: Mapping[str, str], limit_s: float, stdin: str = "") -> str:
    """Run a subcommand to its end and return what it printed. Raises ProgramFailedError with its last words.

    `stdin` is what it reads: what is on a command line can be read by every user of the machine.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "terminal", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            check=False,
            env={**os.environ, **environment, PARENT: str(os.getpid())},
        )
    except subprocess.TimeoutExpired:
        raise ProgramFailedError(f"pengpos {arguments[0]}: not done within {limit_s:g} s") from None
    if done.returncode != 0:
        words = _last_line(done.stderr or done.stdout)
        raise ProgramFailedError(f"pengpos {arguments[0]}: {words or done.returncode}")
    return done.stdout


def _last_line(said: str) -> str:
    """What a program said last, without click's own `Error:`, which stands before what we say of it anyway."""
    lines = said.strip().splitlines()
    return lines[-1].removeprefix("Error: ") if lines else ""
