# SPDX-License-Identifier: Apache-2.0
"""Where on an 800×480 panel a finger must go for something: from the screens' own samples, in English."""

from dataclasses import replace
from functools import cache

from ui.actions import Action, Key, Press
from ui.drawing.scene import Box
from ui.drawing.typeset import Typesetter
from ui.projection import project
from workshop.samples.screens import SAMPLES

SIZE = (800, 480)
KEYPAD = {key.value: Press(key) for key in Key}


@cache
def spot(action: Action, screen: str) -> Box:
    """The place of this action on the first sample of such a screen that offers it."""
    typesetter = Typesetter()
    for sample in SAMPLES.values():
        scene = project(sample.status, replace(sample.local, size=SIZE, language="en"), typesetter)
        target = scene.find(action)
        if target is not None and scene.name.partition(" ")[0] == screen:
            return target.box
    raise AssertionError(f"no {screen} screen has {action}")
