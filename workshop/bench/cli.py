# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench`: what things cost on this machine, beside their floor and their peers, in one run."""

import os
import platform
import tempfile
from pathlib import Path

import click

AT_LEAST_ONE = click.IntRange(min=1)
AT_LEAST_TWO = click.IntRange(min=2)
"""Percentiles need two figures."""


@click.group()
def bench() -> None:
    """Measure on this machine; `docs/performance.md` keeps figures with machine and date."""
    click.echo(f"{platform.machine()}, {platform.platform(terse=True)}, Python {platform.python_version()}")


@bench.command("queue")
@click.option("--operations", default=2_000, show_default=True, type=click.IntRange(min=10))
@click.option("--rows", default=1_000_000, show_default=True, type=AT_LEAST_ONE, help="How long the long journal is.")
@click.option("--peers/--no-peers", default=True, help="Beside other queues, where they are installed.")
@click.option("--directory", type=click.Path(path_type=Path), help="On the disk that matters; else a temporary one.")
def bench_queue(*, operations: int, rows: int, peers: bool, directory: Path | None) -> None:
    """The journal: a durable, chained, encrypted row beside plain SQLite and other queues."""
    from workshop.bench.queue import run

    with tempfile.TemporaryDirectory(dir=directory, prefix="pengpos-bench-") as scratch:
        report = run(Path(scratch), operations=operations, rows=rows, with_peers=peers)
        click.echo("\n".join(report.lines()))


@bench.command("sync")
@click.option("--payments", default=10_000, show_default=True, type=AT_LEAST_ONE)
@click.option("--directory", type=click.Path(path_type=Path), help="On the disk that matters; else a temporary one.")
def bench_sync(*, payments: int, directory: Path | None) -> None:
    """The drainer: a long queue to a backend 20 ms away, beside sending one by one."""
    from workshop.bench.sync import run

    with tempfile.TemporaryDirectory(dir=directory, prefix="pengpos-bench-") as scratch:
        click.echo("\n".join(run(Path(scratch), payments=payments).as_lines()))


@bench.command("tap")
@click.option("--taps", default=1000, show_default=True, type=AT_LEAST_TWO, help="Over PC/SC, each beside its floor.")
@click.option(
    "--radio-taps",
    default=200,
    show_default=True,
    type=AT_LEAST_TWO,
    help="On the simulated radio, and reads of the tag.",
)
@click.option("--insertions", default=30, show_default=True, type=AT_LEAST_TWO, help="Of a phone, from the field on.")
@click.option("--directory", type=click.Path(path_type=Path), help="On the disk that matters; else a temporary one.")
def bench_tap(*, taps: int, radio_taps: int, insertions: int, directory: Path | None) -> None:
    """A tap: over pcscd and vpcd beside its floor, on a simulated radio, and the tag as a phone reads it."""
    from workshop.bench.tap import run

    with tempfile.TemporaryDirectory(dir=directory, prefix="pengpos-bench-") as scratch:
        for line in run(Path(scratch), taps=taps, radio_taps=radio_taps, insertions=insertions):
            click.echo(line)


@bench.command("lists")
@click.option(
    "--taps", default=1000, show_default=True, type=AT_LEAST_ONE, help="Beside lists, and as many on an idle terminal."
)
@click.option("--stored", default=5_000, show_default=True, type=AT_LEAST_ONE, help="Payments in the journal.")
@click.option(
    "--clients", default=2, show_default=True, type=AT_LEAST_ONE, help="Programs that page through all sales."
)
@click.option("--directory", type=click.Path(path_type=Path), help="On the disk that matters; else a temporary one.")
def bench_lists(*, taps: int, stored: int, clients: int, directory: Path | None) -> None:
    """Judging a tap while other programs list thousands of sales, beside an idle terminal."""
    from workshop.bench.tap_beside_lists import run

    with tempfile.TemporaryDirectory(dir=directory, prefix="pengpos-bench-") as scratch:
        for line in run(Path(scratch), taps=taps, stored=stored, clients=clients):
            click.echo(line)


@bench.command("soak")
@click.option("--taps", default=100_000, show_default=True, type=AT_LEAST_ONE)
@click.option("--directory", type=click.Path(path_type=Path), help="Where the journal grows; else a temporary one.")
def bench_soak(*, taps: int, directory: Path | None) -> None:
    """Very many taps in a row on a simulated PN532, with faults: memory stays flat, no reader dies."""
    from workshop.bench.soak import run

    with tempfile.TemporaryDirectory(dir=directory, prefix="pengpos-bench-") as scratch:
        for line in run(Path(scratch), taps=taps):
            click.echo(line)


@bench.command("ui")
@click.option("--touches", default=600, show_default=True, type=click.IntRange(min=4))
@click.option(
    "--seconds",
    default=5.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="How long motion and rest are watched.",
)
@click.option("--window", "in_window", is_flag=True, help="On this machine's display instead of in memory.")
def bench_ui(*, touches: int, seconds: float, in_window: bool) -> None:
    """The screen, drawn in memory: touch to new frame, “tap here” in motion, and at rest."""
    os.environ.update(SDL_AUDIODRIVER="dummy", PYGAME_HIDE_SUPPORT_PROMPT="1")
    if not in_window:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
    from workshop.bench.screen import run

    for line in run(touches=touches, over_s=seconds):
        click.echo(line)


@bench.command("start")
@click.option("--times", default=5, show_default=True, type=AT_LEAST_ONE)
def bench_start(*, times: int) -> None:
    """From nothing to the screen's first frame, and to a daemon that can take a tap; and what memory they hold."""
    from workshop.bench.start import run

    with tempfile.TemporaryDirectory(prefix="pengpos-bench-") as scratch:
        for line in run(Path(scratch), times=times):
            click.echo(line)


@bench.command("backend")
@click.option("--payments", default=1_000, show_default=True, type=AT_LEAST_ONE, help="A round; there are three.")
@click.option("--database", metavar="URL", help="An empty one on PostgreSQL; else a new SQLite one.")
@click.option("--directory", type=click.Path(path_type=Path), help="On the disk that matters; else a temporary one.")
def bench_backend(*, payments: int, database: str | None, directory: Path | None) -> None:
    """A payment at the payment backend, beside its floor: one, 8 and 32 at a time, and 200 in a batch."""
    from workshop.bench.backend import run

    with tempfile.TemporaryDirectory(dir=directory, prefix="pengpos-bench-") as scratch:
        for line in run(Path(scratch), payments=payments, database=database):
            click.echo(line)
