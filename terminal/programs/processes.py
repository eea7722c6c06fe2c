# SPDX-License-Identifier: Apache-2.0
"""Our programs as child processes: started, waited for until they say they are ready, ended by their own id."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from terminal.core.errors import PengposError

READY_LIMIT_S = 30.0
STOP_LIMIT_S = 8.0


class ProgramFailedError(PengposError):
    """A program of ours did not start or ended by itself; what it said last is in the message."""


class Program:
    """One `pengpos` subcommand as a process. Its log goes to a file; its standard output is read line by line."""

    def __init__(self, name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log_file = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "terminal.programs", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log_file,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C reaches us alone, and we end our children in order
        )
        self._lines: queue.Queue[str | None] = queue.Queue(1000)
        self._reading = threading.Thread(target=self._read, name=f"{name} output", daemon=True)
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
            raise ProgramFailedError(f"{self.name} ended at once: {self._last_words()}")
        return line

    def json_line(self, limit_s: float = READY_LIMIT_S) -> dict[str, Any]:
        """The next line, as the JSON object it is."""
        try:
            said: dict[str, Any] = json.loads(self.line(limit_s))
        except ValueError as error:
            raise ProgramFailedError(f"{self.name} said something else than JSON: {error}") from None
        return said

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
        self._process.wait(STOP_LIMIT_S)

    def _read(self) -> None:
        assert self._process.stdout is not None  # asked for above
        for raw in self._process.stdout:
            if not self._lines.full():
                self._lines.put(raw.decode(errors="replace").rstrip("\n"))
        self._lines.put(None)

    def _last_words(self) -> str:
        self._process.wait(STOP_LIMIT_S)
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}, nothing in {self.log}"


def run_once(arguments: Sequence[str], *, environment: Mapping[str, str], limit_s: float) -> str:
    """Run a subcommand to its end and return what it printed. Raises ProgramFailedError with its last words."""
    done = subprocess.run(
        [sys.executable, "-m", "terminal.programs", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
        env={**os.environ, **environment},
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise ProgramFailedError(f"pengpos {arguments[0]}: {words[-1] if words else done.returncode}")
    return done.stdout
