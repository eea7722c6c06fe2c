# SPDX-License-Identifier: Apache-2.0
"""Every screen on every panel in every language holds what it shows, also with the longest words and sums."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest

from pengpos.client import Language, Sentences
from pengpos.i18n import LANGUAGES
from tests.ui.layout import faults
from tests.ui.scenes import canvas, scene_of, texts, variants
from tests.ui.screens.test_largest_amounts import largest, widest
from ui.drawing.scene import Align, Box, Scene, Shape, Text
from ui.state.entry import Entry
from ui.state.local import Left, QuickItem, Trouble
from ui.theme import Style, Token, Weight
from ui.widgets.canvas import Canvas
from workshop.gallery.screens import SIZES, variant
from workshop.samples.screens import IDLE, ITEMS, OFFLINE, SALE_ID, SAMPLES, SPOILT, Sample, local, online, sale

NAME: Final = (
    "Wunderbare Bäckereien & Wein am Wald GmbH 晨光咖啡馆人民广场西藏中路旗舰店",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
)
"""What people named may end in "…", also an order behind the sale's number; sums and instructions never."""
OTHERS: Final = ((480, 800), (800, 1280), (600, 1024), (640, 480), (768, 1024), (1280, 400))
"""3:5, 5:8, 4:3 and wide: what is sold for a Raspberry Pi, or turned by a quarter."""
CURRENCIES: Final = sorted({widest(weight) for weight in Weight} | {"JPY", "KWD", "CLF", "VND"})
"""Those in which the most is longest, and of 0, 2, 3 and 4 digits."""
REASON: Final = Sentences(
    zh_hans="付款方的银行认为这笔付款超出了当天的限额，没有扣款，请换一张卡或明天再试。",
    zh_hant="付款方的銀行認為這筆付款超出了當天的限額，沒有扣款，請換一張卡或明天再試。",
    en="The bank says that this payment would go over the limit of the day. Nothing was charged. Use another card.",
)


def longest_in(said: Any) -> Any:
    """The same with the longest names, references and reasons."""
    if isinstance(said, list):
        return [longest_in(one) for one in said]
    if not isinstance(said, msgspec.Struct) or isinstance(said, Sentences):
        return said
    changed: dict[str, Any] = {}
    for name in said.__struct_fields__:
        value = getattr(said, name)
        if name in {"merchant_name", "reference"}:
            changed[name] = NAME[0]
        elif name in {"shopper_in", "cashier_in"}:
            changed[name] = REASON
        elif isinstance(value, list | msgspec.Struct):
            changed[name] = longest_in(value)
    return msgspec.structs.replace(said, **changed)


def longest(sample: Sample, currency: str) -> Sample:
    """A sample with the longest words and the largest sums."""
    sample = largest(sample, currency)
    items = tuple(item._replace(name=NAME[place % 2]) for place, item in enumerate(sample.local.items))
    return Sample(longest_in(sample.status), replace(sample.local, items=items))


def everywhere(sample: Sample) -> Iterator[tuple[str, Scene]]:
    """A sample in every language on every panel, with a label for the failure message."""
    for size, language in itertools.product(SIZES, LANGUAGES):
        yield f"{size[0]}x{size[1]} {language}", scene_of(variant(sample, size, "light", language))


def of_our_own(fault: str, one: Scene) -> bool:
    """Whether it is more than a name that is cut, or the label of a row whose sum is whole."""
    cut = next((node for node in texts(one) if fault == f"{node.text!r} is cut"), None)
    return cut is None or not (ends_in_a_name(cut.text) or is_label(cut, one))


def ends_in_a_name(text: str) -> bool:
    text = text.removesuffix("…")
    return any(name.startswith(text[start:]) for name in NAME for start in range(len(text) - 1))


def is_label(cut: Text, one: Scene) -> bool:
    """Whether the value at the right of the same row is whole (`ui.widgets.ledger`)."""
    return any(
        (node.box.y, node.box.h, node.align, node.cut) == (cut.box.y, cut.box.h, Align.RIGHT, False)
        for node in texts(one)
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_each_screen_holds_what_it_shows(name: str) -> None:
    assert [f"{label}: {fault}" for label, one in variants(name) for fault in faults(one)] == []


@pytest.mark.parametrize("size", OTHERS, ids=lambda size: f"{size[0]}x{size[1]}")
def test_panels_of_other_shapes_hold_what_they_show(size: tuple[int, int]) -> None:
    wrong = []
    for name, sample in SAMPLES.items():
        one = scene_of(variant(sample, size, "light", "en"))  # the language of the longest words
        wrong += [f"{name}: {fault}" for fault in faults(one)]
    assert wrong == []


@pytest.mark.parametrize("name", SAMPLES)
def test_each_screen_holds_the_longest_words_and_sums(name: str) -> None:
    """Row 6 of the cases: the largest amount that the contract takes stands on each screen whole."""
    wrong = []
    for currency in CURRENCIES:
        for label, one in everywhere(longest(SAMPLES[name], currency)):
            wrong += [f"{label} {currency}: {fault}" for fault in faults(one) if of_our_own(fault, one)]
    assert wrong == []


LATE: Final = ("approved", "accepted_offline", "declined", "declined_at_sync", "cancelled", "reversed", "expired")
"""What may come of a sale that the cashier left without a result."""
NEWS: Final[tuple[dict[str, Any], ...]] = ({}, {"trouble": Trouble("journal_medium", "-")}, {"spoilt_items": SPOILT})
STRIPS: Final = [
    *itertools.product((IDLE, OFFLINE, SAMPLES["amount-all-badges"].status), NEWS),
    *((online(sale(state)), NEWS[0]) for state in LATE),
]


@pytest.mark.parametrize("items", [(), ITEMS[:1], ITEMS[:4], ITEMS * 2], ids=["no item", "one", "four", "pages"])
def test_the_amounts_screen_holds_items_beside_news_and_late_results(items: tuple[QuickItem, ...]) -> None:
    typed = local(entry=Entry(currency="CNY", typed="12345678.90"), items=items, left=Left(SALE_ID, "unknown"))
    wrong = []
    for status, news in STRIPS:
        for label, one in everywhere(Sample(status, replace(typed, **news))):
            wrong += [f"{label} {one.words}: {fault}" for fault in faults(one)]
    assert wrong == []


def spoilt(made: Canvas, what: str) -> Canvas:
    """A canvas with one fault."""
    style = Style(20)
    match what:
        case "cut":
            made.text(Box(10, 60, 60, 30), "请不要再收一次请不要再收一次", style)
        case "on":
            made.text(Box(10, 60, 300, 30), "18.80", style)
            made.text(Box(20, 70, 300, 30), "18.80", style)
        case "leaves the panel":
            made.fill(Box(made.w - 20, 60, 40, 40), Token.LINE)
        case "no box":
            made.fill(Box(20, 60, 40, -4), Token.LINE)
        case "over the edge":
            made.fill(Box(20, 60, 40, 40), Token.CARD)
            made.text(Box(40, 60, 300, 40), "18.80", style, Align.LEFT)
        case "on Drawing":
            made.drawing(Box(20, 60, 40, 40), Shape.ALARM, Token.INK, Token.CARD)
            made.text(Box(20, 60, 300, 40), "18.80", style)
        case _:
            raise ValueError(what)
    return made


@pytest.mark.parametrize("what", ["cut", "on", "leaves the panel", "no box", "over the edge", "on Drawing"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_spoilt_scene_is_found(what: str, language: Language) -> None:
    assert any(what in fault for fault in faults(spoilt(canvas(language=language), what).finish()))
