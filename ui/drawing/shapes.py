# SPDX-License-Identifier: Apache-2.0
"""Our drawings as geometry on a 100 × 100 grid. Truth by shape (look, rule 2): the four results are unlike in outline.

Approved is a circle with a tick, stored offline a tray, declined an octagon, unknown a diamond. Nothing else here is a
filled circle, square, octagon or diamond of that size.
"""

import math
from dataclasses import dataclass
from typing import Final

from ui.drawing.scene import Shape

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line with round ends and joints."""

    points: tuple[Point, ...]
    width: float
    knock: bool = False


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle."""

    centre: Point
    radius: float
    knock: bool = False


@dataclass(frozen=True, slots=True)
class Plate:
    """A filled rectangle with round corners."""

    x: float
    y: float
    w: float
    h: float
    radius: float
    knock: bool = False


@dataclass(frozen=True, slots=True)
class Polygon:
    """A filled polygon."""

    points: tuple[Point, ...]
    knock: bool = False


Part = Stroke | Disc | Plate | Polygon


def arc(centre: Point, radius: float, start_deg: float, end_deg: float) -> tuple[Point, ...]:
    """Give points along a circle; degrees run clockwise from three o'clock."""
    steps = max(6, int(abs(end_deg - start_deg) / 6))
    angles = [math.radians(start_deg + (end_deg - start_deg) * step / steps) for step in range(steps + 1)]
    return tuple((centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles)


def _octagon() -> tuple[Point, ...]:
    corner = 29.0
    return ((corner, 1), (100 - corner, 1), (99, corner), (99, 100 - corner), (100 - corner, 99), (corner, 99),
            (1, 100 - corner), (1, corner))  # fmt: skip


def _phone(left: float = 27, width: float = 46) -> tuple[Part, ...]:
    middle = left + width / 2
    return (
        Plate(left, 3, width, 94, 10),
        Plate(left + 5, 10, width - 10, 75, 4.5, knock=True),
        Plate(middle - 6, 89.4, 12, 2.8, 1.4, knock=True),
    )


_DRAWINGS: Final[dict[Shape, tuple[Part, ...]]] = {
    Shape.APPROVED: (Disc((50, 50), 50), Stroke(((29, 51), (44.5, 67), (72, 34)), 8, knock=True)),
    Shape.STORED: (
        Plate(0, 0, 100, 100, 18),
        Stroke(((25, 52), (25, 76), (75, 76), (75, 52)), 7.5, knock=True),
        Stroke(((50, 22), (50, 58)), 7.5, knock=True),
        Stroke(((36, 45), (50, 59), (64, 45)), 7.5, knock=True),
    ),
    Shape.DECLINED: (
        Polygon(_octagon()),
        Stroke(((34, 34), (66, 66)), 8, knock=True),
        Stroke(((66, 34), (34, 66)), 8, knock=True),
    ),
    Shape.UNKNOWN: (
        Polygon(((50, -1), (101, 50), (50, 101), (-1, 50))),
        *(Disc((x, 50), 5.4, knock=True) for x in (29.5, 50, 70.5)),
    ),
    Shape.RETURNED: (
        Stroke(((24, 40), (60, 40), *arc((60, 58), 18, -90, 90), (34, 76)), 8),
        Stroke(((40, 22), (22, 40), (40, 58)), 8),
    ),
    Shape.TIMED_OUT: (
        Stroke(((28, 14), (72, 14)), 7),
        Stroke(((28, 86), (72, 86)), 7),
        Stroke(((34, 14), (34, 28), (50, 50), (66, 28), (66, 14)), 6),
        Stroke(((34, 86), (34, 72), (50, 50), (66, 72), (66, 86)), 6),
        Polygon(((38, 84), (62, 84), (62, 76), (50, 66), (38, 76))),
    ),
    Shape.WORKING: (*_phone(), *(Disc((x, 48), 3.6) for x in (39, 50, 61))),
    Shape.PARKED: (*_phone(), Stroke(((44, 38), (44, 58)), 6), Stroke(((56, 38), (56, 58)), 6)),
    Shape.UNPLUGGED: (
        Stroke((*arc((30, 50), 17, 60, 300),), 7.5),
        Stroke((*arc((70, 50), 17, -120, 120),), 7.5),
        Stroke(((44, 26), (41, 16)), 6),
        Stroke(((56, 74), (59, 84)), 6),
        Stroke(((36, 50), (41, 50)), 6),
        Stroke(((59, 50), (64, 50)), 6),
    ),
    Shape.ENROL: (
        Stroke((*arc((34, 50), 19, 0, 360),), 8),
        Stroke(((53, 50), (92, 50)), 8),
        Stroke(((90, 50), (90, 64)), 8),
        Stroke(((75, 50), (75, 60)), 8),
    ),
    Shape.LOCKED: (
        Stroke(((31, 48), (31, 34), *arc((50, 33), 19, 180, 360), (69, 48)), 9),
        Plate(17, 45, 66, 50, 11),
        Disc((50, 66), 6.5, knock=True),
        Stroke(((50, 68), (50, 79)), 6, knock=True),
    ),
    Shape.ALARM: (
        Stroke(((50, 14), (91, 84), (9, 84), (50, 14)), 9),
        Stroke(((50, 40), (50, 58)), 9),
        Disc((50, 71), 5.2),
    ),
    Shape.PHONE: _phone(),
    Shape.PHONE_LOCKED: (
        *_phone(),
        Stroke(((44, 46), (44, 40), *arc((50, 39), 6, 180, 360), (56, 46)), 3.6),
        Plate(39.5, 45, 21, 17, 3.5),
    ),
    Shape.PHONE_CONFIRM: (*_phone(), Stroke(((41, 48), (48, 55.5), (60, 40)), 5)),
    Shape.PHONE_CHOOSE: (
        *_phone(),
        *(Disc((40.5, y), 2.6) for y in (33, 47, 61)),
        *(Stroke(((47, y), (60, y)), 4) for y in (33, 47, 61)),
    ),
    Shape.PHONE_LOOK: (
        *_phone(),
        Stroke((*arc((50, 57), 17, -140, -40), *arc((50, 39), 17, 40, 140), *arc((50, 57), 17, -140, -139)), 3.4),
        Disc((50, 48), 4),
    ),
    Shape.PHONE_AWAY: (
        *_phone(left=6),
        Stroke(((62, 50), (94, 50)), 7),
        Stroke(((80, 36), (94, 50), (80, 64)), 7),
    ),
    Shape.PHONE_AGAIN: (
        *_phone(),
        Stroke((*arc((50, 48), 11, -60, 210),), 4),
        Stroke(((47, 31.5), (55.5, 38.4), (45.6, 43.6)), 4),
    ),
    Shape.TWO_PHONES: (*_phone(left=2, width=42), *_phone(left=56, width=42)),
    Shape.BACKSPACE: (
        Stroke(((36, 22), (94, 22), (94, 78), (36, 78), (8, 50), (36, 22)), 7),
        Stroke(((52, 39), (74, 61)), 7),
        Stroke(((74, 39), (52, 61)), 7),
    ),
    Shape.LOCK: (
        Stroke(((33, 48), (33, 32), *arc((50, 32), 17, 180, 360), (67, 48)), 9),
        Plate(20, 44, 60, 48, 10),
        Disc((50, 63), 6.5, knock=True),
        Stroke(((50, 65), (50, 76)), 6, knock=True),
    ),
    Shape.CHEVRON: (Stroke(((36, 20), (66, 50), (36, 80)), 11),),
    Shape.CHEVRON_BACK: (Stroke(((64, 20), (34, 50), (64, 80)), 11),),
    Shape.MENU: tuple(Stroke(((8, y), (92, y)), 11) for y in (20, 50, 80)),
    Shape.CROSS: (Stroke(((16, 16), (84, 84)), 11), Stroke(((84, 16), (16, 84)), 11)),
    Shape.LIST: (
        *(Disc((12, y), 7) for y in (20, 50, 80)),
        *(Stroke(((34, y), (94, y)), 9) for y in (20, 50, 80)),
    ),
    Shape.SUM: tuple(Stroke(((x, 90), (x, top)), 15) for x, top in ((16, 58), (50, 36), (84, 12))),
    Shape.SLIDERS: (
        *(Stroke(((6, y), (94, y)), 7) for y in (24, 50, 76)),
        *(Disc((x, y), 11) for x, y in ((66, 24), (30, 50), (74, 76))),
    ),
    Shape.QUESTION: (
        Stroke((*arc((50, 50), 44, 0, 360),), 8),
        Stroke((*arc((50, 40), 14, 180, 405), (50, 58)), 8),
        Disc((50, 73), 5),
    ),
    Shape.DOT: (Disc((50, 50), 50),),
    Shape.RING: (Stroke((*arc((50, 50), 40, 0, 360),), 18),),
    Shape.SLASH: (Stroke(((16, 88), (84, 12)), 19),),
}


def left_edge(shape: Shape) -> float:
    """Give where the ink of a drawing begins, 0..1 of its width: pictures stand flush with the text above them."""
    return {Shape.TWO_PHONES: 0.02, Shape.PHONE_AWAY: 0.06}.get(shape, 0.27)


def parts(shape: Shape) -> tuple[Part, ...]:
    """Give the parts of a drawing, back to front."""
    return _DRAWINGS[shape]
