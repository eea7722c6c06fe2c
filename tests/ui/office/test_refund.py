# SPDX-License-Identifier: Apache-2.0
"""The refund's page: nothing is ordered by default, what is chosen is seen, and one button orders it."""

import msgspec
import pytest

from tests.ui.scenes import offered, scene_of
from ui.actions import ChooseReason, Do, Key, Press, RefundReason
from ui.drawing.scene import Fill, Scene
from ui.state.entry import Entry
from ui.state.local import Page
from ui.state.office import Draft
from ui.theme import Token
from workshop.samples.office import BUSY, PAID, PARTLY, behind
from workshop.samples.screens import Sample


def shown(typed: str = "", reason: RefundReason | None = None, currency: str = "CNY") -> Scene:
    draft = Draft(entry=Entry(currency=currency, typed=typed), reason=reason)
    record = msgspec.structs.replace(PAID, currency=currency, currency_digits=2 if currency == "CNY" else 0)
    return scene_of(Sample(BUSY, behind(Page.REFUND, record=record, draft=draft)))


@pytest.mark.parametrize(
    ("typed", "reason", "is_ready"),
    [
        ("", None, False),
        ("5", None, False),
        ("", RefundReason.RETURNED, True),
        ("5.5", RefundReason.RETURNED, True),
        ("0", RefundReason.RETURNED, False),
        ("0.", RefundReason.RETURNED, False),
    ],
)
def test_it_wants_a_reason_and_more_than_nothing(typed: str, reason: RefundReason | None, *, is_ready: bool) -> None:
    one = shown(typed, reason)
    assert (offered(one).next_action is Do.GIVE_BACK) is is_ready
    assert offered(one).way_out is Do.BACK


@pytest.mark.parametrize("reason", RefundReason)
def test_the_chosen_reason_is_seen(reason: RefundReason) -> None:
    one = shown(reason=reason)
    framed = [node.box for node in one.nodes if isinstance(node, Fill) and node.border is Token.BRAND]
    chosen = one.find(ChooseReason(reason))
    assert chosen is not None
    assert framed == [chosen.box]


def test_a_part_says_how_much_there_is() -> None:
    draft = Draft(entry=Entry(currency="CNY", typed="5"), reason=RefundReason.OTHER)
    one = scene_of(Sample(BUSY, behind(Page.REFUND, record=PARTLY, draft=draft)))
    assert {"最多可退¥13.80", "退款¥5.00"} <= set(one.words)


def test_a_currency_without_decimals_has_no_point() -> None:
    assert shown(currency="JPY").find(Press(Key.POINT)) is None
    assert shown().find(Press(Key.POINT)) is not None
