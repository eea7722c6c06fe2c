# SPDX-License-Identifier: Apache-2.0
"""Collects a scene in logical pixels: the panel's shorter side counts as 480, so one layout serves every panel.

Edges are rounded one by one, so that boxes which touch here touch on the panel. Text is fitted: it shrinks a little,
then ends in "…"; both are seen by the tests, neither may happen to our own words.
"""

import bisect
import itertools

from pengpos.client import Language
from pengpos.i18n import Message
from pengpos.names import clusters
from ui.actions import Action
from ui.drawing.qr import modules, side_of
from ui.drawing.scene import (
    Align,
    Box,
    Drawing,
    Fill,
    Node,
    PinDots,
    Qr,
    Role,
    Scene,
    Script,
    Shaking,
    Shape,
    Target,
    Text,
    Waves,
)
from ui.drawing.typeset import Typesetter
from ui.drawing.writing import CHARACTERS_MOST
from ui.state.local import LocalState
from ui.theme import LEAST_TYPE_PX, LINE_HEIGHT, RADIUS, Style, Token

LOGICAL_SIDE, LONGER_SIDE = 480, 720
LOW_BELOW = 850
"""Logical: upright panels are 800 (3:5) and more; one of 320 × 480 is 720."""
SHRINK_LEAST = 0.72
_DISPLAY_SHRINK = 0.92
_AT_A_BREAK = " ·"
"""The dot between two words is not drawn where a line ends between them."""


def scale_of(size: tuple[int, int]) -> float:
    """Give the panel pixels of a logical one: 4:3 counts as 3:2 with more room on the shorter side."""
    return min(min(size) / LOGICAL_SIDE, max(size) / LONGER_SIDE)


class Canvas:
    """One scene being made. Boxes are logical; what it collects is in panel pixels."""

    def __init__(self, name: str, local: LocalState, second: Language | None, typesetter: Typesetter) -> None:
        self.name = name
        self.local = local
        self.language = local.language
        self.second = second
        self.size = size = local.size
        self.script = Script.HANT if "zh-Hant" in (local.language, second) else Script.HANS
        self.typesetter = typesetter
        self.scale = scale_of(size)
        self.w = size[0] / self.scale
        self.h = size[1] / self.scale
        self._nodes: list[Node] = []
        self._targets: list[Target] = []

    @property
    def portrait(self) -> bool:
        """True on a panel that stands upright: halves are stacked."""
        return self.h > self.w

    @property
    def is_low(self) -> bool:
        """True on an upright panel of 2:3, which has a quarter less height than others for what is above a pad."""
        return self.portrait and self.h < LOW_BELOW

    def say(self, message: Message, /, **values: object) -> str:
        """Give a message in the screen's language."""
        return message.in_language(self.language, **values)

    def say_second(self, message: Message, /, **values: object) -> str:
        """Give it in the shop's second language; empty if it has none."""
        return message.in_language(self.second, **values) if self.second else ""

    def finish(self) -> Scene:
        """Give the scene that was collected."""
        return Scene(name=self.name, size=self.size, nodes=tuple(self._nodes), targets=tuple(self._targets))

    def panel_box(self, box: Box) -> Box:
        """Give a logical box in whole panel pixels."""
        left, top = round(box.x * self.scale), round(box.y * self.scale)
        return Box(left, top, round(box.right * self.scale) - left, round(box.bottom * self.scale) - top)

    def type_px(self, size: float) -> int:
        """Give a logical type size in panel pixels."""
        return max(LEAST_TYPE_PX, round(size * self.scale))

    def width(self, text: str, style: Style) -> float:
        """Measure the logical width of a line."""
        return self.typesetter.width(text, self.type_px(style.size), style.weight, self.script) / self.scale

    def _optical(self, text: str, style: Style) -> float:
        px = self.type_px(style.size)
        return self.typesetter.optical_width(text, px, style.weight, self.script) / self.scale

    def holds(self, text: str, style: Style, width: float) -> bool:
        """Whether a line fits this width whole, at its smallest."""
        return self._optical(text, style._replace(size=style.size * SHRINK_LEAST)) <= width

    def line_height(self, size: float) -> float:
        """Give the logical height of a line, also where small type is kept legible."""
        return self.type_px(size) * LINE_HEIGHT / self.scale

    def fill(self, box: Box, colour: Token, *, radius: float = 0, border: Token | None = None) -> None:
        """Draw a rectangle."""
        self._nodes.append(
            Fill(box=self.panel_box(box), colour=colour, radius=round(radius * self.scale), border=border)
        )

    def rule(self, x: float, y: float, w: float) -> None:
        """Draw a hairline, one panel pixel at least."""
        thick = max(1, round(self.scale))
        box = self.panel_box(Box(x, y, w, 1))
        self._nodes.append(Fill(box=box._replace(h=thick), colour=Token.LINE))

    def drawing(self, box: Box, shape: Shape, colour: Token, ground: Token, *, arrives: bool = False) -> None:
        """Draw one of our shapes."""
        self._nodes.append(Drawing(box=self.panel_box(box), shape=shape, colour=colour, ground=ground, arrives=arrives))

    def qr(self, area: Box, data: str) -> Box:
        """Draw a QR code on its card in an area's middle, as large as whole modules allow; gives its logical box."""
        room = self.panel_box(area)
        side = side_of(data, int(min(room.w, room.h)))
        box = Box(round(room.x + (room.w - side) / 2), round(room.y + (room.h - side) / 2), side, side)
        self._nodes.append(Fill(box=box, colour=Token.QR_LIGHT, radius=round(RADIUS * self.scale)))
        self._nodes.append(Qr(box=box, data=data))
        return Box(*(value / self.scale for value in box))

    def qr_unit_px(self, area: Box, data: str) -> int:
        """Give the panel pixels a module would have in an area."""
        room = self.panel_box(area)
        return int(min(room.w, room.h)) // len(modules(data))

    def pin_dots(self, box: Box, count: int, filled: int, colour: Token, *, wrong: int) -> None:
        """Draw how much of a PIN was typed."""
        self._nodes.append(
            PinDots(
                box=self.panel_box(box),
                count=count,
                filled=filled,
                colour=colour,
                hollow=Token.FAINT,
                ground=Token.CARD,
                wrong=wrong,
            )
        )

    def shakes(self, box: Box) -> None:
        """Let what is written in the box shake with each key that is refused."""
        self._nodes.append(Shaking(box=self.panel_box(box), refusals=self.local.refusals))

    def waves(self, box: Box, colour: Token) -> None:
        """Draw the moving waves of "tap here"."""
        self._nodes.append(Waves(box=self.panel_box(box), colour=colour))

    def target(self, box: Box, action: Action, role: Role = Role.PLAIN) -> None:
        """Add a place to touch."""
        self._targets.append(Target(box=self.panel_box(box), action=action, role=role))

    def text(
        self, box: Box, text: str, style: Style, align: Align = Align.LEFT, *, shrink: float = SHRINK_LEAST
    ) -> None:
        """Draw one line, centred on the box's height; made smaller down to `shrink`, then cut, to fit its width."""
        size, room = style.size, box.w
        while self._optical(text, style._replace(size=size)) > room and size > style.size * shrink:
            size -= 1
        style = style._replace(size=size)
        shown = self._cut(text, style, room)
        self._line(box, shown, style, align, cut=shown != text)

    def _line(self, box: Box, text: str, style: Style, align: Align, *, cut: bool) -> None:
        self._nodes.append(
            Text(
                box=self.panel_box(box),
                text=text,
                size=self.type_px(style.size),
                weight=style.weight,
                colour=style.colour,
                script=self.script,
                align=align,
                cut=cut,
            )
        )

    def on_baseline(self, x: float, baseline: float, text: str, style: Style) -> float:
        """Draw one line whose foot stands at `baseline`; gives its right edge."""
        width = self.width(text, style)
        middle = baseline - 0.37 * style.size
        height = style.size * LINE_HEIGHT
        self.text(Box(x, middle - height / 2, width + 1, height), text, style, shrink=1)
        return x + width

    def paragraph(
        self,
        box: Box,
        text: str,
        style: Style,
        align: Align = Align.LEFT,
        *,
        most_lines: int = 2,
        shrink: float = SHRINK_LEAST,
        display: bool = False,
    ) -> float:
        """Draw lines from the top of the box, at most `most_lines`; gives the bottom of the last one.

        `display` is for headlines: rather a little smaller than broken; no comma where they break after one.
        """
        if display and (found := self._headline(box, text, style)):
            size, lines = found
        else:
            size = style.size
            while self.count_lines(text, style._replace(size=size), box.w) > most_lines and size > style.size * shrink:
                size -= 1
            lines = list(self._lines(text, style._replace(size=size), box.w))
        style = style._replace(size=size)
        rest = _after(text, lines[: most_lines - 1]) if len(lines) > most_lines else ""
        y, height = box.y, self.line_height(size)
        for number, line in enumerate(lines[:most_lines], start=1):
            place = Box(box.x, y, box.w, height)
            if rest and number == most_lines:
                self._line(place, self._cut(rest, style, box.w), style, align, cut=True)
            else:
                self.text(place, line, style, align, shrink=1)
            y += height
        return y

    def _headline(self, box: Box, text: str, style: Style) -> tuple[float, list[str]] | None:
        """One line, or two broken where the sentence pauses: a little smaller if need be. None if neither fits."""
        for lines, least in (([text], _DISPLAY_SHRINK), (_at_pause(text), SHRINK_LEAST)):
            size = style.size
            while size >= style.size * least:
                if all(self.width(line, style._replace(size=size)) <= box.w for line in lines):
                    return size, lines
                size -= 1
        return None

    def count_lines(self, text: str, style: Style, width: float) -> int:
        """Count the lines a paragraph would take unshrunk."""
        px = self.type_px(style.size)
        return self.typesetter.count_lines(text, px, style.weight, self.script, width * self.scale)

    def _lines(self, text: str, style: Style, width: float) -> tuple[str, ...]:
        px = self.type_px(style.size)
        lines = self.typesetter.wrap(text, px, style.weight, self.script, width * self.scale)
        return lines if len(lines) == 1 else tuple(line.strip(_AT_A_BREAK) for line in lines)

    def _cut(self, text: str, style: Style, room: float) -> str:
        if self._optical(text, style) <= room + 0.5:
            return text
        ends = [0, *itertools.accumulate(map(len, clusters(text[:CHARACTERS_MOST])))]
        over = bisect.bisect_right(ends, room, lo=1, key=lambda end: self.width(text[:end] + "…", style))
        return text[: ends[over - 1]].rstrip() + "…"


def _after(text: str, lines: list[str]) -> str:
    """What is left of a text once these lines are set."""
    for line in lines:
        text = text.partition(line)[2].lstrip(_AT_A_BREAK)
    return text


def _at_pause(text: str) -> list[str]:
    """A headline's two halves; Chinese drops the comma that the line break stands for."""
    for mark, kept in (("，", ""), (", ", ",")):
        before, found, after = text.partition(mark)
        if found:
            return [before + kept, after]
    return [text]
