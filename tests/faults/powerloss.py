# SPDX-License-Identifier: Apache-2.0
"""Takes the power from a selling program at every point of its file calls, and judges what a disk could then hold.

The engine is the one that ships: the program's own calls are recorded below SQLite (`iotrace.c`), cut at every point,
and the unsynced rest is lost, torn and shuffled (`disk.py`). Long run: `python -m tests.faults.powerloss --images N`.
"""

import argparse
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import iotrace
from tests.faults.disk import Disk
from tests.faults.iotrace import Call
from tests.faults.judge import judge, read_promises
from tests.faults.seller import KEY


@dataclass
class Verdicts:
    """How many images were judged, and what was wrong with how many."""

    images: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, verdict: str | None, point: int) -> None:
        """Count one."""
        self.images += 1
        if verdict is not None:
            self.wrong[verdict.split(":")[0]] += 1
            self.examples.append(f"cut after call {point}: {verdict}")


def record(directory: Path, library: Path, *, sales: int, settings: tuple[str, ...] = ()) -> list[Call]:
    """The file calls of a program that sells; `settings` make it a mutant."""
    state, log = directory / "state", directory / "calls"
    state.mkdir()
    iotrace.run(library, state, "tests.faults.seller", str(state), str(sales), *settings, log=log)
    return [call for call in iotrace.read(log) if not call.path.endswith("-shm")]


def campaign(calls: list[Call], directory: Path, *, images: int, seed: int = 1) -> Verdicts:
    """Judge `images` cuts, spread evenly over all calls, each with its own luck."""
    chance = random.Random(seed)
    verdicts, disk, said = Verdicts(), Disk(), ""
    due = 0.0
    for point, call in enumerate(calls, start=1):
        if call.path.endswith("acknowledged"):
            said += call.data.decode()
        else:
            disk.follow(call)
        due += images / len(calls)
        while due >= 1:
            due -= 1
            with tempfile.TemporaryDirectory(dir=directory) as image:
                for name, content in disk.image(chance).items():
                    (Path(image) / name).write_bytes(content)
                verdicts.add(judge(Path(image), KEY, read_promises(said.splitlines(keepends=True))), point)
    return verdicts


def main() -> None:
    """The long run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--sales", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("settings", nargs="*", help="a mutant's settings, as synchronous=NORMAL")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        calls = record(directory, iotrace.build(directory), sales=wanted.sales, settings=tuple(wanted.settings))
        verdicts = campaign(calls, directory, images=wanted.images, seed=wanted.seed)
    print(f"{len(calls)} calls, {verdicts.images} images, wrong: {dict(verdicts.wrong) or 'none'}")  # noqa: T201 -- a program's output
    for example in verdicts.examples[:5]:
        print(f"  {example}")  # noqa: T201 -- a program's output
    raise SystemExit(bool(verdicts.wrong))


if __name__ == "__main__":
    main()
