# SPDX-License-Identifier: Apache-2.0
"""Every sample as a scene, projected once a worker, with what the rules of the look ask of it; canvases for widgets."""

import itertools
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import pytest

from pengpos.client import Language
from pengpos.i18n import LANGUAGES
from ui.actions import Action
from ui.drawing.scene import Box, Drawing, Fill, Node, Role, Scene, Target, Text
from ui.drawing.typeset import Typesetter
from ui.projection import project
from ui.theme import GAP, KEY_MINIMUM, TARGET_MINIMUM, Token
from ui.widgets.bar import bar_height_of
from ui.widgets.canvas import Canvas, scale_of
from workshop.gallery.screens import SIZES, variant
from workshop.samples.screens import SAMPLES, Sample, local

Size = tuple[int, int]
EVERY_PANEL = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@cache
def typesetter() -> Typesetter:
    return Typesetter()


@lru_cache(maxsize=2048)
def scene(name: str, language: Language, size: Size) -> Scene:
    return scene_of(variant(SAMPLES[name], size, "light", language))


def scene_of(sample: Sample) -> Scene:
    return project(sample.status, sample.local, typesetter())


def variants(name: str) -> Iterator[tuple[str, Scene]]:
    """One sample in every language on every panel, with a label for the failure message."""
    for size in SIZES:
        for language in LANGUAGES:
            yield f"{size[0]}x{size[1]} {language}", scene(name, language, size)


def texts(one: Scene) -> list[Text]:
    return [node for node in one.nodes if isinstance(node, Text)]


def ink(node: Text) -> Box:
    """Where the glyphs of a line are, without the air of its box."""
    width = typesetter().optical_width(node.text, node.size, node.weight, node.script)
    x = {"left": node.box.x, "right": node.box.right - width, "centre": node.box.x + (node.box.w - width) / 2}
    middle = node.box.y + node.box.h / 2
    return Box(x[node.align] + 1, middle - node.size * 0.46, width - 2, node.size * 0.92)


def ground(one: Scene, node: Node) -> Token:
    """The colour behind a node: the last fill, or the body of a shape, drawn under its middle before it."""
    x, y = node.box.x + node.box.w / 2, node.box.y + node.box.h / 2
    under = [fill for fill in one.nodes[: one.nodes.index(node)] if isinstance(fill, Fill) and fill.box.holds(x, y)]
    return under[-1].colour


def scale(size: Size) -> float:
    return scale_of(size)


def drawings(one: Scene) -> list[Drawing]:
    return [node for node in one.nodes if isinstance(node, Drawing)]


def canvas(
    size: Size = (800, 480), language: Language = "zh-Hans", second: Language | None = None, **fields: object
) -> Canvas:
    """An empty canvas for one widget; `fields` are of the local state."""
    return Canvas("a widget", local(size=size, language=language, **fields), second, typesetter())


def below_bar(one: Scene) -> list[Drawing | Text]:
    """The pictures and lines of the screen itself."""
    bar = bar_height_of(is_portrait=one.size[1] > one.size[0]) * scale(one.size)
    return [node for node in one.nodes if isinstance(node, Drawing | Text) and node.box.y >= bar - 1]


class Offered(NamedTuple):
    """What may be touched below the bar, keys of the pad apart."""

    next_action: Action | None
    way_out: Action | None
    others: set[Action]


def offered(one: Scene) -> Offered:
    bar = bar_height_of(is_portrait=one.size[1] > one.size[0]) * scale(one.size)
    below = [target for target in one.targets if target.box.y >= bar - 1]
    by_role = {role: [target.action for target in below if target.role is role] for role in Role}
    primary, way_out = by_role[Role.PRIMARY], by_role[Role.CANCEL]
    assert len(primary) <= 1, "two next actions"
    assert len(way_out) <= 1, "two ways out"
    return Offered(next(iter(primary), None), next(iter(way_out), None), set(by_role[Role.PLAIN]))


def wrong_targets(targets: tuple[Target, ...], size: Size) -> list[str]:
    """Which targets are too small, too close to another, or not on the panel."""
    unit, panel = scale(size), Box(0, 0, *size)
    wrong = []
    for target in targets:
        least = (KEY_MINIMUM if target.role is Role.KEY else TARGET_MINIMUM) * unit
        if min(target.box.w, target.box.h) < least - 1:
            wrong.append(f"{target} is small")
        if not panel.covers(target.box):
            wrong.append(f"{target} leaves the panel")
    for target, other in itertools.combinations(targets, 2):
        if target.box.apart(other.box) < GAP * unit - 1:
            wrong.append(f"{target.action} and {other.action} are {target.box.apart(other.box)} apart")
    return wrong
