# SPDX-License-Identifier: Apache-2.0
"""A scene holds what is on the screen as values: drawing commands and hit targets, in panel pixels. Knows no pygame.

A screen is a pure projection to a `Scene`; two equal scenes need no drawing, and what differs says where to draw.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NamedTuple

from ui.actions import Action
from ui.theme import Token, Weight


class Box(NamedTuple):
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The first column to the right of it."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The first row below it."""
        return self.y + self.h

    def holds(self, x: float, y: float) -> bool:
        """True if the point lies in it."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def covers(self, other: "Box") -> bool:
        """True if all of `other` lies in it."""
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom

    def meets(self, other: "Box") -> bool:
        """True if they share a pixel."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def apart(self, other: "Box") -> float:
        """Pixels of free space between them along the better axis; negative where they overlap."""
        across = max(self.x, other.x) - min(self.right, other.right)
        down = max(self.y, other.y) - min(self.bottom, other.bottom)
        return max(across, down)

    def inset(self, dx: float, dy: float) -> "Box":
        """Smaller by `dx` left and right and `dy` above and below."""
        return Box(self.x + dx, self.y + dy, self.w - 2 * dx, self.h - 2 * dy)


class Align(StrEnum):
    """How a line is aligned in its box."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Script(StrEnum):
    """The script whose shapes Han characters take."""

    HANS = "hans"
    HANT = "hant"


class Shape(StrEnum):
    """The drawings of `ui.drawing.shapes`."""

    APPROVED = "approved"
    STORED = "stored"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    RETURNED = "returned"
    TIMED_OUT = "timed_out"
    WORKING = "working"
    PARKED = "parked"
    UNPLUGGED = "unplugged"
    ENROL = "enrol"
    LOCKED = "locked"
    ALARM = "alarm"
    PHONE = "phone"
    PHONE_LOCKED = "phone_locked"
    PHONE_CONFIRM = "phone_confirm"
    PHONE_CHOOSE = "phone_choose"
    PHONE_LOOK = "phone_look"
    PHONE_AWAY = "phone_away"
    PHONE_AGAIN = "phone_again"
    TWO_PHONES = "two_phones"
    BACKSPACE = "backspace"
    CHEVRON = "chevron"
    CHEVRON_BACK = "chevron_back"
    MENU = "menu"
    CROSS = "cross"
    LIST = "list"
    SUM = "sum"
    SLIDERS = "sliders"
    QUESTION = "question"
    DOT = "dot"
    RING = "ring"
    SLASH = "slash"
    LOCK = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A filled rectangle with rounded corners and, if `border` is set, a hairline inside its edge."""

    box: Box
    colour: Token
    radius: int = 0
    border: Token | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line of text, centred on the box's height. `cut`: it ended in "…" because it did not fit."""

    box: Box
    text: str
    size: int
    weight: Weight
    colour: Token
    script: Script
    align: Align = Align.LEFT
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One of our shapes, as large as its box; `ground` is the colour of what is knocked out of it."""

    box: Box
    shape: Shape
    colour: Token
    ground: Token
    arrives: bool = False
    """It comes to rest when it first appears (look, rule 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qr:
    """The dark modules of `data` as a QR code, whole pixels each; its quiet zone is inside the box."""

    box: Box
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """The moving part of "tap here": three arcs going out to the right."""

    box: Box
    colour: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class PinDots:
    """How much of a PIN was typed: `filled` dots of `count`, in the middle of the box; never which digits.

    `wrong` PINs were refused so far: with each more it shakes once.
    """

    box: Box
    count: int
    filled: int
    colour: Token
    hollow: Token
    ground: Token
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaking:
    """What is written in the box shakes once with each key that was refused: `refusals` so far."""

    box: Box
    refusals: int


Node = Fill | Text | Drawing | Qr | Waves | PinDots | Shaking


class Role(Enum):
    """What a target means to the keyboard and to the rules of the look."""

    PLAIN = "plain"
    PRIMARY = "primary"
    """The next action: the only filled button, bottom right; Enter."""
    CANCEL = "cancel"
    """Out of here: always bottom left; Esc."""
    KEY = "key"
    """A key of the pad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A box, and the action of a touch in it."""

    box: Box
    action: Action
    role: Role = Role.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One whole screen. `name` tells screens apart: a touch that began on another one does nothing."""

    name: str
    size: tuple[int, int]
    nodes: tuple[Node, ...]
    targets: tuple[Target, ...]

    def target_at(self, x: float, y: float) -> Target | None:
        """The target under a point."""
        return next((target for target in reversed(self.targets) if target.box.holds(x, y)), None)

    def target_of(self, role: Role) -> Target | None:
        """The first target of a role."""
        return next((target for target in self.targets if target.role is role), None)

    def find(self, action: Action) -> Target | None:
        """The target of an action, if the screen offers it."""
        return next((target for target in self.targets if target.action == action), None)

    @property
    def words(self) -> tuple[str, ...]:
        """Every line of text, in drawing order."""
        return tuple(node.text for node in self.nodes if isinstance(node, Text))

    @property
    def wrong_pins(self) -> int:
        """How many PINs were refused on this pad."""
        return sum(node.wrong for node in self.nodes if isinstance(node, PinDots))

    @property
    def moves(self) -> bool:
        """True if something on it moves by itself."""
        return any(isinstance(node, Waves) for node in self.nodes)
