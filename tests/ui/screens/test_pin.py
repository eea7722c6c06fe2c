# SPDX-License-Identifier: Apache-2.0
"""The pad for a PIN: whose and for what it is, what may be done, and that no digit of it is anywhere to be seen."""

from dataclasses import replace

import pytest

from pengpos.client import Language
from pengpos.i18n import LANGUAGES, Message
from tests.ui.scenes import EVERY_PANEL, Offered, Size, offered, scene_of, wrong_targets
from ui.actions import Action, Do, Key, PressPin
from ui.drawing.scene import PinDots, Scene
from ui.i18n import words
from ui.state.calls import AlarmSeen, AsOperator, Call, Pin, SaleCall, SendCode, Verb
from ui.state.local import Page
from ui.state.pin import Asked, Refused
from workshop.samples.screens import SALE_ID, SAMPLES, Sample, local, offline, sale

STORE = SaleCall(SALE_ID, Verb.ACCEPT_OFFLINE)
STATUS = offline(sale("unknown", "cancel", "accept-offline"))
CODE = offline(sale("presented", "cancel", "confirmation-code"))


def pad(
    digits: str = "", call: Call = STORE, roles: tuple[str, ...] = ("manager",), refused: Refused | None = None
) -> Asked:
    return Asked(call=call, roles=roles, page=Page.SALE.value, touched_s=0.0, pin=Pin(digits), refused=refused)


def shown(asked: Asked, status: object = STATUS, **fields: object) -> Scene:
    return scene_of(Sample(status, local(page=Page.PIN, asked=asked, **fields)))  # type: ignore[arg-type]  # a Status


def dots(scene: Scene) -> PinDots:
    [found] = [node for node in scene.nodes if isinstance(node, PinDots)]
    return found


WAIT = Refused("too_many_tries", until_s=287.0)
OVER = Refused("too_many_tries", until_s=0.0)


@pytest.mark.parametrize(
    ("asked", "calling", "next_action"),
    [
        (pad(), None, None),
        (pad("471"), None, None),
        (pad("4711"), None, Do.SEND_PIN),
        (pad("12345678"), None, Do.SEND_PIN),
        (pad(), AsOperator(STORE, Pin()), None),
        (pad("4711", refused=WAIT), None, None),
        (pad("4711", refused=OVER), None, Do.SEND_PIN),
    ],
    ids=["empty", "three", "four", "eight", "being checked", "to be waited for", "waited for"],
)
@EVERY_PANEL
def test_what_may_be_done(size: Size, asked: Asked, calling: Call | None, next_action: Action | None) -> None:
    made = shown(asked, calling=calling, size=size)
    assert offered(made) == Offered(next_action, Do.BACK, set())
    assert wrong_targets(made.targets, size) == []
    keys = {target.action.key for target in made.targets if isinstance(target.action, PressPin)}
    digits = {key for key in Key if key.value in tuple("0123456789")}
    taken = calling is None and asked.refused is not WAIT
    assert keys == (digits | {Key.CLEAR, Key.BACKSPACE} if taken else set())


@pytest.mark.parametrize("pressed", [None, PressPin(Key.D4), PressPin(Key.D7)])
@pytest.mark.parametrize("language", LANGUAGES)
@EVERY_PANEL
def test_two_pins_of_one_length_look_the_same_under_any_finger(
    size: Size, language: Language, pressed: Action | None
) -> None:
    one, other = (shown(pad(digits), size=size, language=language, pressed=pressed) for digits in ("4711", "9902"))
    assert one == other
    assert one == shown(pad("4711"), size=size, language=language)
    assert (dots(one).filled, dots(one).count) == (4, 4)


def test_the_dots_say_how_many_and_while_it_is_checked_not_even_that() -> None:
    assert [(dots(shown(pad("1" * n))).filled, dots(shown(pad("1" * n))).count) for n in (0, 3, 4, 8)] == [
        (0, 4), (3, 4), (4, 4), (8, 8),
    ]  # fmt: skip
    checked = dots(shown(pad(), calling=AsOperator(STORE, Pin())))
    assert (checked.filled, checked.count) == (4, 4)


def test_each_pin_that_was_wrong_shakes_it_once_more() -> None:
    asked = pad()
    assert shown(asked).wrong_pins == 0
    assert shown(replace(asked, wrong=2)).wrong_pins == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (("manager",), words.PIN_MANAGER),
        (("technician",), words.PIN_TECHNICIAN),
        (("manager", "technician"), words.PIN_MANAGER_OR_TECHNICIAN),
        (("cashier",), words.PIN_CASHIER),
        (("cashier", "manager"), words.PIN_OF_STAFF),
        (("owner",), words.PIN_OF_STAFF),
    ],
)
def test_whose_pin_it_is(language: Language, roles: tuple[str, ...], message: Message) -> None:
    said = "".join(shown(pad(roles=roles), language=language).words)
    assert message.in_language(language).replace(" ", "") in said.replace(" ", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("call", "status", "message"),
    [
        (STORE, STATUS, words.PIN_TO_ACCEPT_OFFLINE),
        (SaleCall(SALE_ID, Verb.CANCEL), STATUS, words.PIN_TO_TAKE_CASH),
        (SendCode(SALE_ID, "40271593"), CODE, words.PIN_TO_TAKE_CODE),
        (AlarmSeen("2"), SAMPLES["alarms"].status, words.PIN_TO_SEE_ALARM),
    ],
)
def test_what_goes_on_once_it_is_right(language: Language, call: Call, status: object, message: Message) -> None:
    said = "".join(shown(pad(call=call), status, language=language).words)
    assert message.in_language(language, amount="¥18.80").replace(" ", "") in said.replace(" ", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("asked", "message", "values"),
    [
        (pad(), words.PIN_HINT, {}),
        (pad(refused=Refused("wrong_pin", tries_left=8)), words.PIN_WRONG, {"n": 8}),
        (pad(refused=Refused("role_needed")), words.PIN_NOT_ENOUGH, {}),
        (pad(refused=OVER), words.PIN_HINT, {}),
    ],
)
def test_what_is_said_below(language: Language, asked: Asked, message: Message, values: dict[str, int]) -> None:
    said = "".join(shown(asked, language=language).words)
    assert message.in_language(language, **values).replace(" ", "") in said.replace(" ", "")


def test_how_long_to_wait_is_counted_down() -> None:
    said = "".join(shown(pad(refused=WAIT), language="en").words)
    assert "4 min 47 s" in said
