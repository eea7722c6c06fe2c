# SPDX-License-Identifier: Apache-2.0
"""`make fuzz`: a million and more bad inputs to everything that reads bytes; no crash, no hang, no growth.

    python -m tests.fuzz.campaign [--inputs 1200000] [--atheris-runs 100000] [--seed 1]

Three fuzzers: mutations of good inputs (seeded, so that a fault can be had again), Hypothesis, and atheris, guided by
coverage, where it is installed. Ends with 1 and the input in hex at the first fault.
"""

import argparse
import faulthandler
import gc
import importlib.util
import random
import resource
import subprocess
import sys
import time

import click
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import SIZE_MOST, Target, targets

_HANG_S = 10
_GROWTH_MOST_KIB = 64 * 1024
_HYPOTHESIS_EXAMPLES = 2_000
_INTERESTING = (0x00, 0x01, 0x7F, 0x80, 0xFF, 0x61, 0x90, 0xF2)


def mutated(seeds: tuple[bytes, ...], dice: random.Random) -> bytes:
    """A good input with some of it changed; now and then none of it is left."""
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(SIZE_MOST))
    raw = bytearray(dice.choice(seeds))
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(raw) + 1)
        match dice.randrange(5):
            case 0 if raw:
                raw[at % len(raw)] ^= 1 << dice.randrange(8)
            case 1 if raw:
                raw[at % len(raw)] = dice.choice(_INTERESTING)
            case 2:
                del raw[at : at + dice.randrange(1, 8)]
            case 3:
                raw[at:at] = dice.randbytes(dice.randrange(1, 8))
            case _:
                raw[at:at] = raw[dice.randrange(len(raw) + 1) :][: dice.randrange(64)]
    return bytes(raw[:SIZE_MOST])


def throw(target: Target, inputs: int, seed: int) -> float:
    """So many mutations at one target; the longest that one took, in seconds. Raises whatever should not come out."""
    dice = random.Random(seed)
    longest_s = 0.0
    try:
        for number in range(inputs):
            raw = mutated(target.seeds, dice)
            if number % 1_000 == 0:
                faulthandler.dump_traceback_later(_HANG_S, exit=True)
            began_s = time.perf_counter()
            _feed(target, raw)
            longest_s = max(longest_s, time.perf_counter() - began_s)
    finally:
        faulthandler.cancel_dump_traceback_later()
    return longest_s


def _feed(target: Target, raw: bytes) -> None:
    try:
        target.feed(raw)
    except BaseException:
        click.echo(f"input: {raw.hex()}")
        raise


def examples(target: Target, count: int) -> None:
    """The same by Hypothesis, which also makes what it finds small."""

    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=SIZE_MOST))
    def run(raw: bytes) -> None:
        target.feed(raw)

    run()


def resident_kib() -> int:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    """Every target, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=1_200_000)
    parser.add_argument("--atheris-runs", type=int, default=100_000, help="for each target")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    every = targets()
    each = options.inputs // len(every)
    click.echo(f"seed {options.seed}; {len(every)} targets, {each} mutations and {_HYPOTHESIS_EXAMPLES} examples each")
    total = 0
    for name, target in every.items():
        throw(target, each // 10 + 1, options.seed - 1)  # what is imported or kept once is no growth
        gc.collect()
        before_kib, began_s = resident_kib(), time.perf_counter()
        longest_s = throw(target, each, options.seed)
        examples(target, _HYPOTHESIS_EXAMPLES)
        total += each + each // 10 + 1 + _HYPOTHESIS_EXAMPLES
        grown_kib = resident_kib() - before_kib
        took_s = time.perf_counter() - began_s
        click.echo(f"  {name:<28} {each / took_s:9.0f}/s  longest {longest_s * 1000:7.1f} ms  grown {grown_kib:6} KiB")
        if grown_kib > _GROWTH_MOST_KIB:
            click.echo(f"{name}: memory grows")
            return 1
    click.echo(f"{total} inputs: no crash, no hang, no growth")
    return _with_atheris(list(every), options.atheris_runs)


def _with_atheris(names: list[str], runs: int) -> int:
    if importlib.util.find_spec("atheris") is None:
        click.echo("atheris is not installed here (pip install atheris): not run")
        return 0
    for name in names:
        command = [sys.executable, "-m", "tests.fuzz.guided", name, f"-runs={runs}", f"-max_len={SIZE_MOST}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        click.echo(f"  atheris: {name:<28} {runs} runs {'well' if done.returncode == 0 else 'FAULT'}")
        if done.returncode != 0:
            click.echo(done.stdout[-3_000:] + done.stderr[-3_000:])
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
