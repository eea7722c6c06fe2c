# SPDX-License-Identifier: Apache-2.0
"""Which scene stood there when something was pressed, by time or as a viewer says."""

import pytest

from tests.ui.scenes import scene
from ui.display.moments import PUTS_MOST, Panel, When, takes_amount

NAMES = ("present", "approved", "amount-empty")


def panel() -> Panel:
    """Three scenes, at 10, 20 and 30 s."""
    made = Panel()
    for index, name in enumerate(NAMES, 1):
        made.number = index
        made.put(scene(name, "en", (800, 480)), index * 10.0)
    return made


@pytest.mark.parametrize(
    ("when", "number", "stood_s"),
    [
        (When(5.0), 0, 5.0),
        (When(10.0), 1, 0.0),
        (When(19.5), 1, 9.5),
        (When(31.0), 3, 1.0),
        (When(31.0, scene=2, stood_s=0.5), 2, 0.5),
        (When(31.0, scene=77), 0, 31.0),
    ],
    ids=["before the first", "as it stands there", "before the next", "now", "as a viewer says", "one never shown"],
)
def test_what_stood_there(when: When, number: int, stood_s: float) -> None:
    made = panel()
    assert made.seen(when).number == number
    assert made.stood_s(when) == stood_s


def test_old_scenes_are_forgotten() -> None:
    made = panel()
    for number in range(4, 4 + PUTS_MOST):
        made.number = number
        made.put(scene("present", "en", (800, 480)), number * 10.0)
    assert made.seen(When(10.0)).number == 4


@pytest.mark.parametrize(
    ("name", "takes"),
    [("amount-sum", True), ("approved", True), ("unknown", True), ("present", False), ("code-empty", False),
     ("pin", False), ("queue", False)],
)  # fmt: skip
def test_where_an_amount_can_begin(name: str, takes: bool) -> None:
    assert takes_amount(scene(name, "en", (800, 480))) is takes
