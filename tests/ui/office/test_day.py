# SPDX-License-Identifier: Apache-2.0
"""The day's figures as the daemon counts them; what is nothing is left out. Closing is one touch, and only once."""

import pytest

from pengpos.client import Status
from tests.ui.scenes import offered, scene_of
from ui.actions import Do
from ui.drawing.scene import Scene
from ui.state.calls import AsOperator, CloseDay, Pin
from ui.state.local import Page
from workshop.samples.office import BUSY, QUIET, TODAY, WAITING, behind
from workshop.samples.screens import IDLE, Sample


def shown(status: Status, **fields: object) -> Scene:
    return scene_of(Sample(status, behind(Page.DAY, **fields)))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (QUIET, {"收款笔数", "今日退款"}),
        (BUSY, {"收款笔数", "其中离线收下", "今日退款", "核实中"}),
        (
            WAITING,
            {"收款笔数", "其中离线收下", "今日退款", "待上传", "核实中", "离线收款失败", "顾客后来补付"},
        ),
        (IDLE, {"正在读取…"}),
    ],
    ids=["quiet", "busy", "waiting", "not known yet"],
)
def test_what_the_day_says(status: Status, said: set[str]) -> None:
    labels = {"收款笔数", "其中离线收下", "今日退款", "待上传", "核实中", "离线收款失败", "顾客后来补付", "正在读取…"}
    assert set(shown(status).words) & labels == said


def test_each_sum_is_the_daemons() -> None:
    assert {"2笔  ·  ¥37.60", "1笔  ·  ¥5.00", "3笔  ·  ¥56.40"} <= set(shown(WAITING).words)
    assert "1,943" in "".join(shown(BUSY).words)


@pytest.mark.parametrize("calling", [CloseDay(TODAY), AsOperator(CloseDay(TODAY), Pin())])
def test_a_close_under_way_cannot_be_asked_for_again(calling: CloseDay | AsOperator) -> None:
    assert offered(shown(BUSY)).next_action is Do.CLOSE_DAY
    under_way = shown(BUSY, calling=calling)
    assert offered(under_way).next_action is None
    assert "正在对账…" in under_way.words


def test_a_days_sum_of_nothing_is_nothing() -> None:
    assert "0" in shown(QUIET).words
