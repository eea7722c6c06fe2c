# SPDX-License-Identifier: Apache-2.0
"""A sale that can be paid now: the one thing said to the shopper, the code, the time left, what else may be done."""

import msgspec
import pytest

from pengpos.client import IntentView, Language, ReaderView, SaleView
from pengpos.i18n import LANGUAGES, Message
from tests.ui.scenes import (
    EVERY_PANEL,
    Offered,
    Size,
    canvas,
    drawings,
    offered,
    scale,
    scene_of,
    texts,
    variants,
    wrong_targets,
)
from ui.actions import Action, Do
from ui.drawing.qr import modules
from ui.drawing.scene import Fill, Qr, Scene, Shape
from ui.i18n import words
from ui.screens.present import instruction, present_screen, time_left
from ui.state.local import Trouble
from ui.theme import Token
from workshop.samples.screens import (
    NOT_ENOUGH,
    OFFLINE_URL,
    ONLINE_URL,
    SALE_ID,
    SAMPLES,
    Sample,
    ago,
    local,
    offline,
    online,
    sale,
)

LOST = [ReaderView(name="reader", state="lost")]


def presented(*can: str, **fields: object) -> SaleView:
    return msgspec.structs.replace(sale("presented", *(can or ("cancel",)), url=ONLINE_URL), **fields)


def shown(one: SaleView, **fields: object) -> Scene:
    return scene_of(Sample(online(one), local(**fields)))


# --- what is said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "has_reader", "message", "shape", "taps"),
    [
        (presented(), True, words.PRESENT, Shape.PHONE, True),
        (presented(prompt="unlock"), True, words.UNLOCK, Shape.PHONE_LOCKED, True),
        (presented(prompt="confirm"), True, words.CONFIRM, Shape.PHONE_CONFIRM, True),
        (presented(prompt="choose"), True, words.CHOOSE, Shape.PHONE_CHOOSE, True),
        (presented(prompt="two_phones"), True, words.TWO_PHONES, Shape.TWO_PHONES, False),
        (presented(prompt="remove_phone"), True, words.REMOVE_PHONE, Shape.PHONE_AWAY, False),
        (presented(prompt="look_at_phone"), True, words.LOOK_AT_PHONE, Shape.PHONE_LOOK, True),
        (presented(prompt="of a later version"), True, words.PRESENT, Shape.PHONE, True),
        (presented(notice="too_quick"), True, words.TOO_QUICK, Shape.PHONE_AGAIN, True),
        (presented(notice="not_a_wallet"), True, words.NOT_A_WALLET, Shape.PHONE, True),
        (presented(prompt="unlock", notice="too_quick"), True, words.UNLOCK, Shape.PHONE_LOCKED, True),
        (presented(prompt="remove_phone", reason=NOT_ENOUGH), True, words.REMOVE_PHONE, Shape.PHONE_AWAY, False),
        (presented(reason=NOT_ENOUGH), True, words.STILL_OPEN, Shape.PHONE, True),
        (sale("signed", "cancel", url=ONLINE_URL), True, words.ARMING, Shape.PHONE, False),
        (presented(ways=["qr"]), True, words.SCAN_ONLY, Shape.PHONE, False),
        (presented(ways=["reader", "qr"]), False, words.SCAN_ONLY, Shape.PHONE, False),
        (presented(ways=["tag", "qr"]), False, words.PRESENT, Shape.PHONE, True),
        (presented(ways=["reader"], url=None), False, words.PRESENT, Shape.PHONE, True),
    ],
    ids=["a phone is awaited", "unlock", "confirm", "choose", "two phones", "take it away", "look at it",
         "a later version's", "too quick", "no wallet", "a prompt before a notice", "a prompt before a reason",
         "a reason", "not armed yet", "only a code", "the reader is lost", "the tag needs no reader",
         "the reader is lost and there is no code"],
)  # fmt: skip
def test_one_thing_is_said(one: SaleView, has_reader: bool, message: Message, shape: Shape, taps: bool) -> None:
    assert tuple(instruction(one, has_reader=has_reader)) == (message, shape, taps)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("prompt", ["unlock", "confirm", "choose", "two_phones", "remove_phone", "look_at_phone", None])
def test_it_is_said_large_and_once_more_in_the_second_language(prompt: str | None, language: Language) -> None:
    one = presented(prompt=prompt)
    scene = shown(one, language=language)
    second: Language = "en" if language != "en" else "zh-Hans"
    said = "".join(scene.words).translate(str.maketrans("", "", " ，,"))
    for spoken in (language, second):
        assert instruction(one).message.in_language(spoken).translate(str.maketrans("", "", " ，,")) in said
    assert "晨光咖啡" in scene.words


def test_without_a_ready_reader_the_shopper_is_asked_to_scan() -> None:
    said = scene_of(Sample(online(presented(ways=["reader", "qr"]), readers=LOST), local())).words
    assert words.SCAN_ONLY.in_language("zh-Hans") in said
    assert words.PRESENT.in_language("zh-Hans") not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refused_phone_is_said_why_and_that_the_sale_is_still_open(language: Language) -> None:
    scene = shown(presented("cancel", "again", reason=NOT_ENOUGH), language=language)
    said = "".join(scene.words).replace(" ", "")
    assert NOT_ENOUGH.shopper_in is not None
    assert NOT_ENOUGH.shopper_in.in_language(language).replace(" ", "") in said
    assert words.STILL_OPEN.in_language(language).replace(" ", "") in said
    assert [node.colour for node in drawings(scene) if node.shape is Shape.DECLINED] == [Token.DECLINED]


def test_a_refusal_of_the_daemon_is_a_strip_above_it() -> None:
    scene = shown(presented(), trouble=Trouble("not_now", ""))
    assert words.TROUBLE_NOT_NOW.in_language("zh-Hans") in scene.words
    assert words.PRESENT.in_language("zh-Hans") in scene.words


# --- what may be done -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "way_out", "others"),
    [
        (presented(), Do.CANCEL, set()),
        (sale("presented", url=ONLINE_URL), None, set()),
        (presented("cancel", "again"), Do.CANCEL, set()),
        (presented("cancel", "again", reason=NOT_ENOUGH), Do.CANCEL, {Do.AGAIN}),
        (presented("cancel", reason=NOT_ENOUGH), Do.CANCEL, set()),
        (presented("cancel", "confirmation-code"), Do.CANCEL, set()),
        (presented("cancel", "confirmation-code", url=OFFLINE_URL), Do.CANCEL, {Do.OPEN_CODE}),
        (
            presented("cancel", "again", "confirmation-code", url=OFFLINE_URL, reason=NOT_ENOUGH),
            Do.CANCEL,
            {Do.AGAIN, Do.OPEN_CODE},
        ),
    ],
    ids=["armed", "cannot be cancelled", "nothing was refused", "refused", "refused for good", "online the page tells",
         "the offline code was shown", "all of it"],
)  # fmt: skip
@EVERY_PANEL
def test_what_may_be_done(size: Size, one: SaleView, way_out: Action | None, others: set[Action]) -> None:
    scene = scene_of(Sample(offline(one), local(size=size)))
    assert offered(scene) == Offered(None, way_out, others), "there is no next action: the shopper acts"
    assert wrong_targets(scene.targets, size) == []


# --- code and picture -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "data"),
    [
        (presented(), [ONLINE_URL]),
        (presented(url=OFFLINE_URL), [OFFLINE_URL]),
        (presented(url=None), []),
        (presented(ways=["reader"]), []),
    ],
    ids=["online", "offline", "no address", "not by code"],
)
def test_the_code_is_the_sales_address(one: SaleView, data: list[str]) -> None:
    assert [node.data for node in shown(one).nodes if isinstance(node, Qr)] == data


@EVERY_PANEL
@pytest.mark.parametrize("url", [ONLINE_URL, OFFLINE_URL], ids=["online", "offline"])
def test_a_module_is_whole_pixels_and_nothing_stands_on_the_code(size: Size, url: str) -> None:
    scene = shown(presented(url=url), size=size)
    (code,) = (node for node in scene.nodes if isinstance(node, Qr))
    assert code.box.w == code.box.h
    assert code.box.w % len(modules(url)) == 0
    assert not any(text.box.y < code.box.bottom and text.box.meets(code.box) for text in texts(scene) if text.text)
    assert not any(node.box.meets(code.box) for node in drawings(scene))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("url", "notes"),
    [(ONLINE_URL, {words.SCAN_NO_NFC}), (OFFLINE_URL, {words.SCAN_CODE, words.SCAN_THEN_CODE})],
    ids=["online", "offline"],
)
def test_what_is_said_of_the_code(url: str, notes: set[Message], language: Language) -> None:
    said = set(shown(presented(url=url), language=language).words)
    every = {words.SCAN_NO_NFC, words.SCAN_CODE, words.SCAN_THEN_CODE}
    assert {note for note in every if note.in_language(language) in said} <= notes
    assert len(said & {note.in_language(language) for note in notes}) == 1


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("present")])
def test_the_shopper_always_sees_a_phone_or_a_code(name: str) -> None:
    for label, scene in variants(name):
        phones = [node for node in drawings(scene) if "phone" in node.shape]
        assert phones or any(isinstance(node, Qr) for node in scene.nodes), label


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begun_s", "ends_s", "left_s", "share"),
    [
        (-60, 60, 60, 0.5),
        (-90, 30, 30, 0.25),
        (0, 120, 120, 1.0),
        (10, 120, 120, 1.0),
        (-120, 0, 0, 0.0),
        (-240, -120, 0, 0.0),
        (0, 0, 0, 0.0),
    ],
    ids=["half", "a quarter", "just begun", "begun by a clock ahead", "over", "long over", "no life at all"],
)
def test_time_left(begun_s: int, ends_s: int, left_s: int, share: float) -> None:
    begun = IntentView(intent_id=SALE_ID, epoch=1, counter=1, state="presented", at=ago(-begun_s))
    assert time_left(canvas(), presented(intents=[begun], expires_at=ago(-ends_s))) == (left_s, share)


def test_without_an_intent_time_runs_from_the_sales_beginning() -> None:
    assert time_left(canvas(), presented(intents=[], created_at=ago(60), expires_at=ago(-60))) == (60, 0.5)


@EVERY_PANEL
@pytest.mark.parametrize("ends_s", [0, 30, 90])
def test_the_bar_is_as_long_as_the_time_left(size: Size, ends_s: int) -> None:
    begun = IntentView(intent_id=SALE_ID, epoch=1, counter=1, state="presented", at=ago(120 - ends_s))
    scene = shown(presented(intents=[begun], expires_at=ago(-ends_s)), size=size)
    thin = [node for node in scene.nodes if isinstance(node, Fill) and node.box.h <= 5 * scale(size)]
    (bar,) = (node.box for node in thin if node.colour is Token.BRAND)
    assert abs(bar.w - size[0] * ends_s / 120) <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_number_and_time_left_stand_at_the_foot(language: Language) -> None:
    left = words.TIME_LEFT.in_language(language, time=words.MINUTES_SECONDS.in_language(language, m=1, s=24))
    number = words.NUMBER.in_language(language, number="0001-1000")
    assert f"{number}  ·  {left}" in shown(presented(), language=language, size=(1280, 720)).words


def test_it_is_drawn_on_any_canvas_that_has_a_status() -> None:
    made = canvas((480, 320))
    present_screen(made, online(presented()), presented())
    assert made.finish().moves
