# SPDX-License-Identifier: Apache-2.0
"""When something was pressed, and what stood on the panel then. Times are monotonic seconds.

A process is held now and then, a line has latency: what a key means is decided by when it was pressed, not by when we
come to it. Tests: tests/ui/display/test_moments.py.
"""

from collections import deque
from typing import Final, NamedTuple

from ui.actions import Do, Key, Press
from ui.drawing.scene import Scene

PUTS_MOST: Final = 64


class When(NamedTuple):
    """The moment of a press."""

    at_s: float = 0.0
    vague_s: float = 0.0
    """By so much it may have been earlier: the display did not say when, and we have not looked for so long."""
    scene: int | None = None
    """The scene that stood there, where a remote viewer says so; None: by the time."""
    stood_s: float | None = None
    """How long it had stood there, where a remote viewer says so."""


class Put(NamedTuple):
    """A scene that was brought to the panel."""

    number: int
    name: str
    put_s: float
    takes_amount: bool
    """A digit pressed here begins an amount, or goes on with it."""
    stream: int
    """The number of the first of a row of scenes each of which a typed digit has brought: to the hand they are one."""


class Panel:
    """The scenes that have stood on the panel."""

    def __init__(self) -> None:
        self.number = 0
        """The scene that is being drawn, or stands there."""
        self._puts: deque[Put] = deque([Put(0, "", 0.0, takes_amount=False, stream=0)], maxlen=PUTS_MOST)

    @property
    def now(self) -> Put:
        """The scene that stands there."""
        return self._puts[-1]

    def put(self, scene: Scene, now_s: float, *, by_digit: bool = False) -> None:
        """Take note that scene `number` stands there now."""
        stream = self.now.stream if by_digit else self.number
        self._puts.append(Put(self.number, scene.name, now_s, takes_amount(scene), stream))

    def seen(self, when: When) -> Put:
        """What stood there when it was pressed; the oldest that is known, if it was before that."""
        if when.scene is not None:
            return next((put for put in reversed(self._puts) if put.number == when.scene), self._puts[0])
        return next((put for put in reversed(self._puts) if put.put_s <= when.at_s), self._puts[0])

    def stood_s(self, when: When) -> float:
        """How long that had stood there."""
        return when.stood_s if when.stood_s is not None else when.at_s - self.seen(when).put_s


def takes_amount(scene: Scene) -> bool:
    """Whether a digit begins an amount there or goes on with it: at the pad for amounts, and where a result is left."""
    return scene.name == "amount" or (scene.find(Do.NEXT) is not None and scene.find(Press(Key.D0)) is None)
