# SPDX-License-Identifier: Apache-2.0
"""Journeys at the screen: what a cashier does and sees from the amount to the result, whatever happens on the way."""

import msgspec
import pytest

from pengpos.client import SaleView, Status
from tests.journeys.screen_counter import Answered, Counter, Gone, NotOnTheScreenError, Step
from ui.actions import Do, Key, Press, PressPin, ShowSale
from ui.state.calls import AsOperator, Pin, SaleCall, SendCode, StartSale, Sync, Verb
from ui.state.local import Trouble
from workshop.samples.screens import (
    IDLE,
    NOT_ENOUGH,
    OFFLINE,
    OFFLINE_URL,
    ONLINE_URL,
    SALE_ID,
    SHOPPER_DECLINED,
    ago,
    offline,
    online,
    sale,
)

START = StartSale(1880, "CNY", "key-1")
SIGNED_SALE = sale("signed", "cancel", url=ONLINE_URL)
SIGNED = online(SIGNED_SALE)
PRESENTED = online(sale("presented", "cancel", url=ONLINE_URL))
CONFIRMING = online(sale("authorised"))
APPROVED = online(sale("approved"))
UNKNOWN = online(sale("unknown", "cancel", "accept-offline"))
DECLINED = online(sale("declined", "again", reason=NOT_ENOUGH))
GIVEN_UP = sale("cancelling", "confirmation-code", mode="offline")
PARKED = sale("pending", "cancel", parked=True)
ARMED_OFFLINE = offline(sale("presented", "cancel", "confirmation-code", url=OFFLINE_URL, mode="offline"))

REFUSED = sale("presented", "cancel", "again", url=ONLINE_URL, reason=SHOPPER_DECLINED)


def prompted(prompt: str, of: SaleView = SIGNED_SALE) -> Status:
    return online(msgspec.structs.replace(of, state="presented", prompt=prompt))


CHARGE = [
    Step(do=IDLE, screen="amount", says="请等收银员输入金额"),
    Step(do="12+3.4×2", screen="amount", says="12.00 + 3.40 × 2"),
    Step(do=Do.CHARGE, screen="amount", call=START),
    Step(do=PRESENTED, screen="present", says="请将手机靠近这里"),
    Step(do=Answered(), screen="present"),
]

STORE_CALL = SaleCall(SALE_ID, Verb.ACCEPT_OFFLINE)
A_MANAGER_IS_NEEDED = Trouble("role_needed", "a manager signs in", roles=("manager",))
PIN = [
    Step(do=PressPin(Key.D4), screen="pin"),
    Step(do=PressPin(Key.D7), screen="pin"),
    Step(do=PressPin(Key.D1), screen="pin"),
    Step(do=PressPin(Key.D1), screen="pin"),
    Step(do=Do.SEND_PIN, screen="pin", says="正在核对密码", call=AsOperator(STORE_CALL, Pin())),
]

START_LARGE = StartSale(12_000_00, "CNY", "key-1")
TILLS = online(sale("presented", "cancel", id="0193476e-aa00-7000-8000-000000000009"))
LARGE = [
    Step(do=IDLE, screen="amount"),
    Step(do="12000", screen="amount"),
    Step(do=Do.CHARGE, screen="large_amount", says="一万二千元整"),
]
SMALL_SHOP = msgspec.structs.replace(
    IDLE, terminal=msgspec.structs.replace(IDLE.terminal or pytest.fail("none"), sale_asks_above=18_79)
)

JOURNEYS = {
    "a large amount is asked about, and is so much": [
        *LARGE,
        Step(do=Do.CHARGE_LARGE, screen="amount", call=START_LARGE),
        Step(do=PRESENTED, screen="present"),
    ],
    "a large amount was a digit too much": [
        *LARGE,
        Step(do=Do.BACK, screen="amount", says="12,000"),
        Step(do=Press(Key.BACKSPACE), screen="amount", says="1,200"),
        Step(do=Do.CHARGE, screen="amount", call=StartSale(1_200_00, "CNY", "key-1")),
    ],
    "a large amount that is refused is asked about again": [
        *LARGE,
        Step(do=Do.CHARGE_LARGE, screen="amount", call=START_LARGE),
        Step(do=Answered(Trouble("busy", "another sale")), screen="amount"),
        Step(do=Do.CHARGE, screen="large_amount"),
    ],
    "a till sells while a large amount is asked about": [
        *LARGE,
        Step(do=TILLS, screen="present"),
        Step(do=IDLE, screen="amount", says="请等收银员输入金额"),
    ],
    "the daemon goes while a large amount is asked about": [
        *LARGE,
        Step(do=Gone(), screen="away"),
        Step(do=IDLE, screen="large_amount", says="12,000"),
    ],
    "a shop asks about what is large to it": [
        Step(do=SMALL_SHOP, screen="amount"),
        Step(do="18.80", screen="amount"),
        Step(do=Do.CHARGE, screen="large_amount", says="超过本店设定的¥18.79"),
        Step(do=Do.CHARGE_LARGE, screen="amount", call=START),
    ],
    "a manager is needed, types the PIN, and it goes on": [
        Step(do=UNKNOWN, screen="unknown"),
        Step(do=Do.ACCEPT_OFFLINE, screen="unknown", call=STORE_CALL),
        Step(do=Answered(A_MANAGER_IS_NEEDED), screen="pin", says="请输入主管密码"),
        *PIN,
        Step(do=Answered(Trouble("wrong_pin", "", tries_left=9)), screen="pin", says="密码不正确，还可输入9次"),
        *PIN,
        Step(do=Answered(), screen="unknown"),
        Step(do=offline(sale("accepted_offline", mode="offline")), screen="stored"),
    ],
    "a manager is needed and not there": [
        Step(do=UNKNOWN, screen="unknown"),
        Step(do=Do.ACCEPT_OFFLINE, screen="unknown", call=STORE_CALL),
        Step(do=Answered(A_MANAGER_IS_NEEDED), screen="pin", says="离线收下¥18.80"),
        Step(do=PressPin(Key.D4), screen="pin"),
        Step(do=Do.BACK, screen="unknown"),
        Step(do=APPROVED, screen="approved"),
    ],
    "a tap is approved": [
        *CHARGE,
        Step(do=CONFIRMING, screen="confirming", says="尚未收款成功"),
        Step(do=APPROVED, screen="approved", says="收款成功"),
        Step(do=APPROVED, screen="approved"),
        Step(do=Do.NEXT, screen="amount", says="请等收银员输入金额"),
        Step(do=APPROVED, screen="amount"),
    ],
    "the phone wants its owner": [
        *CHARGE,
        Step(do=prompted("unlock"), screen="present", says="请解锁手机"),
        Step(
            do=prompted("confirm"),
            screen="present",
            says="请在手机上确认",
        ),
        Step(do=APPROVED, screen="approved"),
    ],
    "a phone is refused and another pays": [
        *CHARGE,
        Step(
            do=online(
                sale("presented", "cancel", "again", url=ONLINE_URL, reason=SHOPPER_DECLINED, prompt="remove_phone")
            ),
            screen="present",
            says="请先拿开手机",
        ),
        Step(
            do=online(REFUSED),
            screen="present",
            says="您取消了这笔付款",
        ),
        Step(do=APPROVED, screen="approved", says="收款成功"),
    ],
    "refused, started again by the cashier": [
        *CHARGE,
        Step(do=online(REFUSED), screen="present", says="重新发起"),
        Step(do=Do.AGAIN, screen="present", call=SaleCall(SALE_ID, Verb.AGAIN)),
        Step(do=SIGNED, screen="present", says="请稍候"),
        Step(do=PRESENTED, screen="present", says="请将手机靠近这里"),
    ],
    "declined, then tried again": [
        *CHARGE,
        Step(do=DECLINED, screen="declined", says="余额不足"),
        Step(do=Do.AGAIN, screen="declined", call=SaleCall(SALE_ID, Verb.AGAIN)),
        Step(do=PRESENTED, screen="present"),
    ],
    "declined and given up": [
        *CHARGE,
        Step(do=DECLINED, screen="declined", says="未扣款"),
        Step(do=Do.NEXT, screen="amount"),
    ],
    "cancelled by the cashier": [
        *CHARGE,
        Step(do=Do.CANCEL, screen="present", call=SaleCall(SALE_ID, Verb.CANCEL)),
        Step(do=online(sale("cancelling")), screen="cancelling", says="取消尚未确认"),
        Step(do=online(sale("cancelled")), screen="cancelled", says="未扣款"),
        Step(do=Do.NEXT, screen="amount"),
    ],
    "time runs out": [
        *CHARGE,
        Step(do=online(sale("expired", "again")), screen="expired", says="已超时"),
        Step(do=Do.AGAIN, screen="expired", call=SaleCall(SALE_ID, Verb.AGAIN)),
    ],
    "the link dies; the next sale goes on; the answer comes": [
        *CHARGE,
        Step(do=CONFIRMING, screen="confirming"),
        Step(do=UNKNOWN, screen="unknown", says="请勿重复收款"),
        Step(do=Do.NEXT, screen="amount", says="待核实1"),
        Step(do=APPROVED, screen="amount", says="编号0001-1000  ·  收款成功"),
        Step(do="5", screen="amount"),
    ],
    "unknown, looked at again and cash taken": [
        *CHARGE,
        Step(do=UNKNOWN, screen="unknown"),
        Step(do=Do.NEXT, screen="amount"),
        Step(do=Do.OPEN_WAITING, screen="waiting", says="0001-1000"),
        Step(do=ShowSale(SALE_ID), screen="unknown"),
        Step(do=Do.OTHER_MONEY, screen="unknown", call=SaleCall(SALE_ID, Verb.CANCEL)),
        Step(do=online(sale("reversing")), screen="reversing", says="将自动退回"),
        Step(do=online(sale("reversed")), screen="reversed", says="顾客无需付款"),
        Step(do=Do.NEXT, screen="amount"),
    ],
    "unknown, stored by the cashier's own decision": [
        *CHARGE,
        Step(do=UNKNOWN, screen="unknown"),
        Step(do=Do.ACCEPT_OFFLINE, screen="unknown", call=SaleCall(SALE_ID, Verb.ACCEPT_OFFLINE)),
        Step(do=Answered(Trouble("offline_not_possible", "count: full")), screen="unknown", says="这笔不能离线收下"),
    ],
    "stored offline": [
        Step(do=OFFLINE, screen="amount", says="离线"),
        Step(do="18.80", screen="amount"),
        Step(do=Do.CHARGE, screen="amount", call=START),
        Step(do=ARMED_OFFLINE, screen="present", says="请将手机靠近这里"),
        Step(do=offline(sale("accepted_offline", mode="offline")), screen="stored", says="已离线收下"),
        Step(do=Do.NEXT, screen="amount"),
        Step(do=Do.OPEN_QUEUE, screen="queue", says="待上传3笔"),
        Step(do=Do.SYNC, screen="queue", says="正在上传", call=Sync()),
        Step(do=Answered(), screen="queue", says="立即上传"),
        Step(do=Do.BACK, screen="amount"),
    ],
    "paid by the offline code": [
        Step(do=OFFLINE, screen="amount"),
        Step(do="18.80", screen="amount"),
        Step(do=Do.CHARGE, screen="amount", call=START),
        Step(do=ARMED_OFFLINE, screen="present", says="出示确认码"),
        Step(do=Answered(), screen="present"),
        Step(do=Do.OPEN_CODE, screen="code", says="8位数字"),
        Step(do="12345678", screen="code"),
        Step(do=Do.SEND_CODE, screen="code", call=SendCode(SALE_ID, "12345678")),
        Step(do=Answered(Trouble("wrong_code", "")), screen="code"),
        Step(
            do=msgspec.structs.replace(
                ARMED_OFFLINE, sale=sale("presented", "confirmation-code", url=OFFLINE_URL, code_tries_left=4)
            ),
            screen="code",
            says="确认码不正确，还可输入4次",
        ),
        Step(do="87654321", screen="code"),
        Step(do=Do.SEND_CODE, screen="code", call=SendCode(SALE_ID, "87654321")),
        Step(do=offline(sale("approved", mode="offline")), screen="approved", says="收款成功"),
        Step(do=Answered(), screen="approved"),
    ],
    "given up with the offline code on the screen: the confirmation code is asked for first": [
        Step(do=OFFLINE, screen="amount"),
        Step(do="18.80", screen="amount"),
        Step(do=Do.CHARGE, screen="amount", call=START),
        Step(do=ARMED_OFFLINE, screen="present"),
        Step(do=Answered(), screen="present"),
        Step(do=Do.CANCEL, screen="code", says="取消这笔"),
        Step(do=Do.BACK, screen="present"),
        Step(do=Do.CANCEL, screen="code"),
        Step(do=Do.CANCEL, screen="present", call=SaleCall(SALE_ID, Verb.CANCEL)),
        Step(do=offline(sale("cancelling", "confirmation-code", mode="offline")), screen="cancelling", says="请先输入"),
        Step(do=Answered(), screen="cancelling"),
        Step(do=Do.OPEN_CODE, screen="code"),
        Step(do="12345678", screen="code"),
        Step(do=Do.SEND_CODE, screen="code", call=SendCode(SALE_ID, "12345678")),
        Step(do=offline(sale("approved", mode="offline")), screen="approved", says="收款成功"),
    ],
    "somebody comes back with a code when the next has been served": [
        Step(do=msgspec.structs.replace(OFFLINE, cancelling=[GIVEN_UP]), screen="amount", says="确认码1"),
        Step(do=Do.OPEN_WAITING, screen="waiting", says="仍可输入确认码"),
        Step(do=ShowSale(SALE_ID), screen="cancelling", says="请先输入"),
        Step(do=Do.OPEN_CODE, screen="code"),
        Step(do="12345678", screen="code"),
        Step(do=Do.SEND_CODE, screen="code", call=SendCode(SALE_ID, "12345678")),
        Step(do=offline(sale("approved", mode="offline")), screen="approved", says="收款成功"),
        Step(do=Answered(), screen="approved"),
    ],
    "paid by the page: how long the phone has is said": [
        *CHARGE,
        Step(
            do=online(sale("pending", "cancel", "park", "confirmation-code", claimed_until=ago(-45))),
            screen="paying",
            says="剩余45",
        ),
        Step(do=online(sale("presented", "cancel", url=ONLINE_URL)), screen="present", says="扫码"),
        Step(do=online(sale("approved")), screen="approved"),
    ],
    "a friend pays: parked, the counter goes on": [
        *CHARGE,
        Step(do=online(sale("pending", "cancel", "park")), screen="paying", says="等待付款"),
        Step(do=Do.PARK, screen="paying", call=SaleCall(SALE_ID, Verb.PARK)),
        Step(do=online(PARKED), screen="amount", says="挂单1"),
        Step(do=Answered(), screen="amount"),
        Step(do=online(PARKED, parked=[PARKED]), screen="amount", says="挂单1"),
        Step(do=Do.OPEN_WAITING, screen="waiting"),
        Step(do=ShowSale(SALE_ID), screen="paying", says="这笔已挂单"),
        Step(do=Do.CANCEL, screen="paying", call=SaleCall(SALE_ID, Verb.CANCEL)),
    ],
    "another sale is going on": [
        Step(do=IDLE, screen="amount"),
        Step(do="18.80", screen="amount"),
        Step(do=Do.CHARGE, screen="amount", call=START),
        Step(do=Answered(Trouble("busy", "")), screen="amount", says="还有一笔正在进行"),
        Step(do=Do.CHARGE, screen="amount", call=START),
    ],
    "the daemon dies mid-sale and comes back": [
        *CHARGE,
        Step(do=Gone(), screen="away", says="请勿重复收款"),
        Step(do=PRESENTED, screen="present", says="请将手机靠近这里"),
    ],
    "the daemon dies while typing": [
        Step(do=IDLE, screen="amount"),
        Step(do="18.80", screen="amount"),
        Step(do=Gone(), screen="away", says="已输入的金额会保留"),
        Step(do=IDLE, screen="amount", says="收款¥18.80"),
    ],
    "the charge is lost on the way and pressed again": [
        Step(do=IDLE, screen="amount"),
        Step(do="18.80", screen="amount"),
        Step(do=Do.CHARGE, screen="amount", call=START),
        Step(do=Answered(Trouble("away", "")), screen="amount", says="未送达，请再按一次"),
        Step(do=Do.CHARGE, screen="amount", call=START),
    ],
    "a till starts a sale while the cashier looks at the queue": [
        Step(do=OFFLINE, screen="amount"),
        Step(do=Do.OPEN_QUEUE, screen="queue"),
        Step(do=PRESENTED, screen="present"),
    ],
    "a new terminal": [
        Step(do=msgspec.structs.replace(IDLE, terminal=None), screen="not_enrolled", says="pengpos enrol"),
        Step(do=IDLE, screen="amount"),
    ],
}


@pytest.mark.parametrize("steps", JOURNEYS.values(), ids=JOURNEYS)
@pytest.mark.parametrize("size", [(800, 480), (720, 1280)], ids=["landscape", "upright"])
def test_journey(steps: list[Step], size: tuple[int, int]) -> None:
    Counter(size=size).run(steps)


@pytest.mark.parametrize(
    ("status", "screen", "action"),
    [
        (CONFIRMING, "confirming", Do.CANCEL),
        (PRESENTED, "present", Do.OPEN_QUEUE),
        (APPROVED, "approved", Do.CANCEL),
        (DECLINED, "declined", Do.CANCEL),
    ],
    ids=["no cancel once authorised", "no badge while a shopper pays", "no cancel once approved", "nor once declined"],
)
def test_what_cannot_be_done_is_not_offered(status: Status, screen: str, action: Do) -> None:
    counter = Counter()
    counter.run([Step(do=status, screen=screen)])
    with pytest.raises(NotOnTheScreenError):
        counter.run([Step(do=action, screen=screen)])
