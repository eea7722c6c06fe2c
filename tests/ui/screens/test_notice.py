# SPDX-License-Identifier: Apache-2.0
"""Screens on which nothing can be sold: nothing to touch, and the way out in words."""

from dataclasses import replace

import msgspec
import pytest

from pengpos.client import AlarmView, Language, Status
from pengpos.i18n import LANGUAGES, Message
from tests.ui.layout import faults
from tests.ui.scenes import EVERY_PANEL, Offered, Size, below_bar, drawings, offered, scale, scene_of, texts
from ui.drawing.scene import Shape
from ui.i18n import words
from ui.screens.notice import ENROL_COMMAND, is_too_small, too_small_words
from ui.state.entry import Entry
from ui.state.local import Daemon
from ui.theme import Token
from workshop.gallery.screens import variant
from workshop.samples.screens import IDLE, SAMPLES, Sample, local, offline, online, sale

NOT_ENROLLED = msgspec.structs.replace(IDLE, terminal=None, readers=[])
LOCKED = SAMPLES["locked"].status
assert LOCKED is not None
_RECORDS_GONE = AlarmView(id="u", kind="terminal_unheard", at="2027-01-15T08:00:00Z", text="-")
UNHEARD = Sample(msgspec.structs.replace(LOCKED, alarms=[_RECORDS_GONE]), local())
TYPED = Entry(currency="CNY", typed="18.80")
SAID: dict[str, tuple[Sample, Shape, tuple[Message, ...]]] = {
    "starting": (Sample(None, local(daemon=Daemon.STARTING)), Shape.WORKING, (words.STARTING,)),
    "never heard": (Sample(None, local(daemon=Daemon.AWAY)), Shape.UNPLUGGED, (words.AWAY, words.AWAY_MEANS)),
    "idle": (Sample(IDLE, local(daemon=Daemon.AWAY)), Shape.UNPLUGGED, (words.AWAY, words.AWAY_MEANS)),
    "typed": (
        Sample(IDLE, local(daemon=Daemon.AWAY, entry=TYPED)),
        Shape.UNPLUGGED,
        (words.AWAY, words.AWAY_MEANS, words.AWAY_KEPT),
    ),
    "a sale under way": (
        Sample(online(sale("presented")), local(daemon=Daemon.AWAY)),
        Shape.UNPLUGGED,
        (words.AWAY, words.AWAY_MEANS, words.AWAY_SALE),
    ),
    "nothing known of what the backend said": (UNHEARD, Shape.LOCKED, (words.UNHEARD, words.UNHEARD_MEANS)),
    "not enrolled": (
        Sample(NOT_ENROLLED, local()),
        Shape.ENROL,
        (words.NOT_ENROLLED, words.NOT_ENROLLED_WHAT, words.NOT_ENROLLED_DO),
    ),
}
EVERY_NOTICE = pytest.mark.parametrize(("sample", "shape", "messages"), SAID.values(), ids=SAID)


@EVERY_NOTICE
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said(sample: Sample, shape: Shape, messages: tuple[Message, ...], language: Language) -> None:
    one = scene_of(sample._replace(local=replace(sample.local, language=language)))
    said = "".join(one.words).replace(" ", "")
    places = [said.find(message.in_language(language).replace(" ", "")) for message in messages]
    assert -1 not in places, messages[places.index(-1)].key
    assert places == sorted(places)


@EVERY_NOTICE
@EVERY_PANEL
def test_there_is_nothing_to_touch_and_nothing_that_looks_like_money(
    sample: Sample, shape: Shape, messages: tuple[Message, ...], size: Size
) -> None:
    one = scene_of(sample._replace(local=replace(sample.local, size=size)))
    assert offered(one) == Offered(None, None, set())
    assert [node.shape for node in drawings(one) if node.box.h > 80 * scale(size)] == [shape]
    assert not any(node.colour is Token.APPROVED for node in below_bar(one))


@EVERY_PANEL
@pytest.mark.parametrize("language", LANGUAGES)
def test_why_a_terminal_without_its_records_sells_nothing_is_said_whole(language: Language, size: Size) -> None:
    one = scene_of(UNHEARD._replace(local=replace(UNHEARD.local, language=language, size=size)))
    assert [node.text for node in texts(one) if node.cut] == []
    assert words.ALL_SENT.in_language(language).replace(" ", "") not in "".join(one.words).replace(" ", "")


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (online(sale("presented")), True),
        (online(sale("authorised")), True),
        (online(sale("pending")), True),
        (online(sale("pending", parked=True)), False),
        (online(sale("approved")), False),
        (offline(sale("unknown")), False),
    ],
    ids=["presented", "authorised", "on a phone", "parked", "approved", "unknown"],
)
def test_only_a_sale_under_way_is_named(status: Status, named: bool) -> None:
    said = scene_of(Sample(status, local(daemon=Daemon.AWAY))).words
    assert ("编号0001-1000  ·  ¥18.80" in said) is named


def test_the_command_to_enrol_is_shown_whole() -> None:
    for size in ((480, 320), (720, 1280)):
        lines = [node for node in texts(scene_of(Sample(NOT_ENROLLED, local(size=size)))) if node.text == ENROL_COMMAND]
        assert [line.cut for line in lines] == [False]


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (480, 319), (319, 480), (479, 320), (160, 128)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_panel_without_room_for_the_screens_says_so_and_takes_nothing(size: Size, language: Language) -> None:
    for sample in (SAMPLES["amount-typing"], SAMPLES["present"], SAMPLES["starting"]):
        one = scene_of(variant(sample, size, "light", language))
        assert "".join(one.words).replace(" ", "") == too_small_words(size, language).replace(" ", "")
        assert one.targets == ()
        assert faults(one) == []


@EVERY_PANEL
def test_a_panel_that_is_named_has_room(size: Size) -> None:
    assert not is_too_small(size)
