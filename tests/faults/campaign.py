# SPDX-License-Identifier: Apache-2.0
"""The campaign: every fault at every moment of every journey, one to a play, and what came of it as numbers.

A fault counts once, at a distinct place: its kind, its moment's number, its journey. What never struck is not counted.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.faults import books
from tests.faults.chaos import CLOCK_S, Fault, Kind, Moment
from tests.faults.evidence import Evidence
from tests.faults.hands import Hands
from tests.faults.journeys import AUTHORITY, ROWS, Row
from tests.faults.play import GaveUpError, Play
from tests.faults.verdict import judge
from tests.faults.world import World
from tests.support.fault_proxy import Wire

PLACES_MOST = 2_000
GOLDEN = 0.618


@dataclass(frozen=True, slots=True)
class Sweep:
    """One kind of fault at one moment. `every`: in the short form, each so many-th place; 0: in the long form only."""

    kind: Kind | Wire
    moment: Moment
    every: int = 0
    long_every: int = 1

    @property
    def wired(self) -> bool:
        """Whether it needs real sockets."""
        return isinstance(self.kind, Wire)


KILLS = (
    Sweep(Kind.KILL, Moment.RECORD, 1),
    Sweep(Kind.KILL, Moment.RECORDED, 1),
    Sweep(Kind.KILL, Moment.CALL, 2),
    Sweep(Kind.KILL, Moment.ANSWERED, 1),
    Sweep(Kind.KILL, Moment.EFFECT, 2),
    Sweep(Kind.KILL, Moment.SHOWN),
)
MEDIUM = (
    Sweep(Kind.FULL, Moment.JOURNAL, 83, 4),
    Sweep(Kind.FULL_FOR_FIVE, Moment.JOURNAL, 101, 4),
    Sweep(Kind.FULL_FOR_LONG, Moment.JOURNAL, 131, 4),
    Sweep(Kind.LIED, Moment.RECORD, 9),
)
CLOCK = tuple(
    Sweep(kind, moment, every)
    for kind in CLOCK_S
    for moment, every in ((Moment.RECORD, 29), (Moment.CALL, 0), (Moment.SHOWN, 0))
)
SURROUNDINGS = (
    Sweep(Kind.OLD_IMAGE, Moment.RECORDED, 13),
    Sweep(Kind.SECOND_DRAINER, Moment.RECORD, 37),
    Sweep(Kind.SECOND_DRAINER, Moment.JOURNAL, 0, 4),
    Sweep(Kind.BACKEND_GONE, Moment.CALL, 29),
    Sweep(Kind.BACKEND_GONE, Moment.ANSWERED),
)
NETWORK = tuple(Sweep(wire, Moment.CALL, 61) for wire in Wire)
SWEEPS = (*KILLS, *MEDIUM, *CLOCK, *SURROUNDINGS, *NETWORK)


@dataclass(slots=True)
class Found:
    """What one play came to."""

    row: Row
    struck: Sequence[tuple[Fault, str]]
    wrong: Sequence[str]
    ends: Sequence[str] = ()
    counted: Counter[Moment] = field(default_factory=Counter)
    waits_in_vain: int = 0

    def __str__(self) -> str:
        what = "; ".join(f"{fault} ({into})" for fault, into in self.struck)
        return "\n    ".join([f"{self.row.name}: {what}", *self.wrong])


@dataclass(slots=True)
class Tally:
    """Counts of what was injected, and of plays in which something was wrong, by kind."""

    faults: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, found: Found) -> None:
        """Count one play."""
        self.faults += Counter(str(fault.kind) for fault, _ in found.struck)
        self.wrong += Counter({line.split(":")[0] for line in found.wrong})
        if found.wrong:
            self.examples.append(str(found))

    def merge(self, other: "Tally") -> None:
        """Count what another counted."""
        self.faults += other.faults
        self.wrong += other.wrong
        self.examples += other.examples


def play(world: World, row: Row, faults: Sequence[Fault] = ()) -> Found:
    """Play one journey with these faults, and judge it."""
    home = world.installation()
    terminal_id = json.loads(home.enrolment.read_bytes())["terminal_id"]
    phones = world.phones(row.phones)
    one = Play(world, home, phones, faults, row.shoppers_stay)
    try:
        world.play(lambda: one.run(lambda: row.journey(Hands(one))))
    except GaveUpError as error:
        return Found(row, one.chaos.struck, [f"unfinished: {error}"], counted=one.chaos.counted)
    finally:
        world.clear(home)
    booked, balanced = books.read(world.backend, terminal_id), books.balanced(world.backend)
    evidence = Evidence(one.witness, booked, phones, one.road.overlaps, balanced)
    ends = [sale.state for sale in sorted(one.witness.final, key=lambda sale: sale.number)]
    return Found(row, one.chaos.struck, judge(evidence), ends, one.chaos.counted, one.witness.waits_in_vain)


def every_place(world: World, row: Row, sweep: Sweep, step: int = 1, into: str = "") -> Iterator[Found]:
    """One fault of this kind at every `step`-th such moment of a journey, until there is no later one."""
    for number in range(_first(row, sweep, step), PLACES_MOST, step):
        found = play(world, row, [Fault(sweep.kind, sweep.moment, number, into)])
        if not found.struck:
            return
        yield found


def sweep_row(world: World, row: Row, sweeps: Sequence[Sweep], *, short: bool) -> Tally:
    """All these sweeps over one journey."""
    tally = Tally()
    for sweep in sweeps:
        every = _planned_places(world, row, sweep) if short else every_place(world, row, sweep, sweep.long_every)
        for found in every:
            tally.add(found)
    return tally


def _planned_places(world: World, row: Row, sweep: Sweep) -> Iterator[Found]:
    """The short form's places, from the moments of a calm play: no play is spent on finding that there is no more."""
    for number in planned(calm(world, row), row, sweep):
        yield play(world, row, [Fault(sweep.kind, sweep.moment, number)])


def calm(world: World, row: Row) -> Counter[Moment]:
    """The moments of a journey in which nothing goes wrong; played once in a world."""
    if row.name not in world.calm:
        world.calm[row.name] = play(world, row).counted
    return world.calm[row.name]


def here_and_there(world: World, row: Row, sweeps: Sequence[Sweep], times: int) -> Tally:
    """A journey so many times, with one fault of any of these kinds somewhere in it: the same ones in each run."""
    tally, chance, counted = Tally(), random.Random(row.name), calm(world, row)
    for _ in range(times):
        sweep = chance.choice(sweeps)
        tally.add(play(world, row, [Fault(sweep.kind, sweep.moment, chance.randint(1, max(1, counted[sweep.moment])))]))
    return tally


def planned(counted: Counter[Moment], row: Row, sweep: Sweep) -> range:
    """The places at which the short form of a sweep brings a fault into a journey with so many moments."""
    if not sweep.every or row in AUTHORITY:
        return range(0)
    return range(_first(row, sweep, sweep.every), counted[sweep.moment] + 1, sweep.every)


def _first(row: Row, sweep: Sweep, step: int) -> int:
    """Which of the first `step` places comes first: spread evenly over the journeys, so that a thin sweep is fair."""
    position = ROWS.index(row) * GOLDEN + sum(str(sweep.kind).encode()) / 97
    return 1 + int(position % 1 * step)


def at_random(world: World, rows: Sequence[Row], chance: random.Random) -> Found:
    """Two or three faults of any kind, anywhere in any journey: what no table thought of."""
    row = chance.choice(rows)
    choices = [sweep for sweep in SWEEPS if sweep.wired is (world.wires is not None) or not sweep.wired]
    faults = []
    for _ in range(chance.choice((2, 2, 3))):
        sweep = chance.choice(choices)
        reach = 90 if sweep.moment is Moment.JOURNAL else 12
        faults.append(Fault(sweep.kind, sweep.moment, chance.randint(1, reach)))
    return play(world, row, faults)
