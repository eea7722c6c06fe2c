# SPDX-License-Identifier: Apache-2.0
"""The lists behind the badges: in which order, what a touch opens, how they are turned over, what an empty one says."""

from collections.abc import Iterator

import msgspec
import pytest
from babel.messages.pofile import read_po

from pengpos.client import AlarmView, Language, SaleView, Sentences, Status
from pengpos.core.money import Money
from pengpos.i18n import LANGUAGES, Message
from terminal.device.words import CATALOGUE, sentences
from tests.ui.layout import faults
from tests.ui.scenes import EVERY_PANEL, Offered, Size, drawings, offered, scale, scene_of, wrong_targets
from ui.actions import Do, SawAlarm, ShowRows, ShowSale
from ui.drawing.scene import Role, Scene, Shape
from ui.i18n import words
from ui.state.local import Page
from ui.theme import Token
from workshop.samples.screens import IDLE, Sample, ago, local, sale

SENTENCES = Sentences(zh_hans="时钟不准", zh_hant="時鐘不準", en="The clock is wrong")
LONGEST = {
    "number": "0001-99999", "amount": Money(99_999_999_99, "CNY"), "owed": Money(99_999_999_99, "CNY"), "days": 30,
    "detail": "[Errno 5] Input/output error: '/media/pengpos'", "trouble": "database or disk is full", "state": "-",
    "waiting": 9999, "count": 9999, "done": 9999, "seconds": 31_536_000, "had": 1_000_000, "have": 999_999,
    "now": "2026-11-30 08:00", "says": "2026-11-30 08:00", "money": Money(99_999_999_99, "CNY"),
}  # fmt: skip
CURE = Sentences(zh_hans="把时钟调准", zh_hant="把時鐘調準", en="Set the clock")


def every_alarm() -> Iterator[tuple[Sentences, Sentences]]:
    """Each of the daemon's alarms, with values as long as they become."""
    with (CATALOGUE.directory / "en" / "LC_MESSAGES" / "terminal.po").open("rb") as file:
        keys = {str(one.id) for one in read_po(file)}
    for key in sorted(keys):
        cure = key.removesuffix(".text") + ".cure" if key.endswith(".text") else key + "_cure"
        if key.startswith("alarm.") and cure in keys:
            yield sentences(CATALOGUE.message(key), **LONGEST), sentences(CATALOGUE.message(cure), **LONGEST)


def waiting_sale(number: int, state: str = "unknown", *can: str, **fields: object) -> SaleView:
    made = sale(state, *can, id=str(number), number=f"0001-{number:04}")
    return msgspec.structs.replace(made, **fields)


def alarm(number: int, **fields: object) -> AlarmView:
    made = AlarmView(id=str(number), kind="x", at=ago(60), text="-", text_in=SENTENCES, cure_in=CURE)
    return msgspec.structs.replace(made, **fields)


def waiting(unknown: int = 0, parked: int = 0, codes: int = 0) -> Status:
    return msgspec.structs.replace(
        IDLE,
        unknown=[waiting_sale(number) for number in range(unknown)],
        parked=[waiting_sale(100 + number, "pending", parked=True) for number in range(parked)],
        cancelling=[
            waiting_sale(200 + number, "cancelling", "confirmation-code", mode="offline") for number in range(codes)
        ],
    )


def alarms(*listed: AlarmView) -> Status:
    return msgspec.structs.replace(IDLE, alarms=list(listed))


def shown(status: Status, page: Page, **fields: object) -> Scene:
    return scene_of(Sample(status, local(page=page, **fields)))


def rows(one: Scene) -> list[tuple[Shape, Token]]:
    return [(node.shape, node.colour) for node in drawings(one) if round(node.box.w / scale(one.size)) == 32]


# --- sales that wait --------------------------------------------------------------------------------------------------


def test_sales_being_checked_come_first_then_parked_ones_then_those_with_a_code() -> None:
    one = shown(waiting(1, 1, 1), Page.WAITING)
    assert rows(one) == [
        (Shape.UNKNOWN, Token.UNKNOWN),
        (Shape.PARKED, Token.BRAND),
        (Shape.RETURNED, Token.SOFT),
    ]
    assert offered(one) == Offered(None, Do.BACK, {ShowSale("0"), ShowSale("100"), ShowSale("200")})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_row_says_number_state_how_long_and_how_much(language: Language) -> None:
    said = shown(waiting(1, 1, 1), Page.WAITING, language=language).words
    assert words.WAITING.in_language(language) in said
    less = words.LESS_THAN_A_MINUTE.in_language(language)
    for number, message in ((0, words.STATE_UNKNOWN), (100, words.STATE_PARKED), (200, words.STATE_CODE)):
        assert words.NUMBER.in_language(language, number=f"0001-{number:04}") in said
        assert f"{message.in_language(language)}  ·  {less}" in said
    assert said.count("¥18.80") == 3


# --- alarms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "title", "marks"),
    [
        ([], words.ALARMS, []),
        ([alarm(1)], words.ALARMS, [(Shape.ALARM, Token.DECLINED)]),
        ([alarm(1, calm=True)], words.NEWS, [(Shape.PHONE, Token.BRAND)]),
        ([alarm(1, calm=True), alarm(2)], words.ALARMS, [(Shape.PHONE, Token.BRAND), (Shape.ALARM, Token.DECLINED)]),
    ],
    ids=["none", "an alarm", "only news", "both"],
)
def test_what_came_right_does_not_look_like_an_alarm(
    listed: list[AlarmView], title: Message, marks: list[tuple[Shape, Token]]
) -> None:
    one = shown(alarms(*listed), Page.ALARMS)
    assert title.in_language("zh-Hans") in one.words
    assert rows(one) == marks
    assert offered(one) == Offered(None, Do.BACK, {SawAlarm(view.id) for view in listed})


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alarm_says_what_happened_and_what_to_do(language: Language) -> None:
    said = shown(alarms(alarm(1)), Page.ALARMS, language=language).words
    assert {SENTENCES.in_language(language), CURE.in_language(language)} <= set(said)
    assert words.ALARM_SEEN.in_language(language) in said


def test_an_alarm_of_an_older_daemon_is_shown_as_it_says_it() -> None:
    plain = AlarmView(id="1", kind="x", at=ago(60), text="reader lost", cure="plug it in")
    assert {"reader lost", "plug it in"} <= set(shown(alarms(plain), Page.ALARMS).words)


# --- both -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("page", "message"),
    [(Page.WAITING, words.WAITING_NONE), (Page.ALARMS, words.ALARMS_NONE)],
    ids=["waiting", "alarms"],
)
def test_an_empty_list_says_so(page: Page, message: Message, language: Language) -> None:
    one = shown(IDLE, page, language=language)
    assert message.in_language(language) in one.words
    assert offered(one) == Offered(None, Do.BACK, set())


@pytest.mark.parametrize(
    ("first_row", "ids", "label", "following"),
    [(0, range(3), "第1/3页", 3), (3, range(3, 6), "第2/3页", 6), (6, range(6, 8), "第3/3页", 0),
     (40, range(3), "第1/3页", 3)],
    ids=["first", "second", "last", "beyond the last"],
)  # fmt: skip
def test_a_long_list_is_turned_over(first_row: int, ids: range, label: str, following: int) -> None:
    one = shown(waiting(8), Page.WAITING, first_row=first_row)
    assert offered(one).others == {*(ShowSale(str(number)) for number in ids), ShowRows(following)}
    assert label in one.words


@EVERY_PANEL
@pytest.mark.parametrize("page", [Page.WAITING, Page.ALARMS])
def test_a_full_list_fits_every_panel(size: Size, page: Page) -> None:
    many = msgspec.structs.replace(waiting(30), alarms=[alarm(number) for number in range(30)])
    one = shown(many, page, size=size)
    assert len(rows(one)) >= 2
    assert faults(one) == []
    way_out = one.target_of(Role.CANCEL)
    assert way_out is not None
    assert all(target.box.bottom <= way_out.box.y for target in one.targets if isinstance(target.action, ShowSale))


@EVERY_PANEL
def test_every_alarm_is_said_whole(size: Size) -> None:
    """The longest of each language stand for all of them."""
    listed = [*every_alarm()]
    assert len(listed) > 25
    for language in LANGUAGES:
        said = sorted(listed, key=lambda words: -sum(len(part.in_language(language)) for part in words))[:3]
        for text, cure in said:
            one = shown(alarms(alarm(1, text_in=text, cure_in=cure)), Page.ALARMS, size=size, language=language)
            assert faults(one) == []


def test_words_longer_than_a_page_end_in_dots_and_the_button_stays() -> None:
    endless = Sentences(zh_hans="长" * 500, zh_hant="長" * 500, en="long " * 100)
    one = shown(alarms(alarm(1, text_in=endless, cure_in=endless), alarm(2)), Page.ALARMS)
    assert offered(one).others == {SawAlarm("1"), ShowRows(1)}
    assert wrong_targets(one.targets, one.size) == []
