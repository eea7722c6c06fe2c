# SPDX-License-Identifier: Apache-2.0
"""Every sample as a scene, projected once a worker, with what the rules of the look ask of it."""

from collections.abc import Iterator
from functools import cache, lru_cache

from pengpos.client import Language
from pengpos.i18n import LANGUAGES
from ui.drawing.scene import Box, Drawing, Fill, Node, Scene, Text
from ui.drawing.typeset import Typesetter
from ui.screens import project
from ui.theme import Token
from workshop.gallery.screens import SIZES, variant
from workshop.samples.screens import SAMPLES, Sample

Size = tuple[int, int]


@cache
def typesetter() -> Typesetter:
    return Typesetter()


@lru_cache(maxsize=1024)
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
    return min(size) / 480


def drawings(one: Scene) -> list[Drawing]:
    return [node for node in one.nodes if isinstance(node, Drawing)]
