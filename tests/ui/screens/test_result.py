# SPDX-License-Identifier: Apache-2.0
"""Declined at sync, by what came of asking the shopper: paid since is neither red nor does it look approved."""

import msgspec
import pytest

from pengpos.client import DueView, SaleView
from tests.ui.scenes import drawings, scene_of
from ui.drawing.scene import Shape
from ui.state.local import Left
from ui.theme import Token
from workshop.samples.screens import NOT_ENOUGH, SALE_ID, Sample, local, online, sale

DECLINED = (Shape.DECLINED, Token.DECLINED)


def asked(state: str | None, amount: int = 1880) -> SaleView:
    due = DueView(state=state, amount=amount) if state is not None else None
    return sale("declined_at_sync", reason=msgspec.structs.replace(NOT_ENOUGH, due=due))


@pytest.mark.parametrize(
    ("state", "mark", "says"),
    [
        (None, DECLINED, "上传后支付失败，款项未收到"),
        ("open", DECLINED, "已请顾客补付"),
        ("refused", DECLINED, "顾客不同意补付"),
        ("withdrawn", DECLINED, "顾客无需再付"),
        ("forgiven", DECLINED, "上传后支付失败，款项未收到"),
        ("paid", (Shape.PHONE, Token.BRAND), "顾客已补付¥18.00"),
    ],
    ids=["no shopper was asked", "open", "refused", "withdrawn", "of a later version", "paid since"],
)
def test_what_came_of_asking(state: str | None, mark: tuple[Shape, Token], says: str) -> None:
    one = scene_of(Sample(online(asked(state, 1800)), local()))
    assert [(node.shape, node.colour) for node in drawings(one) if node.box.h > 80] == [mark]
    assert says in one.words


@pytest.mark.parametrize("state", ["open", "refused"])
def test_it_is_not_said_that_no_money_came_where_the_platform_may_have_guaranteed_it(state: str) -> None:
    one = scene_of(Sample(online(asked(state)), local()))
    assert not [text for text in one.words if "收到" in text and ("钱" in text or "款" in text)]


@pytest.mark.parametrize(("state", "says"), [("open", "支付失败"), ("paid", "已补付")])
def test_the_last_sale_is_said_as_it_stands_now(state: str, says: str) -> None:
    one = scene_of(Sample(online(asked(state)), local(left=Left(SALE_ID, "declined_at_sync"))))
    assert f"¥18.80  ·  {says}" in one.words
