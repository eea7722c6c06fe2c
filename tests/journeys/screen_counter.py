# SPDX-License-Identifier: Apache-2.0
"""A cashier at the screen, as a table: touches, snapshots and answers in; screen, words and calls out."""

from dataclasses import dataclass
from typing import NamedTuple

from pengpos.client import Status
from tests.ui.scenes import typesetter
from ui.actions import Action, Key, Press
from ui.drawing.scene import Scene
from ui.office.steps import to_read
from ui.projection import project
from ui.state.calls import Call, Found
from ui.state.local import LocalState, Trouble
from ui.update import on_action, on_answer, on_away, on_status
from workshop.samples.screens import local


class Answered(NamedTuple):
    """The daemon answers the call under way, or what was asked to be read."""

    trouble: Trouble | None = None
    found: Found = None


class Gone(NamedTuple):
    """The daemon stops answering."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happens, and what is so afterwards.

    `do`: an action touched, a text typed on the pad, a snapshot, an answer, or the daemon gone.
    """

    do: Action | str | Status | Answered | Gone
    screen: str
    says: str = ""
    call: Call | None = None


class NotOnTheScreenError(AssertionError):
    """A step touches what the screen does not offer."""


class Counter:
    """Runs steps against the pure parts of the screen: no display, no daemon, no clock."""

    def __init__(self, **fields: object) -> None:
        self.status: Status | None = None
        self.local: LocalState = local(**fields)
        self.call: Call | None = None

    @property
    def scene(self) -> Scene:
        """What is on the panel now."""
        return project(self.status, self.local, typesetter())

    def run(self, steps: list[Step]) -> None:
        """Every step in order; says which one did not lead where it should."""
        for number, step in enumerate(steps, 1):
            self.call = None
            self._do(step.do)
            self.local, reading = to_read(self.local)
            self.call = reading if reading is not None else self.call
            kind = self.scene.name.partition(" ")[0]
            said = "\n".join(self.scene.words)
            assert kind == step.screen, f"step {number}: {kind} instead of {step.screen}"
            assert "".join(step.says.split()) in "".join(said.split()), f"step {number}: {said}"  # on one line or more
            assert self.call == step.call, f"step {number}: {self.call}"

    def _do(self, what: Action | str | Status | Answered | Gone) -> None:
        match what:
            case Status():
                self.local = on_status(self.local, self.status, what)
                self.status = what
            case Answered(trouble, found):
                reading = self.local.office.reading if self.local.office is not None else None
                call = self.local.calling or reading
                assert call is not None
                self.local = on_answer(self.local, call, trouble, found)
            case Gone():
                self.local = on_away(self.local)
            case str() if not hasattr(what, "name"):
                for character in what:
                    self._touch(Press(Key(character)))
            case _:
                self._touch(what)

    def _touch(self, action: Action | str) -> None:
        if isinstance(action, str) and not hasattr(action, "name"):
            raise NotOnTheScreenError(action)
        if self.scene.find(action) is None:  # type: ignore[arg-type]  # Do is a str too
            raise NotOnTheScreenError(f"{action} is not on {self.scene.name}")
        assert self.status is not None
        self.local, call = on_action(self.local, self.status, action, lambda: "key-1")  # type: ignore[arg-type]  # Do is a str too
        self.call = call
