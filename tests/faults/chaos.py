# SPDX-License-Identifier: Apache-2.0
"""What can be done to a terminal, and when: faults as values, and the one who counts the moments and brings them.

A moment is named by what happens then and by its number since the play began, so that every moment can be hit in turn.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.support.fault_proxy import Wire
from tests.support.jumping_loop import Killed

FULL_S = 20.0


class Moment(StrEnum):
    """Where in a terminal's doing something can go wrong."""

    RECORD = "before journal record"
    RECORDED = "after journal record"
    JOURNAL = "in journal call"
    CALL = "before call to the backend"
    ANSWERED = "after the backend acted on call"
    EFFECT = "before effect"
    SHOWN = "before snapshot"


class Kind(StrEnum):
    """What goes wrong, beside what befalls a call on its way (`Wire`)."""

    KILL = "kill -9"
    FULL = "disk full for one call"
    FULL_FOR_FIVE = "disk full for five calls"
    FULL_FOR_LONG = "disk full for twenty seconds"
    LIED = "I/O error, though it was written"
    CLOCK_DAY_ON = "clock a day on"
    CLOCK_DAY_BACK = "clock a day back"
    CLOCK_TEN_ON = "clock ten minutes on"
    CLOCK_TEN_BACK = "clock ten minutes back"
    OLD_IMAGE = "the card put back to an older image"
    SECOND_DRAINER = "a second drainer"
    BACKEND_GONE = "the backend gone for four seconds"


CLOCK_S = {
    Kind.CLOCK_DAY_ON: 86_400, Kind.CLOCK_DAY_BACK: -86_400, Kind.CLOCK_TEN_ON: 600, Kind.CLOCK_TEN_BACK: -600,
}  # fmt: skip
FAILING_CALLS = {Kind.FULL: 1, Kind.FULL_FOR_FIVE: 5}


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` strikes at the `number`-th `moment` of a play (from 1) that has `into` in its name."""

    kind: Kind | Wire
    moment: Moment
    number: int
    into: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.moment} {self.number}"


@dataclass(slots=True)
class Chaos:
    """Brings the faults it was given. `struck` says which really came, and into what.

    `deeds` are those kinds that somebody else brings; `now_s` is the world's time.
    """

    faults: Sequence[Fault] = ()
    deeds: dict[Kind, Callable[[], None]] = field(default_factory=dict)
    now_s: Callable[[], float] = lambda: 0.0
    clock_wrong_by_s: int = 0
    struck: list[tuple[Fault, str]] = field(default_factory=list)
    counted: Counter[Moment] = field(default_factory=Counter)
    _matched: Counter[Fault] = field(default_factory=Counter)
    _wire: Wire | None = None
    _failing_calls: int = 0
    _failing_until_s: float = 0.0
    _lies: bool = False

    def reach(self, moment: Moment, what: str, kill: Callable[[], None]) -> None:
        """A moment has come. Raises Killed where it is the last of this process, after `kill`."""
        self.counted[moment] += 1
        for fault in self.faults:
            if fault.moment is moment and fault.into in what:
                self._matched[fault] += 1
                if self._matched[fault] == fault.number:
                    self.struck.append((fault, what))
                    self._strike(fault.kind, kill)

    def _strike(self, kind: Kind | Wire, kill: Callable[[], None]) -> None:
        match kind:
            case Wire():
                self._wire = kind
            case Kind.KILL:
                kill()
                raise Killed
            case Kind.FULL | Kind.FULL_FOR_FIVE:
                self._failing_calls = FAILING_CALLS[kind]
            case Kind.FULL_FOR_LONG:
                self._failing_until_s = self.now_s() + FULL_S
            case Kind.LIED:
                self._lies = True
            case Kind.CLOCK_DAY_ON | Kind.CLOCK_DAY_BACK | Kind.CLOCK_TEN_ON | Kind.CLOCK_TEN_BACK:
                self.clock_wrong_by_s += CLOCK_S[kind]
            case Kind.OLD_IMAGE | Kind.SECOND_DRAINER | Kind.BACKEND_GONE:
                self.deeds[kind]()

    def take_wire(self) -> Wire | None:
        """What is to befall this call on its way; asked once for each."""
        wire, self._wire = self._wire, None
        return wire

    def journal_fails(self) -> bool:
        """Whether this call of the journal fails; asked once for each."""
        if self.now_s() < self._failing_until_s:
            return True
        fails = self._failing_calls > 0
        self._failing_calls -= fails
        return fails

    def journal_lies(self) -> bool:
        """Whether this record is made and denied; asked once for each."""
        lies, self._lies = self._lies, False
        return lies

    def heal(self) -> None:
        """Medium and clock are right again; faults still to come will come."""
        self._failing_calls, self._failing_until_s, self._lies, self.clock_wrong_by_s = 0, 0.0, False, 0
