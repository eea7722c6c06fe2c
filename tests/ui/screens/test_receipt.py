# SPDX-License-Identifier: Apache-2.0
"""After a payment: the approved half stays, beside it the receipt or what the backend gives, to be scanned."""

import msgspec
import pytest

from pengpos.client import CardView, Language, SaleView
from pengpos.i18n import LANGUAGES
from tests.ui.scenes import EVERY_PANEL, Offered, Size, drawings, offered, scene_of, texts, wrong_targets
from ui.actions import Do
from ui.drawing.qr import modules
from ui.drawing.scene import Qr, Scene, Shape
from ui.i18n import words
from ui.state.local import Page
from ui.theme import Token
from workshop.samples.screens import ONLINE_URL, Sample, local, online, sale

RECEIPT = "https://pay.example.cn/r/1"
GIFT = "https://pay.example.cn/g/7c1Q"
CARD = CardView(kind="hongbao", title="红包", text="下次来店可抵2元", url=GIFT)


def approved(**fields: object) -> SaleView:
    return msgspec.structs.replace(sale("approved", "refunds"), **fields)


def shown(one: SaleView, **fields: object) -> Scene:
    return scene_of(Sample(online(one), local(page=Page.RECEIPT, **fields)))


@pytest.mark.parametrize(
    ("one", "data", "says"),
    [
        (approved(receipt_url=RECEIPT), RECEIPT, ["扫码查看小票"]),
        (approved(cards=[CARD]), GIFT, ["红包", "下次来店可抵2元"]),
        (approved(receipt_url=RECEIPT, cards=[CARD]), GIFT, ["红包", "下次来店可抵2元"]),
    ],
    ids=["a receipt", "a gift", "both: the gift leads to the receipt"],
)
def test_what_is_scanned(one: SaleView, data: str, says: list[str]) -> None:
    scene = shown(one)
    assert [node.data for node in scene.nodes if isinstance(node, Qr)] == [data]
    assert [line for line in says if line not in scene.words] == []


@EVERY_PANEL
@pytest.mark.parametrize("language", LANGUAGES)
def test_next_is_bottom_right_and_the_way_out_leads_back(size: Size, language: Language) -> None:
    scene = shown(approved(receipt_url=ONLINE_URL, cards=[CARD]), size=size, language=language)
    assert offered(scene) == Offered(Do.NEXT, Do.BACK, set())
    assert wrong_targets(scene.targets, size) == []
    assert {words.APPROVED.in_language(language), words.NEXT.in_language(language)} <= set(scene.words)
    (code,) = (node.box for node in scene.nodes if isinstance(node, Qr))
    assert code.w % len(modules(GIFT)) == 0
    assert not any(text.box.meets(code) for text in texts(scene))


def test_it_still_looks_approved() -> None:
    large = [(node.shape, node.colour) for node in drawings(shown(approved(receipt_url=RECEIPT))) if node.box.h > 80]
    assert large == [(Shape.APPROVED, Token.APPROVED)]


def test_what_was_taken_is_the_total() -> None:
    said = shown(approved(amount=1880, total=1680, receipt_url=RECEIPT)).words
    assert said[said.index("¥") + 1 : said.index("¥") + 3] == ("16", ".80")
