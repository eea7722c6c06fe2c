# SPDX-License-Identifier: Apache-2.0
"""Kills a selling program again and again at random moments, and judges the journal after each.

`python -m tests.faults.killing DIRECTORY KILLS SEED`: prints one JSON object. Each life is a fork of this program, so
that it sells within milliseconds; it is ended by SIGKILL while it waits for nothing.
"""

import json
import os
import random
import select
import signal
import sys
from pathlib import Path

from offline_queue.files import DATABASE_NAME
from offline_queue.journal import Journal
from offline_queue.samples import HeldClock, SaleMaker
from tests.faults.judge import judge, read_promises
from tests.faults.seller import FOLD_ROWS, KEY, Acknowledged, sell_once

FIRST_WORD_S = 20.0


def live(directory: Path) -> None:
    """One life: sell until killed."""
    said = Acknowledged(directory)
    with Journal.open(directory / DATABASE_NAME, key=KEY, clock=HeldClock()) as journal:
        maker = SaleMaker(os.getpid())
        while True:
            sell_once(journal, maker, said)


def kill_once(directory: Path, after_s: float) -> None:
    """Start a life, wait until it has sold something, and `after_s` later end it."""
    acknowledged = directory / "acknowledged"
    size = acknowledged.stat().st_size if acknowledged.exists() else 0
    child = os.fork()
    if child == 0:
        try:
            live(directory)
        finally:
            os._exit(1)
    waited = 0.0
    while not acknowledged.exists() or acknowledged.stat().st_size == size:
        select.select([], [], [], 0.002)
        waited += 0.002
        if waited > FIRST_WORD_S or os.waitpid(child, os.WNOHANG)[0]:
            raise SystemExit("the seller sold nothing")
    select.select([], [], [], after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main(directory: Path, kills: int, seed: int) -> None:
    """The loop."""
    from offline_queue import writer

    writer.FOLD_ROWS = FOLD_ROWS
    chance = random.Random(seed)
    wrong = []
    for number in range(kills):
        kill_once(directory, chance.uniform(0, 0.04))
        with (directory / "acknowledged").open() as lines:
            promises = read_promises(lines)
        verdict = judge(directory, KEY, promises)
        if verdict:
            wrong.append(f"kill {number}: {verdict}")
    print(json.dumps({"kills": kills, "acknowledged": len(promises), "wrong": wrong}))  # noqa: T201 -- a program's output


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
