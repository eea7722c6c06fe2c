# SPDX-License-Identifier: Apache-2.0
"""Kills a selling program again and again at random moments, and judges the journal after each.

`python -m tests.faults.killing DIRECTORY KILLS SEED`: prints one JSON object. Each life, and each judgement, is a fork
of this program, so that it begins within milliseconds. This process itself never starts a thread: a fork beside a
thread that is just ending could inherit a lock that nobody will give back.
"""

import ctypes
import json
import os
import random
import select
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from offline_queue.journal import writer
from offline_queue.journal.journal import Journal
from tests.faults.judge import judge, read_promises
from tests.faults.seller import FOLD_ROWS, KEY, Acknowledged, sell_once
from workshop.samples.journal import HeldClock, SaleMaker

PATIENCE_S = 40.0
_PR_SET_PDEATHSIG = 1  # prctl(2)


def fork(program: Callable[[], None]) -> int:
    """Run `program` in a process of its own; its id."""
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # it must not sell on without us
        code = 1
        try:
            program()
            code = 0
        except BaseException:  # noqa: BLE001 -- a process's entry: its last words
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def live(directory: Path) -> None:
    """One life: sell until killed."""
    said = Acknowledged(directory)
    with Journal.open(directory / "journal.db", key=KEY, clock=HeldClock()) as journal:
        maker = SaleMaker(os.getpid())
        while True:
            sell_once(journal, maker, said)


def kill_once(directory: Path, after_s: float) -> None:
    """Start a life, wait until it has sold something, and `after_s` later end it."""
    acknowledged = directory / "acknowledged"
    size = acknowledged.stat().st_size
    child = fork(lambda: live(directory))
    deadline = monotonic() + PATIENCE_S
    while acknowledged.stat().st_size == size:
        select.select([], [], [], 0.002)
        if os.waitpid(child, os.WNOHANG)[0]:
            raise SystemExit("the seller died by itself")
        if monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            raise SystemExit(f"the seller sold nothing within {PATIENCE_S} s")
    select.select([], [], [], after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def judge_apart(directory: Path) -> str | None:
    """What is wrong with the journal now."""
    verdict = directory / "verdict"

    def program() -> None:
        with (directory / "acknowledged").open() as lines:
            verdict.write_text(judge(directory, KEY, read_promises(lines)) or "")

    child = fork(program)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        return "the judge died"
    return verdict.read_text() or None


def main(directory: Path, kills: int, seed: int) -> None:
    """The loop."""
    writer.FOLD_ROWS_AT_MOST = FOLD_ROWS
    (directory / "acknowledged").touch()
    chance = random.Random(seed)
    wrong = []
    for number in range(kills):
        kill_once(directory, chance.uniform(0, 0.04))
        verdict = judge_apart(directory)
        if verdict:
            wrong.append(f"kill {number}: {verdict}")
    acknowledged = len((directory / "acknowledged").read_text().splitlines())
    print(json.dumps({"kills": kills, "acknowledged": acknowledged, "wrong": wrong}))  # noqa: T201 -- a program's output


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
