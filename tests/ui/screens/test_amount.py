# SPDX-License-Identifier: Apache-2.0
"""Typing an amount: which next action there is, what the foot and the strip say, how items are turned over."""

from dataclasses import replace

import msgspec
import pytest

from pengpos.client import Language, Status
from pengpos.i18n import LANGUAGES
from tests.ui.scenes import Offered, drawings, offered, scene_of
from ui.actions import Action, AddItem, Do, Key, Press
from ui.drawing.scene import Role, Shape
from ui.i18n import words
from ui.screens.amount import STAGE_WORDS, items_a_page
from ui.state.calls import StartSale
from ui.state.entry import Entry
from ui.state.local import Left, LocalState, QuickItem, Trouble
from ui.state.sales import Stage
from ui.theme import Token
from workshop.samples.screens import IDLE, ITEMS, OFFLINE, SALE_ID, Sample, local, online, sale

WIDE, UPRIGHT = (800, 480), (720, 1280)
SMALL = {Shape.APPROVED, Shape.STORED, Shape.DECLINED, Shape.RETURNED, Shape.ALARM}


def typed(text: str, **fields: object) -> LocalState:
    return local(entry=Entry(currency="CNY", typed=text), **fields)


@pytest.mark.parametrize(
    ("state", "next_action", "clears"),
    [
        (typed(""), None, False),
        (typed("0."), None, True),
        (typed("18.80"), Do.CHARGE, True),
        (typed("18.80", trouble=Trouble("busy", "")), Do.CHARGE, True),
        (typed("18.80", calling=StartSale(1880, "CNY", "k")), None, True),
    ],
    ids=["nothing typed", "nothing yet", "typed", "refused", "on its way"],
)
def test_what_may_be_done(state: LocalState, next_action: Action | None, clears: bool) -> None:
    assert offered(scene_of(Sample(IDLE, state))) == Offered(next_action, None, set())
    way_out = Press(Key.CLEAR) if clears else None
    upright = scene_of(Sample(IDLE, replace(state, size=UPRIGHT)))
    assert offered(upright) == Offered(next_action, way_out, set())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("text", "amount"), [("18.80", "¥18.80"), ("1234+1", "¥1,235.00"), ("", None)])
def test_the_next_action_names_the_amount(language: Language, text: str, amount: str | None) -> None:
    one = scene_of(Sample(IDLE, typed(text, language=language)))
    charge = words.CHARGE_AMOUNT.in_language(language, amount=amount) if amount else words.CHARGE.in_language(language)
    assert charge in one.words
    assert (words.TOO_EARLY.in_language(language) in one.words) is (text == "")


@pytest.mark.parametrize(
    ("currency", "point"), [("CNY", True), ("KWD", True), ("JPY", False)], ids=["two places", "three", "none"]
)
def test_a_currency_without_minor_units_has_no_point(currency: str, point: bool) -> None:
    one = scene_of(Sample(IDLE, local(entry=Entry(currency=currency))))
    assert (one.find(Press(Key.POINT)) is not None) is point
    assert "." in one.words, "the key is seen all the same"


# --- foot and strip ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_foot_says_the_last_sale_and_the_room_left_offline(language: Language) -> None:
    status = msgspec.structs.replace(OFFLINE, sale=sale("cancelled"))
    shown = scene_of(Sample(status, typed("", language=language, left=Left(SALE_ID, "cancelled")))).words
    assert words.LAST_SALE.in_language(language) in shown
    assert words.OFFLINE_LEFT.in_language(language) in shown
    assert "¥1,943.60" in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_offline_without_rules_nothing_can_be_taken_and_the_foot_says_so(language: Language) -> None:
    status = msgspec.structs.replace(OFFLINE, queue=msgspec.structs.replace(OFFLINE.queue, caps=None))
    assert words.OFFLINE_NONE.in_language(language) in scene_of(Sample(status, typed("", language=language))).words


@pytest.mark.parametrize(
    ("status", "says"), [(IDLE, False), (OFFLINE, True), (online(sale("approved")), False)], ids=["on", "off", "sold"]
)
def test_online_the_room_left_offline_is_not_said(status: Status, says: bool) -> None:
    shown = scene_of(Sample(status, typed("", left=Left(SALE_ID, "approved")))).words
    assert (words.OFFLINE_LEFT.in_language("zh-Hans") in shown) is says


@pytest.mark.parametrize(
    ("state", "shape", "colour"),
    [
        ("approved", Shape.APPROVED, Token.APPROVED),
        ("accepted_offline", Shape.STORED, Token.STORED),
        ("declined", Shape.DECLINED, Token.DECLINED),
        ("cancelled", Shape.RETURNED, Token.SOFT),
        ("expired", Shape.RETURNED, Token.SOFT),
    ],
)
def test_the_result_of_a_sale_left_without_one_is_a_strip(state: str, shape: Shape, colour: Token) -> None:
    one = scene_of(Sample(online(sale(state)), typed("5", left=Left(SALE_ID, "unknown"))))
    assert [(node.shape, node.colour) for node in drawings(one) if node.shape in SMALL] == [(shape, colour)]
    assert any(line.startswith("编号0001-1000  ·  ") for line in one.words)
    assert words.LAST_SALE.in_language("zh-Hans") not in one.words, "it is said once"


def test_a_refusal_comes_before_a_late_result() -> None:
    state = typed("5", left=Left(SALE_ID, "unknown"), trouble=Trouble("busy", ""))
    one = scene_of(Sample(online(sale("approved")), state))
    assert [node.shape for node in drawings(one) if node.shape in SMALL] == [Shape.ALARM]


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_a_word(stage: Stage) -> None:
    assert all(STAGE_WORDS[stage].in_language(language) for language in LANGUAGES)


def test_a_long_bill_shows_the_terms_being_typed() -> None:
    text = "+".join(["12.50"] * 8)
    shown = [line for line in scene_of(Sample(IDLE, typed(text, size=(480, 320)))).words if " + " in line]
    assert len(shown) == 1
    assert shown[0].startswith("… + ")
    assert shown[0].endswith("12.50")
    assert "……" not in shown[0]


# --- items ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "count", "many"),
    [(WIDE, 1, 4), (WIDE, 4, 4), (WIDE, 9, 4), (UPRIGHT, 4, 4), (UPRIGHT, 5, 3)],
)
def test_how_many_items_are_seen_at_once(size: tuple[int, int], count: int, many: int) -> None:
    assert items_a_page(size, count) == many


@pytest.mark.parametrize(
    ("size", "count", "first_row", "seen", "more"),
    [
        (WIDE, 1, 0, [0], False),
        (WIDE, 4, 0, [0, 1, 2, 3], False),
        (WIDE, 6, 0, [0, 1, 2, 3], True),
        (WIDE, 6, 4, [4, 5], True),
        (WIDE, 6, 40, [0, 1, 2, 3], True),
        (UPRIGHT, 4, 0, [0, 1, 2, 3], False),
        (UPRIGHT, 6, 3, [3, 4, 5], True),
    ],
    ids=["one", "a page", "the first page", "the last page", "beyond the last", "upright, a page", "upright, the last"],
)
def test_which_items_can_be_touched(
    size: tuple[int, int], count: int, first_row: int, seen: list[int], more: bool
) -> None:
    one = scene_of(Sample(IDLE, typed("", size=size, items=ITEMS[:count], first_row=first_row)))
    assert offered(one).others == {*map(AddItem, seen)} | ({Do.MORE_ITEMS} if more else set())


def test_an_item_is_shown_with_its_price() -> None:
    shown = scene_of(Sample(IDLE, typed("", items=(QuickItem("拿铁 大", 2600),)))).words
    assert {"拿铁 大", "26.00"} <= set(shown)


def test_the_pad_stays_when_there_are_items() -> None:
    one = scene_of(Sample(IDLE, typed("", items=ITEMS)))
    assert sum(target.role is Role.KEY for target in one.targets) == 16
