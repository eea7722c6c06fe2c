# SPDX-License-Identifier: Apache-2.0
"""Journeys behind the menu: look up, refund, show the receipt again, close the day, and back to selling at any time."""

import msgspec
import pytest

from pengpos.client import SalesPage, SaleView
from tests.journeys.screen_counter import Answered, Counter, Gone, NotOnTheScreenError, Step
from ui.actions import ChooseReason, Do, Key, OpenRecord, Press, PressPin, RefundReason, SetLanguage, ShowDay
from ui.state.calls import AsOperator, CloseDay, GiveBack, Pin, ReadSale, ReadSales
from ui.state.local import Trouble
from workshop.samples.office import BUSY, DIFFERS, LISTED, PAID, PARTLY, REFUNDING, REPORT, TODAY
from workshop.samples.screens import ONLINE_URL, online, sale

ROWS = 8
"""On a panel of 800 × 480."""
FIRST, SECOND = ReadSales(TODAY, None, ROWS), ReadSales(TODAY, 7, ROWS)
READ = ReadSale(PAID.id)
WHOLE = GiveBack(PAID.id, None, "顾客退回商品", "key-1")
CLOSE = CloseDay(TODAY)
TILLS = msgspec.structs.replace(
    BUSY, sale=sale("presented", "cancel", url=ONLINE_URL, id="0193476e-aa00-7000-8000-000000000009")
)
A_MANAGER_IS_NEEDED = Trouble("role_needed", "a manager signs in", roles=("manager",))


def page(*sales: SaleView, following: int | None = None) -> Answered:
    return Answered(found=SalesPage(sales=list(sales), next=following))


TO_HISTORY = [
    Step(do=BUSY, screen="amount"),
    Step(do=Do.OPEN_MENU, screen="menu", says="流水"),
    Step(do=Do.OPEN_HISTORY, screen="history", says="正在读取", call=FIRST),
    Step(do=page(PAID, *LISTED[1:ROWS], following=7), screen="history", says="收款成功 · 0001-1000"),
]
TO_RECORD = [
    *TO_HISTORY,
    Step(do=OpenRecord(PAID.id), screen="record", says="编号0001-1000", call=READ),
    Step(do=Answered(found=PAID), screen="record", says="13:30 发起收款"),
]
TO_REFUND = [*TO_RECORD, Step(do=Do.OPEN_REFUND, screen="refund", says="18.80")]
TO_DAY = [
    Step(do=BUSY, screen="amount"),
    Step(do=Do.OPEN_MENU, screen="menu"),
    Step(do=Do.OPEN_DAY, screen="day", says="1,943.60"),
]
PIN = [
    *(Step(do=PressPin(Key(digit)), screen="pin") for digit in "4711"),
    Step(do=Do.SEND_PIN, screen="pin", call=AsOperator(WHOLE, Pin())),
]

JOURNEYS = {
    "a refund of all of it, in six touches": [
        *TO_REFUND,
        Step(do=ChooseReason(RefundReason.RETURNED), screen="refund", says="退款¥18.80"),
        Step(do=Do.GIVE_BACK, screen="refund", call=WHOLE),
        Step(do=Answered(), screen="record", call=READ),
        Step(do=Answered(found=REFUNDING), screen="record", says="顾客退回商品−18.80 · 退款中"),
    ],
    "a refund of a part": [
        *TO_REFUND,
        Step(do="5.50", screen="refund", says="5.50最多可退¥18.80"),
        Step(do=ChooseReason(RefundReason.WRONG_AMOUNT), screen="refund", says="退款¥5.50"),
        Step(do=Do.GIVE_BACK, screen="refund", call=GiveBack(PAID.id, 550, "金额有误", "key-1")),
        Step(do=Answered(), screen="record", call=READ),
        Step(do=Answered(found=PARTLY), screen="record", says="部分退款"),
    ],
    "a refund takes a manager": [
        *TO_REFUND,
        Step(do=ChooseReason(RefundReason.RETURNED), screen="refund"),
        Step(do=Do.GIVE_BACK, screen="refund", call=WHOLE),
        Step(do=Answered(A_MANAGER_IS_NEEDED), screen="pin", says="请输入主管密码退款¥18.80"),
        *PIN,
        Step(do=Answered(Trouble("wrong_pin", "", tries_left=9)), screen="pin", says="还可输入9次"),
        *PIN,
        Step(do=Answered(), screen="record", call=READ),
    ],
    "a refund that no manager is there for is kept as it was typed": [
        *TO_REFUND,
        Step(do="5", screen="refund"),
        Step(do=ChooseReason(RefundReason.OTHER), screen="refund"),
        Step(do=Do.GIVE_BACK, screen="refund", call=GiveBack(PAID.id, 500, "其他原因", "key-1")),
        Step(do=Answered(A_MANAGER_IS_NEEDED), screen="pin"),
        Step(do=Do.BACK, screen="refund", says="退款¥5.00"),
    ],
    "a refund that is refused says why": [
        *TO_REFUND,
        Step(do=ChooseReason(RefundReason.RETURNED), screen="refund"),
        Step(do=Do.GIVE_BACK, screen="refund", call=WHOLE),
        Step(do=Answered(Trouble("refund_over_limit", "at most 10.00 CNY")), screen="refund", says="超过退款限额"),
        Step(do=Do.GIVE_BACK, screen="refund", call=WHOLE),
        Step(do=Answered(Trouble("nothing_left", "-")), screen="refund", says="没有可退的金额"),
    ],
    "a receipt again, in four touches": [
        *TO_RECORD,
        Step(do=Do.OPEN_RECORD_RECEIPT, screen="record_receipt", says="扫码查看小票"),
        Step(do=Do.BACK, screen="record"),
        Step(do=Do.BACK, screen="history", says="0001-1000", call=None),
    ],
    "pages and days of the history": [
        *TO_HISTORY,
        Step(do=Do.OLDER, screen="history", says="正在读取", call=SECOND),
        Step(do=page(*LISTED[8:]), screen="history", says="0001-992"),
        Step(do=Do.NEWER, screen="history", call=FIRST),
        Step(do=page(*LISTED[:8], following=7), screen="history"),
        Step(do=ShowDay("2026-11-20"), screen="history", says="昨天", call=ReadSales("2026-11-20", None, ROWS)),
        Step(do=page(), screen="history", says="这一天没有交易"),
        Step(do=ShowDay(TODAY), screen="history", says="今天", call=FIRST),
    ],
    "a history that cannot be read says so and is read when something changes": [
        *TO_HISTORY[:-1],
        Step(do=Answered(Trouble("journal_unavailable", "-")), screen="history", says="读取失败"),
        Step(do=BUSY, screen="history", call=FIRST),
        Step(do=page(PAID), screen="history", says="0001-1000"),
    ],
    "what is late belongs to the page that asked for it": [
        *TO_HISTORY[:-1],
        Step(do=ShowDay("2026-11-20"), screen="history"),
        Step(do=page(PAID), screen="history", says="正在读取", call=ReadSales("2026-11-20", None, ROWS)),
        Step(do=page(), screen="history", says="这一天没有交易"),
    ],
    "a refund is under way, and the sale tells when it is done": [
        *TO_RECORD,
        Step(do=BUSY, screen="record", call=READ),
        Step(do=Answered(found=PARTLY), screen="record", says="顾客退回商品−5.00 · 已退款"),
    ],
    "the day is closed, in three touches, and agrees": [
        *TO_DAY,
        Step(do=Do.CLOSE_DAY, screen="day", says="正在对账", call=CLOSE),
        Step(do=Answered(found=REPORT), screen="close", says="账目一致"),
        Step(do=Do.BACK, screen="day"),
    ],
    "the day does not agree, and each difference is named": [
        *TO_DAY,
        Step(do=Do.CLOSE_DAY, screen="day", call=CLOSE),
        Step(do=Answered(found=DIFFERS), screen="close", says="结算未完成 · 3处不一致"),
        Step(do=ShowDay("2026-11-20"), screen="close", call=CloseDay("2026-11-20")),
        Step(do=Answered(found=msgspec.structs.replace(REPORT, date="2026-11-20")), screen="close", says="昨天"),
    ],
    "to close the day takes a manager": [
        *TO_DAY,
        Step(do=Do.CLOSE_DAY, screen="day", call=CLOSE),
        Step(do=Answered(A_MANAGER_IS_NEEDED), screen="pin", says="请输入主管密码日结"),
        Step(do=Do.BACK, screen="day"),
    ],
    "the backend is away as the day is closed": [
        *TO_DAY,
        Step(do=Do.CLOSE_DAY, screen="day", call=CLOSE),
        Step(do=Answered(Trouble("backend_away", "-")), screen="day", says="暂时连不上支付服务"),
    ],
    "an amount that was begun is there again": [
        Step(do=BUSY, screen="amount"),
        Step(do="12+3.4×2", screen="amount"),
        Step(do=Do.OPEN_MENU, screen="menu"),
        Step(do=Do.OPEN_HELP, screen="help", says="怎样退款"),
        Step(do=Do.SELL, screen="amount", says="12.00 + 3.40 × 2"),
        Step(do=Do.OPEN_MENU, screen="menu"),
        Step(do=Do.BACK, screen="amount", says="12.00 + 3.40 × 2"),
    ],
    "selling is one touch away from a refund": [*TO_REFUND, Step(do=Do.SELL, screen="amount")],
    "a till sells while the history is open": [
        *TO_HISTORY,
        Step(do=TILLS, screen="present"),
        Step(do=BUSY, screen="amount"),
    ],
    "a till sells while a manager is asked for a refund": [
        *TO_REFUND,
        Step(do=ChooseReason(RefundReason.RETURNED), screen="refund"),
        Step(do=Do.GIVE_BACK, screen="refund", call=WHOLE),
        Step(do=Answered(A_MANAGER_IS_NEEDED), screen="pin"),
        Step(do=TILLS, screen="present"),
        Step(do=BUSY, screen="amount"),
    ],
    "the daemon goes while the history is open": [
        *TO_HISTORY,
        Step(do=Gone(), screen="away"),
        Step(do=BUSY, screen="history", call=FIRST),
    ],
    "a badge leads away from the menu, and back to selling": [
        Step(do=msgspec.structs.replace(BUSY, queue=msgspec.structs.replace(BUSY.queue, count=1)), screen="amount"),
        Step(do=Do.OPEN_MENU, screen="menu"),
        Step(do=Do.OPEN_QUEUE, screen="queue"),
        Step(do=Do.BACK, screen="amount"),
    ],
    "the screen speaks another language": [
        Step(do=BUSY, screen="amount"),
        Step(do=Do.OPEN_MENU, screen="menu"),
        Step(do=Do.OPEN_SETTINGS, screen="settings", says="语言"),
        Step(do=SetLanguage("en"), screen="settings", says="Language"),
        Step(do=Do.SELL, screen="amount", says="Charge"),
    ],
}


@pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS)
def test_a_journey_behind_the_menu(journey: list[Step]) -> None:
    Counter().run(journey)


@pytest.mark.parametrize(
    ("name", "touches"),
    [
        ("a refund of all of it, in six touches", 6),
        ("a receipt again, in four touches", 4),
        ("the day is closed, in three touches, and agrees", 3),
    ],
)
def test_how_many_touches_it_takes(name: str, touches: int) -> None:
    """From the amount: what is ordered, or shown, comes with the last of them."""
    done = [step.do for step in JOURNEYS[name] if isinstance(step.do, Do | OpenRecord | ChooseReason)]
    assert done[touches - 1] in {Do.GIVE_BACK, Do.OPEN_RECORD_RECEIPT, Do.CLOSE_DAY}


@pytest.mark.parametrize(
    ("state", "screen"),
    [("signed", "present"), ("presented", "present"), ("authorised", "confirming"), ("pending", "paying")],
)
def test_there_is_no_menu_while_a_shopper_pays(state: str, screen: str) -> None:
    counter = Counter()
    with pytest.raises(NotOnTheScreenError):
        counter.run([
            Step(do=online(sale(state, "cancel", url=ONLINE_URL)), screen=screen), Step(do=Do.OPEN_MENU, screen="menu"),
        ])  # fmt: skip


def test_a_refund_without_a_reason_is_not_ordered() -> None:
    counter = Counter()
    with pytest.raises(NotOnTheScreenError):
        counter.run([*TO_REFUND, Step(do=Do.GIVE_BACK, screen="refund")])


def test_a_refund_of_another_amount_is_another_refund() -> None:
    """The same key with another amount would be a conflict; the same refund once more keeps its key."""
    counter = Counter()
    counter.run([
        *TO_REFUND,
        Step(do=ChooseReason(RefundReason.RETURNED), screen="refund"),
        Step(do=Do.GIVE_BACK, screen="refund", call=WHOLE),
        Step(do=Answered(Trouble("away", "-")), screen="refund"),
    ])  # fmt: skip
    office = counter.local.office
    assert office is not None
    assert office.draft is not None
    assert office.draft.key == "key-1"
    counter.run([Step(do=Press(Key.D5), screen="refund")])
    office = counter.local.office
    assert office is not None
    assert office.draft is not None
    assert office.draft.key == ""
