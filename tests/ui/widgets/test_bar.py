# SPDX-License-Identifier: Apache-2.0
"""The badge of alarms: what must be seen to is red; news by itself has a calm badge of its own."""

import msgspec
import pytest

from pengpos.client import AlarmView
from tests.ui.scenes import drawings, scene_of
from ui.actions import Do
from ui.drawing.scene import Shape
from ui.theme import Token
from workshop.samples.screens import IDLE, Sample, ago, local

LOUD = AlarmView(id="1", kind="x", at=ago(60), text="-")
NEWS = AlarmView(id="2", kind="x", at=ago(60), text="-", calm=True)


@pytest.mark.parametrize(
    ("alarms", "badges", "said"),
    [
        ([], [], None),
        ([LOUD, LOUD], [(Shape.ALARM, Token.DECLINED)], "提醒2"),
        ([NEWS], [(Shape.PHONE, Token.BRAND)], "消息1"),
        ([NEWS, LOUD], [(Shape.ALARM, Token.DECLINED)], "提醒1"),
    ],
    ids=["none", "alarms", "only news", "news beside an alarm"],
)
def test_what_the_badge_says(alarms: list[AlarmView], badges: list[tuple[Shape, Token]], said: str | None) -> None:
    one = scene_of(Sample(msgspec.structs.replace(IDLE, alarms=alarms), local()))
    found = [(node.shape, node.colour) for node in drawings(one) if node.shape in {Shape.ALARM, Shape.PHONE}]
    assert found == badges
    assert said is None or said in one.words
    assert any(target.action is Do.OPEN_ALARMS for target in one.targets) == bool(alarms)
