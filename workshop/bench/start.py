# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench start`: from nothing to a first frame, and to a daemon that can take a tap, as processes.

Each beside its floor in the same run: an interpreter that starts and ends.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pengpos.client import Home
from workshop.shop import Shop

LIMIT_S = 60.0
NO_DISPLAY = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
SETTLE_S = 2.0
"""Memory is read when a process has not grown for so long: what it does first is done by then."""


def run(directory: Path, *, times: int = 5) -> Iterator[str]:
    """Measure, line by line. Raises ProgramFailedError, ConfigError."""
    floor_s = [_interpreter() for _ in range(times)]
    yield _line("an interpreter, start to end", floor_s)
    yield _line("screen, start to first frame", [_first_frame() for _ in range(times)], "goal 1.0 s")
    with closing(Shop(home=Home(directory / "home"))) as shop:
        shop.open_sandbox(magic_amounts=False)
        shop.open_readers(private=True)
        shop.enrol()
        took_s, daemon_kib, screen_kib = zip(*(_pair(shop) for _ in range(times)), strict=True)
    yield _line("daemon, start to ready for a tap", took_s, "goal 0.45 s")
    yield f"  {'daemon, resident memory':<36} {max(daemon_kib) / 1024:6.0f} MB                       goal 62 MB"
    yield f"  {'screen, resident memory':<36} {max(screen_kib) / 1024:6.0f} MB, following it        goal 90 MB"


def _line(what: str, took_s: tuple[float, ...] | list[float], goal: str = "") -> str:
    middle, most, count = statistics.median(took_s), max(took_s), len(took_s)
    return f"  {what:<36} {middle * 1000:6.0f} ms median, {most * 1000:.0f} ms at most of {count}  {goal}".rstrip()


def _interpreter() -> float:
    started_s = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=LIMIT_S)
    return time.monotonic() - started_s


def _first_frame() -> float:
    """In SDL's memory, so that no display takes part."""
    environment = {**os.environ, **NO_DISPLAY, "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    started_s = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "workshop.bench.screen"], env=environment, stdout=subprocess.PIPE
    ) as screen:
        assert screen.stdout is not None  # asked for above
        screen.stdout.readline()
        return time.monotonic() - started_s


def _pair(shop: Shop) -> tuple[float, int, int]:
    """A daemon, and a screen that follows it: seconds until the one is ready, KiB that each holds."""
    started_s = time.monotonic()
    with shop.start("daemon", ["daemon"]) as daemon:
        daemon.line(LIMIT_S)
        took_s = time.monotonic() - started_s
        with shop.start("ui", ["ui"], **NO_DISPLAY) as screen:
            screen_kib = _settled_kib(screen.pid)
            return took_s, _resident_kib(daemon.pid), screen_kib


def _settled_kib(pid: int) -> int:
    """What a process holds once it has stopped growing; within `LIMIT_S`, else what it holds then."""
    end_s = time.monotonic() + LIMIT_S
    most_kib, since_s = 0, time.monotonic()
    while (now_s := time.monotonic()) < min(end_s, since_s + SETTLE_S):
        if (now_kib := _resident_kib(pid)) > most_kib:
            most_kib, since_s = now_kib, now_s
        time.sleep(SETTLE_S / 20)
    return _resident_kib(pid)


def _resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has no resident set")
