# SPDX-License-Identifier: Apache-2.0
"""Named sample snapshots: one for every screen and state, for the gallery and the tests. Nothing here is real."""

from dataclasses import replace
from typing import Final

import msgspec

from pengpos.client import (
    AlarmView,
    CardView,
    DueView,
    LineView,
    QueueView,
    ReaderView,
    SaleView,
    Sentences,
    Status,
)
from terminal.device.words import joined
from ui.state.calls import AlarmSeen, AsOperator, Call, Pin, SaleCall, StartSale, Verb
from ui.state.entry import Entry
from ui.state.local import Daemon, ItemFault, Left, LocalState, Page, SpoiltItem, Trouble
from ui.state.pin import Asked, Refused
from workshop.samples.office import OFFICE
from workshop.samples.shop import (
    CAPS,
    IDLE,
    ITEMS,
    NOT_ENOUGH,
    NOW,
    OFFLINE,
    OFFLINE_URL,
    ONLINE_URL,
    SALE_ID,
    SHOPPER_DECLINED,
    SPOILT,
    Sample,
    ago,
    local,
    offline,
    online,
    sale,
)
from workshop.samples.shop import said as _said

__all__ = [
    "CAPS",
    "IDLE",
    "ITEMS",
    "NOT_ENOUGH",
    "NOW",
    "OFFLINE",
    "OFFLINE_URL",
    "ONLINE_URL",
    "SALE_ID",
    "SAMPLES",
    "SHOPPER_DECLINED",
    "SPOILT",
    "Sample",
    "ago",
    "local",
    "offline",
    "online",
    "sale",
]

_LINES = [
    LineView(kind="amount", label="商品金额", amount=1880),
    LineView(kind="discount", label="碰一碰立减", amount=-200),
    LineView(kind="tip", label="打赏", amount=0),
    LineView(kind="points", label="金卡 · 积分", amount=17),
]
_CARD = CardView(kind="hongbao", title="红包", text="下次来店可抵2元", url="https://pay.example.cn/g/7c1Q")
_UNKNOWN = sale("unknown", "cancel", "accept-offline", since_s=42)
_IN_FRANCS = msgspec.structs.replace(_UNKNOWN, amount=1883, total=1883, currency="CHF")
_CHECKED = offline(_UNKNOWN, unknown=[_UNKNOWN])
_PARKED = sale(
    "pending", "cancel", since_s=190, id=SALE_ID[:-1] + "7", number="0001-0997", parked=True, amount=52000, total=52000
)
_GIVEN_UP = sale(
    "cancelling", "confirmation-code", since_s=90, id=SALE_ID[:-1] + "8", number="0001-0998", mode="offline"
)
_PRESENTED = sale("presented", "cancel", url=ONLINE_URL)
_ARMED_OFFLINE = sale("presented", "cancel", "confirmation-code", url=OFFLINE_URL, mode="offline")

_CLOCK_DIFFERS = msgspec.structs.replace(NOT_ENOUGH, code=4, detail=None, phone_time=ago(5000))


def _standing(standing: str, **fields: object) -> Status:
    """The terminal as it must not sell."""
    assert IDLE.terminal is not None
    terminal = msgspec.structs.replace(IDLE.terminal, standing=standing, standing_since=ago(300))
    return msgspec.structs.replace(IDLE, terminal=terminal, **fields)


def _prompted(prompt: str) -> Sample:
    return Sample(online(sale("presented", "cancel", "again", url=ONLINE_URL, prompt=prompt)), local())


def _typed(text: str, **fields: object) -> LocalState:
    return local(entry=Entry(currency="CNY", typed=text), **fields)


def _asked(state: str) -> SaleView:
    """Declined at sync, and what came of asking the shopper."""
    due = DueView(state=state, amount=1880)
    return sale("declined_at_sync", reason=msgspec.structs.replace(NOT_ENOUGH, borne_by="merchant", due=due))


_STORE = SaleCall(SALE_ID, Verb.ACCEPT_OFFLINE)


def _pad(call: Call, *roles: str, digits: str = "", calling: Call | None = None, **asked: object) -> LocalState:
    """A pad for an operator's PIN, that was asked for in the midst of a sale."""
    opened = Asked(call=call, roles=roles or ("manager",), page=Page.SALE.value, touched_s=0.0, pin=Pin(digits))
    return local(page=Page.PIN, asked=replace(opened, **asked), calling=calling)  # type: ignore[arg-type]  # real fields


def _alarm(kind: str, age_s: int, text: Sentences, cure: str, **said: object) -> AlarmView:
    """An alarm with the terminal's own words; its cure by its key."""
    plain = AlarmView(id=f"{kind}-{age_s}", kind=kind, at=ago(age_s), text="-", text_in=text, cure_in=_said(cure))
    return msgspec.structs.replace(plain, **said)


_PAID_SINCE = _alarm(
    "declined_at_sync", 20,
    _said("alarm.declined_at_sync.paid", number="0001-1000", amount="18.80 CNY"), "alarm.declined_at_sync.paid_cure",
    sale_id=SALE_ID, calm=True,
)  # fmt: skip
_DECLINED_AT_SYNC = _alarm(
    "declined_at_sync", 4000,
    joined(
        _said("alarm.declined_at_sync.text", number="0001-0990"),
        _said("alarm.declined_at_sync.borne_by_merchant"), _said("alarm.declined_at_sync.asked_open"),
    ),
    "alarm.declined_at_sync.asked_open_cure",
    sale_id="z",
)  # fmt: skip
_REFUND_REFUSED = _alarm(
    "refund_refused", 90, _said("alarm.refund_refused.text", number="0001-0982"), "alarm.refund_refused.cure",
    sale_id="y",
)  # fmt: skip
_CLOCK_AHEAD = _alarm("clock", 300, _said("alarm.clock_ahead.text", seconds="420"), "alarm.clock_ahead.cure")

SAMPLES: Final[dict[str, Sample]] = {
    "starting": Sample(None, local(daemon=Daemon.STARTING)),
    "locked": Sample(_standing("locked"), local()),
    "locked-stored": Sample(_standing("locked", queue=OFFLINE.queue), local()),
    "revoked": Sample(_standing("revoked"), local()),
    "revoked-stored": Sample(_standing("revoked", queue=OFFLINE.queue), local()),
    "away": Sample(None, local(daemon=Daemon.AWAY)),
    "away-mid-sale": Sample(online(_PRESENTED), local(daemon=Daemon.AWAY)),
    "away-typed": Sample(IDLE, _typed("18.80", daemon=Daemon.AWAY)),
    "not-enrolled": Sample(msgspec.structs.replace(IDLE, terminal=None, readers=[]), local()),
    "amount-empty": Sample(IDLE, local()),
    "amount-sum": Sample(online(sale("approved", since_s=600)), _typed("12+3.4×2", left=Left(SALE_ID, "approved"))),
    "amount-typing": Sample(OFFLINE, _typed("18")),
    "amount-large": Sample(IDLE, _typed("12345678.90+12.50+99999999.99×99")),
    "large-amount": Sample(IDLE, _typed("12000", page=Page.LARGE_AMOUNT)),
    "amount-items": Sample(IDLE, _typed("12+3.4×2", items=ITEMS)),
    "amount-items-spoilt": Sample(IDLE, _typed("12", items=ITEMS, spoilt_items=SPOILT)),
    "amount-items-refused": Sample(IDLE, _typed("18.80", items=ITEMS, trouble=Trouble("busy", "another sale"))),
    "amount-items-unread": Sample(IDLE, local(spoilt_items=(SpoiltItem(ItemFault.FILE, 12, "", ""),))),
    "amount-refused": Sample(IDLE, _typed("18.80", trouble=Trouble("busy", "another sale is presented"))),
    "amount-spoiled": Sample(IDLE, local(entry=Entry(currency="CNY", typed="18.8", spoiled=True))),
    "amount-no-item": Sample(IDLE, local(entry=_typed("12+3.4×2").entry.without_item("6901234567892"), items=ITEMS)),
    "amount-sending": Sample(IDLE, _typed("18.80", calling=StartSale(1880, "CNY", "k"))),
    "amount-late-result": Sample(online(sale("approved")), _typed("5", left=Left(SALE_ID, "unknown"))),
    "amount-all-badges": Sample(
        offline(
            _UNKNOWN,
            unknown=[_UNKNOWN],
            parked=[_PARKED],
            alarms=[AlarmView(id="a", kind="x", at=ago(60), text="x")],
            readers=[ReaderView(name="reader", state="lost")],
        ),
        local(left=Left(SALE_ID, "unknown")),
    ),
    "present": Sample(online(_PRESENTED), local()),
    "present-no-code": Sample(online(sale("presented", "cancel", ways=["reader"])), local()),
    "present-scan-only": Sample(online(sale("presented", "cancel", url=ONLINE_URL, ways=["qr"])), local()),
    "present-offline": Sample(offline(_ARMED_OFFLINE), local()),
    "present-arming": Sample(online(sale("signed", "cancel", url=ONLINE_URL)), local()),
    "present-unlock": _prompted("unlock"),
    "present-confirm": _prompted("confirm"),
    "present-choose": _prompted("choose"),
    "present-two-phones": _prompted("two_phones"),
    "present-remove-phone": _prompted("remove_phone"),
    "present-look": _prompted("look_at_phone"),
    "present-too-quick": Sample(online(sale("presented", "cancel", url=ONLINE_URL, notice="too_quick")), local()),
    "present-not-a-wallet": Sample(online(sale("presented", "cancel", url=ONLINE_URL, notice="not_a_wallet")), local()),
    "present-refused": Sample(
        online(sale("presented", "cancel", "again", url=ONLINE_URL, reason=SHOPPER_DECLINED)), local()
    ),
    "present-refused-remove": Sample(
        online(sale("presented", "cancel", "again", ways=["reader"], reason=NOT_ENOUGH, prompt="remove_phone")), local()
    ),
    "present-refused-offline": Sample(
        offline(sale("presented", "cancel", "again", "confirmation-code", url=OFFLINE_URL, reason=NOT_ENOUGH)), local()
    ),
    "confirming": Sample(online(sale("authorised")), local()),
    "paying": Sample(online(sale("pending", "cancel", "park", "confirmation-code", claimed_until=ago(-56))), local()),
    "present-while-claimed": Sample(
        online(sale("pending", "cancel", "park", claimed_until=ago(-56), prompt="confirm")), local()
    ),
    "paying-parked": Sample(online(_PARKED, parked=[_PARKED]), local(focus=_PARKED.id)),
    "cancelling": Sample(offline(sale("cancelling", "confirmation-code", mode="offline")), local()),
    "code-cancelling": Sample(
        offline(sale("cancelling", "confirmation-code", mode="offline")), local(page=Page.CODE)
    ),
    "reversing": Sample(online(sale("reversing")), local()),
    "reversing-held": Sample(online(sale("reversing", held=True)), local()),
    "approved": Sample(
        online(sale("approved", "refunds", total=1680, lines=_LINES, receipt_url=ONLINE_URL, cards=[_CARD])), local()
    ),
    "approved-plain": Sample(
        online(sale("approved", "refunds", payer_display="*小明", receipt_url=ONLINE_URL)), local()
    ),
    "receipt": Sample(
        online(sale("approved", "refunds", total=1680, lines=_LINES, receipt_url=ONLINE_URL, cards=[_CARD])),
        local(page=Page.RECEIPT),
    ),
    "stored": Sample(offline(sale("accepted_offline", mode="offline")), local()),
    "declined": Sample(online(sale("declined", "again", reason=NOT_ENOUGH)), local()),
    "declined-clock": Sample(
        online(sale("declined", "again", reason=_CLOCK_DIFFERS)), local()
    ),
    "declined-at-sync": Sample(online(sale("declined_at_sync")), local()),
    "declined-at-sync-asked": Sample(online(_asked("open")), local()),
    "declined-at-sync-refused": Sample(online(_asked("refused")), local()),
    "declined-at-sync-withdrawn": Sample(online(_asked("withdrawn")), local()),
    "declined-at-sync-paid": Sample(online(_asked("paid"), alarms=[_PAID_SINCE]), local()),
    "unknown": Sample(_CHECKED, local()),
    "unknown-cash-rounded": Sample(offline(_IN_FRANCS, unknown=[_IN_FRANCS]), local()),
    "cancelled": Sample(online(sale("cancelled")), local()),
    "reversed": Sample(online(sale("reversed")), local()),
    "expired": Sample(online(sale("expired", "again")), local()),
    "refunded": Sample(online(sale("refunded")), local()),
    "partly-refunded": Sample(online(sale("partly_refunded", "refunds")), local()),
    "code-empty": Sample(offline(_ARMED_OFFLINE), local(page=Page.CODE)),
    "code-wrong": Sample(
        offline(msgspec.structs.replace(_ARMED_OFFLINE, code_tries_left=3)), local(page=Page.CODE)
    ),
    "code-full": Sample(offline(_ARMED_OFFLINE), local(page=Page.CODE, code="40271593")),
    "code-closed": Sample(
        offline(sale("presented", "cancel", url=OFFLINE_URL, code_tries_left=0)), local(page=Page.CODE)
    ),
    "pin": Sample(_CHECKED, _pad(_STORE)),
    "pin-typing": Sample(_CHECKED, _pad(SaleCall(SALE_ID, Verb.CANCEL), digits="471108")),
    "pin-checking": Sample(_CHECKED, _pad(_STORE, calling=AsOperator(_STORE, Pin()))),
    "pin-wrong": Sample(_CHECKED, _pad(_STORE, refused=Refused("wrong_pin", tries_left=8), wrong=2)),
    "pin-not-enough": Sample(_CHECKED, _pad(_STORE, refused=Refused("role_needed"), wrong=1)),
    "pin-wait": Sample(
        _CHECKED,
        _pad(_STORE, refused=Refused("too_many_tries", until_s=287.0), wrong=10),
    ),
    "pin-alarm": Sample(
        msgspec.structs.replace(IDLE, alarms=[_DECLINED_AT_SYNC]),
        _pad(AlarmSeen(_DECLINED_AT_SYNC.id), "manager", "technician", digits="12345678"),
    ),
    "queue": Sample(OFFLINE, local(page=Page.QUEUE)),
    "queue-empty": Sample(msgspec.structs.replace(IDLE, queue=QueueView()), local(page=Page.QUEUE)),
    "waiting": Sample(offline(_UNKNOWN, unknown=[_UNKNOWN], parked=[_PARKED]), local(page=Page.WAITING)),
    "waiting-codes": Sample(
        offline(_UNKNOWN, unknown=[_UNKNOWN], cancelling=[_GIVEN_UP]), local(page=Page.WAITING)
    ),
    "waiting-many": Sample(
        online(_UNKNOWN, unknown=[sale("unknown", id=f"{n}", number=f"0001-10{n:02}") for n in range(9)]),
        local(page=Page.WAITING, first_row=4),
    ),
    "waiting-none": Sample(IDLE, local(page=Page.WAITING)),
    "alarms": Sample(
        msgspec.structs.replace(IDLE, alarms=[_DECLINED_AT_SYNC, _CLOCK_AHEAD]), local(page=Page.ALARMS)
    ),
    "alarms-review-refused": Sample(
        msgspec.structs.replace(IDLE, alarms=[_REFUND_REFUSED]), local(page=Page.ALARMS)
    ),
    "alarms-news": Sample(msgspec.structs.replace(IDLE, alarms=[_PAID_SINCE]), local(page=Page.ALARMS)),
    **OFFICE,
    "amount-news": Sample(
        online(_asked("paid"), alarms=[_PAID_SINCE]), local(left=Left(SALE_ID, "declined_at_sync"))
    ),
}  # fmt: skip
