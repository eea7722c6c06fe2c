# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench queue`: what a durable row costs, beside plain SQLite and other queues on the same disk.

All contenders take turns in short rounds, so that a disk that slows down slows all of them. Figures of one machine say
how the contenders compare, and how many bytes and syncs an item costs; how long a sync takes is the card's business.
"""

import os
import resource
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import perf_counter

from offline_queue.journal.journal import Journal
from offline_queue.values import PAGE_LIMIT, IntentNumber, SaleChanged, ValueStored
from workshop.bench.queue_contenders import BODY, Contender, JournalThread, journal, lives, peers, plain_sqlite
from workshop.samples.journal import HeldClock, SaleMaker

ROUNDS = 10
WRITERS = 16
ROWS_FEW, ROWS_MANY = 1_000, 1_000_000
ROWS_AT_ONCE = 2_000  # rows in one commit while a journal is filled
TAKE_WAITING = 2_000  # items that wait while taking is measured


@dataclass
class Measure:
    """One thing done many times; `took_s` one entry each time."""

    what: str
    note: str = ""
    took_s: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Times a second, all in all."""
        return len(self.took_s) / sum(self.took_s)

    def percentile_us(self, share: float) -> float:
        """So many microseconds or fewer in `share` of all times."""
        ranked = sorted(self.took_s)
        return ranked[min(int(len(ranked) * share), len(ranked) - 1)] * 1e6

    def go(self, step: Callable[[], object], times: int) -> None:
        """Do it some more times."""
        for _ in range(times):
            start = perf_counter()
            step()
            self.took_s.append(perf_counter() - start)


@dataclass(frozen=True)
class Report:
    """All figures of one run."""

    puts: Sequence[Measure]
    """The first is plain SQLite, the floor."""
    takes: Sequence[Measure]
    batched_per_second: float
    """Items taken and acknowledged as the drainer does it: 200 at once, one commit."""
    writers_per_second: float
    written_per_sale: int
    """Bytes given to the operating system for a sale of four rows, log and folding included."""
    rows_many: int
    arrow_us: tuple[float, float]
    """Median of a sale's row at few rows and at many."""
    open_s: float
    """Opening the journal of many rows."""
    memory_grew_mib: float
    """Largest resident set after the many rows less that after the few."""

    def ratio(self, what: str) -> float:
        """How many times the floor's rate, by medians: a disk that hangs now and then hangs for all."""
        measure = next(measure for measure in self.puts if measure.what == what)
        return self.puts[0].percentile_us(0.5) / measure.percentile_us(0.5)

    def lines(self) -> list[str]:
        """As Markdown."""
        one_writer = next(measure for measure in self.puts if measure.what == THROUGH).per_second
        batches = f"{self.batched_per_second:,.0f}/s{self._beside_peers()}"
        writers, (few, many) = self.writers_per_second, self.arrow_us
        return [
            *_table("durable put, one commit each", self.puts),
            "",
            *_table("take one and acknowledge it", self.takes),
            "",
            f"- take and acknowledge as the drainer does, {PAGE_LIMIT} a commit: {batches}",
            f"- {WRITERS} writers at once: {writers:,.0f}/s, {writers / one_writer:.1f} × one",
            f"- written for a sale of four rows: {self.written_per_sale / 1024:.0f} KiB",
            f"- a sale's row, median: {few:.0f} µs at {ROWS_FEW:,} rows, {many:.0f} µs at {self.rows_many:,}",
            f"- opening {self.rows_many:,} rows: {self.open_s * 1000:.0f} ms",
            f"- memory grew by {self.memory_grew_mib:.0f} MiB meanwhile",
        ]

    def _beside_peers(self) -> str:
        """The same beside the others, which have no way to acknowledge many at once."""
        ratios = [f"{self.batched_per_second / one.per_second:.1f} × {one.what}" for one in self.takes[1:]]
        return f": {', '.join(ratios)}" if ratios else ""


APPEND = "pengpos row, on the journal's thread"
ARROW = "pengpos sale, on the journal's thread"
THROUGH = "pengpos row, through the thread"
SALE_THROUGH = "pengpos sale, through the thread"


def run(directory: Path, *, operations: int = 2_000, rows: int = ROWS_MANY, with_peers: bool = True) -> Report:
    """Measure in an empty `directory`, which should be on the medium that is meant."""
    floor = plain_sqlite(directory)
    thread = JournalThread(directory / "thread.db")
    key = os.urandom(32)
    with Journal.open(directory / "journal.db", key=key, clock=HeldClock()) as instance:
        ours = journal(instance)
        others = [floor, *(peers(directory) if with_peers else [])]
        puts = _measure_puts(operations, instance, ours, thread, others)
        takes = _measure_takes(operations, [ours, *others])
        batched = _take_in_batches(instance, ours, operations)
        written = _written_per_sale(instance, operations // 4)
        writers = _many_writers(instance, operations)
    thread.close()
    for other in others:
        other.close()
    return Report(puts, takes, batched, writers, written, rows, *_at_scale(directory / "scale.db", operations, rows))


def _measure_puts(
    operations: int, instance: Journal, ours: Contender, thread: JournalThread, others: Sequence[Contender]
) -> list[Measure]:
    steps: list[tuple[Measure, Callable[[], object]]] = [
        (Measure(others[0].name, others[0].less), others[0].put),
        (Measure(APPEND), thread.append),
        (Measure(ARROW, "a quarter of a sale's four rows, all derived entries with it"), thread.arrow),
        (Measure(THROUGH), ours.put),
        (Measure(SALE_THROUGH), _selling(instance)),
        *((Measure(other.name, other.less), other.put) for other in others[1:]),
    ]
    return _in_rounds(steps, operations)


def _measure_takes(operations: int, contenders: Sequence[Contender]) -> list[Measure]:
    for contender in contenders:
        contender.fill(TAKE_WAITING + operations)
    steps = [(Measure(contender.name, contender.less), contender.take) for contender in contenders]
    return _in_rounds(steps, operations)


def _in_rounds(steps: Sequence[tuple[Measure, Callable[[], object]]], operations: int) -> list[Measure]:
    for _ in range(ROUNDS):
        for measure, step in steps:
            measure.go(step, operations // ROUNDS)
    return [measure for measure, _ in steps]


def _take_in_batches(instance: Journal, ours: Contender, operations: int) -> float:
    ours.fill(operations)
    maker, taken = SaleMaker(secrets.randbits(32)), 0
    start = perf_counter()
    while taken < operations:
        entries = instance.queue_entries(limit=PAGE_LIMIT)
        instance.record([SaleChanged(sale=maker.approved(entry.sale), why="") for entry in entries]).result()
        taken += len(entries)
    return taken / (perf_counter() - start)


def _many_writers(instance: Journal, operations: int) -> float:
    """Rows a second that `WRITERS` threads get durable together, each waiting for its own."""
    share = max(operations // WRITERS, 1)

    def write(_writer: int) -> None:
        for _ in range(share):
            instance.record([ValueStored(kind="bench", key="", body=BODY)]).result()

    with ThreadPoolExecutor(WRITERS, "writer") as pool:
        start = perf_counter()
        list(pool.map(write, range(WRITERS)))
        return share * WRITERS / (perf_counter() - start)


def _written_per_sale(instance: Journal, sales: int) -> int:
    sell = _selling(instance)
    before = _bytes_written()
    for _ in range(4 * sales):
        sell()
    return (_bytes_written() - before) // sales


def _bytes_written() -> int:
    """What this process has given to write calls."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["wchar"])


def _at_scale(path: Path, operations: int, rows: int) -> tuple[tuple[float, float], float, float]:
    key = os.urandom(32)
    medians, sizes = [], []
    for target in (ROWS_FEW, rows):
        start = perf_counter()
        with Journal.open(path, key=key, clock=HeldClock()) as instance:
            _grow(instance, target)
            arrow = Measure("")
            arrow.go(_selling(instance), operations)
        medians.append(arrow.percentile_us(0.5))
        sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    start = perf_counter()
    with Journal.open(path, key=key, clock=HeldClock()):
        opened_s = perf_counter() - start
    return (medians[0], medians[1]), opened_s, sizes[1] - sizes[0]


def _selling(instance: Journal) -> Callable[[], object]:
    """One more row of a sale, each time."""
    life = lives(instance.next_counter)
    return lambda: instance.record([SaleChanged(sale=next(life), why="")]).result()


def _grow(instance: Journal, rows: int) -> None:
    """Sell, many rows a commit, until the journal has so many."""
    first = instance.next_counter()
    counters = count(first.counter)
    life = lives(lambda: IntentNumber(first.epoch, next(counters)))
    while instance.head().seq < rows:
        instance.record([SaleChanged(sale=next(life), why="") for _ in range(ROWS_AT_ONCE)]).result()


def _table(title: str, measures: Sequence[Measure]) -> list[str]:
    floor_us = measures[0].percentile_us(0.5)
    return [
        f"| {title} | /s | p50 µs | p99 µs | × first, by p50 | |",
        "|---|--:|--:|--:|--:|---|",
        *(
            f"| {m.what} | {m.per_second:,.0f} | {m.percentile_us(0.5):.0f} | {m.percentile_us(0.99):.0f} "
            f"| {floor_us / m.percentile_us(0.5):.2f} | {m.note} |"
            for m in measures
        ),
    ]
