# SPDX-License-Identifier: Apache-2.0
"""The lists behind the badges: in which order, what a touch opens, how they are turned over, what an empty one says."""

import msgspec
import pytest

from pengpos.client import AlarmView, Language, SaleView, Sentences, Status
from pengpos.i18n import LANGUAGES, Message
from tests.ui.scenes import EVERY_PANEL, Offered, Size, drawings, offered, scale, scene_of, texts, wrong_targets
from ui.actions import Do, SawAlarm, ShowSale
from ui.drawing.scene import Role, Scene, Shape
from ui.i18n import words
from ui.screens.lists import alarm_row, rows_a_page, sale_row
from ui.state.local import Page
from ui.theme import Token
from workshop.samples.screens import IDLE, Sample, ago, local, sale

SENTENCES = Sentences(zh_hans="时钟不准", zh_hant="時鐘不準", en="The clock is wrong")
CURE = Sentences(zh_hans="把时钟调准", zh_hant="把時鐘調準", en="Set the clock")


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
    ("first_row", "ids", "label"),
    [(0, range(3), "第1/3页"), (3, range(3, 6), "第2/3页"), (6, range(6, 8), "第3/3页"),
     (40, range(3), "第1/3页")],
    ids=["first", "second", "last", "beyond the last"],
)  # fmt: skip
def test_a_long_list_is_turned_over(first_row: int, ids: range, label: str) -> None:
    assert rows_a_page((800, 480), sale_row((800, 480))) == 3
    one = shown(waiting(8), Page.WAITING, first_row=first_row)
    assert offered(one).others == {*(ShowSale(str(number)) for number in ids), Do.MORE_ROWS}
    assert label in one.words


@EVERY_PANEL
@pytest.mark.parametrize("page", [Page.WAITING, Page.ALARMS])
def test_a_full_list_fits_every_panel(size: Size, page: Page) -> None:
    many = msgspec.structs.replace(waiting(30), alarms=[alarm(number) for number in range(30)])
    one = shown(many, page, size=size)
    per_page = rows_a_page(size, sale_row(size) if page is Page.WAITING else alarm_row(size))
    assert per_page >= 2
    assert len(rows(one)) == per_page
    assert wrong_targets(one.targets, size) == []
    way_out = one.target_of(Role.CANCEL)
    assert way_out is not None
    assert all(target.box.bottom <= way_out.box.y for target in one.targets if isinstance(target.action, ShowSale))
    assert not any(text.cut for text in texts(one))


@pytest.mark.parametrize(("height", "many"), [(1, 31), (10_000, 1)], ids=["tiny", "taller than the panel"])
def test_a_page_holds_a_row_at_least(height: int, many: int) -> None:
    assert rows_a_page((800, 480), height) == many
