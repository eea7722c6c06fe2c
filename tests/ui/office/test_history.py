# SPDX-License-Identifier: Apache-2.0
"""The list of a day's sales: what a cell says, what it opens, and that each panel shows as many as are asked for."""

import msgspec
import pytest

from pengpos.core.sale import SaleState
from tests.ui.layout import faults
from tests.ui.scenes import EVERY_PANEL, Size, drawings, scene_of
from ui.actions import Do, OpenRecord, ShowDay
from ui.drawing.scene import Scene, Shape
from ui.office.history import sales_a_page
from ui.state.local import Page
from ui.state.office import Listing
from workshop.gallery.screens import variant
from workshop.samples.office import BUSY, LISTED, PAID, TODAY, behind
from workshop.samples.screens import Sample, ago


def shown(listing: Listing, size: Size = (800, 480)) -> Scene:
    return scene_of(variant(Sample(BUSY, behind(Page.HISTORY, listing=listing)), size, "light", "zh-Hans"))


@EVERY_PANEL
def test_as_many_are_shown_as_are_asked_for(size: Size) -> None:
    most = sales_a_page(size)
    one = shown(Listing(date=TODAY, sales=LISTED, following=9), size)
    opened = [target.action for target in one.targets if isinstance(target.action, OpenRecord)]
    assert opened == [OpenRecord(sale.id) for sale in LISTED[:most]]
    assert faults(one) == []


@pytest.mark.parametrize("state", SaleState)
def test_each_state_has_a_shape_and_a_word(state: SaleState) -> None:
    sale = msgspec.structs.replace(PAID, state=state.value, parked=state is SaleState.PENDING)
    one = shown(Listing(date=TODAY, sales=(sale,)))
    [mark] = [node for node in drawings(one) if node.box.y > 60 and node.box.w == node.box.h == 30]
    assert (mark.shape is Shape.APPROVED) == (state in {SaleState.APPROVED, SaleState.SETTLED})
    assert any(word.endswith("0001-1000") for word in one.words)


def test_a_cell_says_amount_time_state_and_number() -> None:
    one = shown(Listing(date=TODAY, sales=(msgspec.structs.replace(PAID, created_at=ago(3600)),)))
    assert {"¥18.80", "13:32", "收款成功  ·  0001-1000"} <= set(one.words)


@pytest.mark.parametrize(
    ("befores", "following", "offered"),
    [
        ((None,), None, set()),
        ((None,), 7, {Do.OLDER}),
        ((None, 7), 3, {Do.OLDER, Do.NEWER}),
        ((None, 7), None, {Do.NEWER}),
    ],
)
def test_where_it_can_be_turned(befores: tuple[int | None, ...], following: int | None, offered: set[Do]) -> None:
    one = shown(Listing(date=TODAY, befores=befores, sales=LISTED[:2], following=following))
    assert {target.action for target in one.targets} & {Do.OLDER, Do.NEWER} == offered


@pytest.mark.parametrize(
    ("date", "days"),
    [(TODAY, {"2026-11-20"}), ("2026-11-20", {"2026-11-19", TODAY}), ("0001-01-01", {"0001-01-02"})],
)
def test_days_before_and_after(date: str, days: set[str]) -> None:
    one = shown(Listing(date=date, sales=()))
    assert {target.action.date for target in one.targets if isinstance(target.action, ShowDay)} == days
