# SPDX-License-Identifier: Apache-2.0
"""`pengpos run` as a process of a test: what it says, what is typed at its prompt, which processes it has."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pengpos.client import Home

ROOT = Path(__file__).parents[2]


class Shop:
    """One `pengpos run` and its prompt."""

    def __init__(self, home: Path, stdin: int = subprocess.PIPE, options: Sequence[str] = ("--no-screen",)) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
        environment.pop("PCSCLITE_CSOCK_NAME", None)
        self.home = Home(home)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "terminal", "run", "--private-readers", *options],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment, "PENGPOS_HOME": str(home)},
            cwd=ROOT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []

    def until_said(self, text: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if text in line:
                return line.rstrip()
        raise AssertionError(f"it ended before it said {text!r}: {self.said}")

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    @property
    def family(self) -> list[int]:
        """All its processes, itself first."""
        found = [self.process.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in children.read_text().split()]
        return found

    def ended(self, limit_s: float = 30.0) -> int:
        """Its exit code; everything it still says is kept."""
        assert self.process.stdout is not None
        self.said += [line.rstrip() for line in self.process.stdout]
        return self.process.wait(limit_s)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
