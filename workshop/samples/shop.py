# SPDX-License-Identifier: Apache-2.0
"""What sample snapshots are made of: a shop, its sales, a screen that is connected. Nothing here is real.

Tests: tests/workshop/samples/test_screens.py.
"""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

import msgspec

from pengpos.client import (
    CapsView,
    IntentView,
    LinkView,
    QueueView,
    ReaderView,
    ReasonView,
    SaleView,
    Sentences,
    Status,
    StepView,
    TerminalView,
)
from pengpos.core.times import rfc3339
from terminal.device.words import message, sentences
from ui.state.entry import Entry
from ui.state.local import Daemon, ItemFault, LocalState, QuickItem, SpoiltItem

NOW: Final = datetime(2026, 11, 21, 14, 32, 18, tzinfo=timezone(timedelta(hours=8)))
SALE_ID: Final = "0193476e-aa00-7000-8000-000000000001"
ONLINE_URL: Final = "https://pay.example.cn/t/AZNHbqoAcACAAAAAAAAAAQ"
OFFLINE_URL: Final = (
    "https://pay.example.cn/t#" + "hEOhASagWQEQpgFQAZNHbqoAcACAAAAAAAAAAQIZB1gDY0NOWQQaaSBBUgUYeAYAB_UIgg" * 9
)
ITEMS: Final = (
    QuickItem("拿铁 大", 2600), QuickItem("美式", 1800), QuickItem("可颂", 1200), QuickItem("牛奶 +", 340),
    QuickItem("抹茶拿铁 大", 2800), QuickItem("Flat white", 2600),
)  # fmt: skip
SPOILT: Final = (SpoiltItem(ItemFault.PRICE, 3, "燕麦拿铁", ""), SpoiltItem(ItemFault.NAME, 5, "", ""))


def _reason(code: int, key: str, detail: str = "") -> ReasonView:
    """A "no" with the terminal's own words."""
    shopper, cashier = (said(f"reason.{key}.{side}") for side in ("shopper", "cashier"))
    return ReasonView(
        code=code,
        detail=detail,
        shopper=shopper.zh_hans,
        cashier=cashier.zh_hans,
        shopper_in=shopper,
        cashier_in=cashier,
    )


def said(key: str, **values: str) -> Sentences:
    """What the terminal says under a key."""
    return sentences(message(key), **values)


NOT_ENOUGH: Final = _reason(1, "not_enough_money", "insufficient_funds")
SHOPPER_DECLINED: Final = _reason(0, "declined_by_shopper")


def ago(seconds: int) -> str:
    """A time before (or after) the samples' now, as the local API writes it."""
    return rfc3339(int((NOW - timedelta(seconds=seconds)).timestamp()))


def sale(state: str, *can: str, since_s: int = 4, **fields: object) -> SaleView:
    """A sale of ¥18.80 that came to its state some seconds ago."""
    base = SaleView(
        id=SALE_ID,
        number="0001-1000",
        state=state,
        amount=1880,
        tip=0,
        total=1880,
        currency="CNY",
        mode="online",
        ways=["reader", "tag", "qr"],
        created_at=ago(36),
        expires_at=ago(-84),
        intents=[IntentView(intent_id=SALE_ID, epoch=1, counter=1000, state=state, at=ago(36))],
        history=[StepView(state=state, at=ago(since_s), why="sample")],
        can=list(can),
    )
    return msgspec.structs.replace(base, **fields)


CAPS: Final = CapsView(amount_left=194360, count_left=47, per_payment=50000, currency="CNY", until=ago(-86400 * 6))
IDLE: Final = Status(
    at=ago(0),
    link=LinkView(online=True, last_heard=ago(2)),
    readers=[ReaderView(name="reader", state="ready")],
    queue=QueueView(caps=CAPS),
    alarms=[],
    terminal=TerminalView(
        terminal_id="0001",
        merchant_id="M1",
        merchant_name="晨光咖啡",
        currency="CNY",
        languages=["zh-Hans", "en"],
        software_version="0.1.0",
    ),
)
OFFLINE: Final = msgspec.structs.replace(
    IDLE,
    link=LinkView(online=False, since=ago(3600), last_heard=ago(3600)),
    queue=QueueView(count=3, total=5640, oldest=ago(1810), deadline=ago(-28800), caps=CAPS),
)


def online(one: SaleView, **fields: object) -> Status:
    """A status with the current sale, link up."""
    return msgspec.structs.replace(IDLE, sale=one, **fields)


def offline(one: SaleView, **fields: object) -> Status:
    """A status with the current sale, link down."""
    return msgspec.structs.replace(OFFLINE, sale=one, **fields)


def local(**fields: object) -> LocalState:
    """A screen that is connected and has nothing typed."""
    base = LocalState(now=NOW, size=(800, 480), daemon=Daemon.CONNECTED, entry=Entry(currency="CNY"))
    return replace(base, **fields)  # type: ignore[arg-type]  # tests and samples name real fields


class Sample(NamedTuple):
    """What a screen is projected from."""

    status: Status | None
    local: LocalState
