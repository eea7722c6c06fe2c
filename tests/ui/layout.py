# SPDX-License-Identifier: Apache-2.0
"""What is wrong with where a scene's elements stand: cut, out of its box or the panel, one on another, too small.

A box may lie in another or beside it; two that share only a part are one on the other.
"""

import itertools
from collections.abc import Iterator

from tests.ui.scenes import ink, texts, wrong_targets
from ui.drawing.scene import Box, Drawing, Fill, PinDots, Qr, Scene
from ui.theme import LEAST_TYPE_PX

_PICTURES = (Drawing, Qr, PinDots)
_HAIRLINE_PX = 8
"""A rule, or the line of the countdown: it may cross a ground, no text."""


def faults(one: Scene) -> list[str]:
    """Each fault of the scene in words."""
    panel = Box(0, 0, *one.size)
    wrong = [f"{node} leaves the panel" for node in one.nodes if not panel.covers(node.box)]
    wrong += [f"{node} is no box" for node in one.nodes if min(node.box.w, node.box.h) < 0]
    wrong += [f"{node.text!r} is cut" for node in texts(one) if node.cut]
    wrong += [f"{node.text!r} leaves its box" for node in texts(one) if ink(node).w > node.box.w]
    wrong += [f"{node.text!r} is {node.size} px" for node in texts(one) if node.size < LEAST_TYPE_PX]
    return [*wrong, *_on_another(one), *wrong_targets(one.targets, one.size)]


def _on_another(one: Scene) -> Iterator[str]:
    lines = [(repr(node.text), ink(node)) for node in texts(one)]
    pictures = [(type(node).__name__, node.box) for node in one.nodes if isinstance(node, _PICTURES)]
    for (what, box), (other, other_box) in itertools.combinations([*lines, *pictures], 2):
        if box.meets(other_box):
            yield f"{what} on {other} {other_box}"
    grounds = [node.box for node in one.nodes if isinstance(node, Fill)]
    edges = [*grounds, *(target.box for target in one.targets)]
    for edge, (what, box) in itertools.product(edges, [*lines, *pictures]):
        if _crosses(edge, box):
            yield f"{what} over the edge of {edge}"
    wide = [ground for ground in grounds if ground.h > _HAIRLINE_PX]
    for ground, other_ground in itertools.combinations(wide, 2):
        if _crosses(ground, other_ground) and not other_ground.covers(ground):
            yield f"the ground {ground} over the edge of {other_ground}"


def _crosses(ground: Box, box: Box) -> bool:
    return ground.meets(box) and not ground.covers(box)
