# SPDX-License-Identifier: Apache-2.0
"""The strip of news, and what it says of the daemon's last refusal."""

import pytest

from pengpos.client import Language
from pengpos.i18n import LANGUAGES, Message
from tests.ui.scenes import EVERY_PANEL, Size, canvas, drawings, ink, texts
from ui.drawing.scene import Box, Shape
from ui.i18n import words
from ui.state.local import Trouble
from ui.theme import Token
from ui.widgets.strip import _KNOWN_TROUBLE, Strip, trouble_strip

BOX = Box(28, 300, 340, 52)
STORED = Strip(Shape.STORED, Token.STORED, Token.STORED_TINT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("trouble", "message", "values"),
    [
        (Trouble("busy", "another sale is presented"), words.TROUBLE_BUSY, {}),
        (Trouble("not_now", ""), words.TROUBLE_NOT_NOW, {}),
        (Trouble("away", "no such socket"), words.TROUBLE_AWAY, {}),
        (Trouble("code_closed", ""), words.CODE_CLOSED, {}),
        (Trouble("of a later version", "because"), words.TROUBLE_OTHER, {"detail": "because"}),
        (Trouble("of a later version", ""), words.TROUBLE_UNNAMED, {}),
    ],
    ids=["busy", "not now", "no answer", "the code is closed", "unknown, with a detail", "unknown"],
)
def test_a_refusal_is_said_in_the_screens_language(
    trouble: Trouble, message: Message, values: dict[str, str], language: Language
) -> None:
    made = canvas(language=language, trouble=trouble)
    assert trouble_strip(made, BOX)
    one = made.finish()
    said = "".join(one.words).replace(" ", "")
    assert said == message.in_language(language, **values).replace(" ", "")
    assert [(node.shape, node.colour) for node in drawings(one)] == [(Shape.ALARM, Token.DECLINED)]


def test_no_refusal_no_strip() -> None:
    made = canvas()
    assert not trouble_strip(made, BOX)
    assert made.finish().nodes == ()


@EVERY_PANEL
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", _KNOWN_TROUBLE)
def test_every_refusal_fits_whole(size: Size, language: Language, code: str) -> None:
    made = canvas(size, language, trouble=Trouble(code, "x"))
    trouble_strip(made, BOX)
    assert not [node.text for node in texts(made.finish()) if node.cut]


@EVERY_PANEL
@pytest.mark.parametrize(
    ("text", "lines"),
    [("编号 0001-1000", 1), ("离线收款0001-1000上传后支付失败，顾客已补付18.80", 2), ("没" * 200, 2)],
    ids=["short", "two lines", "far too long"],
)  # fmt: skip
def test_it_is_drawn_over_its_box_and_no_further(size: Size, text: str, lines: int) -> None:
    made = canvas(size)
    STORED.draw(made, BOX, text)
    one = made.finish()
    box = made.panel_box(BOX)
    assert len(texts(one)) == lines
    assert all(box.covers(node.box) for node in one.nodes if not isinstance(node, type(texts(one)[0])))
    assert all(box.covers(ink(node)) for node in texts(one))
    (mark,) = drawings(one)
    assert not any(ink(node).meets(mark.box) for node in texts(one))
