# SPDX-License-Identifier: Apache-2.0
"""The pad for a confirmation code: when it can be sent, what it says of the tries, and the two ways out."""

import itertools

import pytest

from pengpos.client import Language, SaleView
from pengpos.core.confirmation import CODE_DIGITS, CODE_TRIES
from pengpos.i18n import LANGUAGES, Message
from tests.ui.scenes import EVERY_PANEL, Offered, Size, offered, scene_of, texts, wrong_targets
from ui.actions import Action, Do, Key, Press
from ui.drawing.scene import Fill, Scene
from ui.i18n import words
from ui.state.calls import SendCode
from ui.state.local import Page, Trouble
from ui.theme import Token
from workshop.samples.screens import OFFLINE_URL, SALE_ID, Sample, local, offline, sale

FULL = "40271593"


def armed(tries: int = CODE_TRIES) -> SaleView:
    can = ("cancel", "confirmation-code") if tries else ("cancel",)
    return sale("presented", *can, url=OFFLINE_URL, mode="offline", code_tries_left=tries)


GIVEN_UP = sale("cancelling", "confirmation-code", mode="offline")


def shown(one: SaleView, code: str = "", **fields: object) -> Scene:
    return scene_of(Sample(offline(one), local(page=Page.CODE, code=code, **fields)))


@pytest.mark.parametrize(
    ("one", "code", "calling", "next_action", "others"),
    [
        (armed(), "", None, None, {Do.CANCEL}),
        (armed(), FULL[:-1], None, None, {Do.CANCEL}),
        (armed(), FULL, None, Do.SEND_CODE, {Do.CANCEL}),
        (armed(), FULL, SendCode(SALE_ID, FULL), None, {Do.CANCEL}),
        (armed(0), FULL, None, None, {Do.CANCEL}),
        (GIVEN_UP, "", None, None, set()),
        (GIVEN_UP, FULL, None, Do.SEND_CODE, set()),
    ],
    ids=["empty", "seven digits", "eight", "on its way", "closed", "given up", "given up, eight"],
)
@EVERY_PANEL
def test_what_may_be_done(
    size: Size, one: SaleView, code: str, calling: SendCode | None, next_action: Action | None, others: set[Action]
) -> None:
    made = shown(one, code, calling=calling, size=size)
    assert offered(made) == Offered(next_action, Do.BACK, others)
    assert wrong_targets(made.targets, size) == []


@pytest.mark.parametrize(
    ("one", "code", "message", "values"),
    [
        (armed(), "", words.CODE_TRIES, {"n": 5}),
        (armed(3), "", words.CODE_WRONG, {"n": 3}),
        (armed(3), "4", words.CODE_TRIES, {"n": 3}),
        (armed(1), "", words.CODE_WRONG, {"n": 1}),
    ],
    ids=["not tried", "wrong", "being typed again", "one left"],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_the_tries(
    language: Language, one: SaleView, code: str, message: Message, values: dict[str, int]
) -> None:
    assert message.in_language(language, **values) in shown(one, code, language=language).words


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closed_pad_says_what_to_do(language: Language) -> None:
    said = "".join(shown(armed(0), language=language).words).replace(" ", "")
    assert words.CODE_CLOSED.in_language(language).replace(" ", "") in said


def test_a_refusal_stands_where_the_tries_stood() -> None:
    said = shown(armed(3), trouble=Trouble("not_now", "")).words
    assert words.TROUBLE_NOT_NOW.in_language("zh-Hans") in said
    assert words.CODE_WRONG.in_language("zh-Hans", n=3) not in said


@EVERY_PANEL
@pytest.mark.parametrize("language", LANGUAGES)
def test_above_the_limit_it_says_what_helps(size: Size, language: Language) -> None:
    refused = Trouble("code_over_limit", "a code takes at most 500.00 CNY")
    said = "".join(shown(armed(), FULL, trouble=refused, language=language, size=size).words).replace(" ", "")
    assert words.CODE_OVER_LIMIT.in_language(language).replace(" ", "") in said


@EVERY_PANEL
@pytest.mark.parametrize("count", range(CODE_DIGITS + 1))
def test_each_digit_has_a_box_and_the_next_one_is_marked(size: Size, count: int) -> None:
    one = shown(armed(), FULL[:count], size=size)
    marked = [node.box for node in one.nodes if isinstance(node, Fill) and node.border is Token.BRAND]
    assert len(marked) == (1 if count < CODE_DIGITS else 0)
    row = [
        node
        for node in one.nodes
        if isinstance(node, Fill) and node.border is not None and one.target_at(node.box.x + 1, node.box.y + 1) is None
    ]
    boxes = [node.box for node in row if node.colour is Token.CARD]
    assert len(boxes) == CODE_DIGITS
    gaps = [right.x - left.right for left, right in itertools.pairwise(boxes)]
    assert min(gaps) > 0
    assert gaps.index(max(gaps)) == 3, "two groups of four"
    assert marked == boxes[count : count + 1]
    typed = [text.text for box in boxes for text in texts(one) if text.box == box]
    assert typed == list(FULL[:count])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_for(language: Language) -> None:
    said = shown(armed(), language=language).words
    for message in (words.CODE, words.CODE_HINT, words.CODE_SEND, words.BACK, words.CANCEL_SALE):
        assert message.in_language(language) in said


def test_a_code_is_typed_in_digits_only() -> None:
    keys = {target.action for target in shown(armed()).targets if isinstance(target.action, Press)}
    assert keys == {Press(key) for key in Key if key.value in "0123456789" or key in {Key.CLEAR, Key.BACKSPACE}}
