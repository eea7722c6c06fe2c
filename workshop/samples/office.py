# SPDX-License-Identifier: Apache-2.0
"""Samples of the pages behind the menu. Nothing here is real.

Tests: tests/workshop/samples/test_screens.py.
"""

from typing import Final

import msgspec

from pengpos.client import DayReport, DayView, Difference, Elsewhere, RefundView, SaleView, StepView
from ui.actions import RefundReason
from ui.state.calls import CloseDay, GiveBack
from ui.state.entry import Entry
from ui.state.local import LocalState, Page, Trouble
from ui.state.office import Draft, Listing, Office
from ui.state.pin import Asked
from workshop.samples.shop import IDLE, NOT_ENOUGH, OFFLINE, ONLINE_URL, SALE_ID, Sample, ago, local, sale

TODAY: Final = "2026-11-21"
DAY: Final = DayView(
    date=TODAY, count=23, total=194360, currency="CNY", offline_count=2, offline_total=3760, refunded_count=1,
    refunded_total=500, unknown_count=1,
)  # fmt: skip
QUIET: Final = msgspec.structs.replace(IDLE, day=DayView(date=TODAY, count=0, total=0, currency="CNY"))
BUSY: Final = msgspec.structs.replace(IDLE, day=DAY)
WAITING: Final = msgspec.structs.replace(OFFLINE, day=msgspec.structs.replace(
    DAY, declined_at_sync_count=1, declined_at_sync_total=1880, due_paid_count=1, due_paid_total=1880,
))  # fmt: skip


def _steps(*steps: tuple[str, int]) -> list[StepView]:
    return [StepView(state=state, at=ago(seconds), why="sample") for state, seconds in steps]


PAID: Final = msgspec.structs.replace(
    sale("approved", "refunds", receipt_url=ONLINE_URL, created_at=ago(3700)),
    history=_steps(("signed", 3700), ("presented", 3699), ("authorised", 3690), ("approved", 3689)),
)
PARTLY: Final = msgspec.structs.replace(
    PAID,
    state="partly_refunded",
    history=[*PAID.history, *_steps(("partly_refunded", 600))],
    refunds=[RefundView(refund_id="r1", amount=500, reason="顾客退回商品", state="done", at=ago(600))],
)
REFUNDING: Final = msgspec.structs.replace(
    PAID, can=[], refunds=[RefundView(refund_id="r1", amount=1880, reason="顾客退回商品", state="sent", at=ago(2))]
)
LONG: Final = msgspec.structs.replace(
    PARTLY,
    created_at=ago(90_000),
    history=_steps(
        ("signed", 90_000), ("accepted_offline", 89_990), ("forwarding", 80_000), ("approved", 79_999),
        ("settled", 50_000), ("partly_refunded", 600),
    ),
    refunds=[
        RefundView(refund_id=f"r{number}", amount=200, reason="金额有误", state=state, at=ago(3000 - number * 100))
        for number, state in enumerate(("done", "failed", "held", "queued"))
    ],
)  # fmt: skip


def _listed() -> tuple[SaleView, ...]:
    states = (
        "approved", "partly_refunded", "accepted_offline", "unknown", "declined", "cancelled", "approved", "settled",
        "refunded", "declined_at_sync", "expired", "reversed", "pending", "presented",
    )  # fmt: skip
    return tuple(
        msgspec.structs.replace(
            sale(state, "refunds", parked=state == "pending", reason=NOT_ENOUGH if state == "declined" else None),
            id=f"{SALE_ID[:-2]}{number:02}",
            number=f"0001-{1000 - number}",
            created_at=ago(60 + 400 * number),
            total=(1880, 1880, 2600, 52000, 990, 340)[number % 6],
        )
        for number, state in enumerate(states)
    )


LISTED: Final = _listed()
REPORT: Final = DayReport(
    date=TODAY, final=True, currency="CNY", here_count=23, here_total=194360, there_count=23, there_total=194360,
    declined_at_sync_count=0, declined_at_sync_total=0, here_refunded_count=1, here_refunded_total=500,
    there_refunded_count=1, there_refunded_total=500, differences=[],
)  # fmt: skip
DIFFERS: Final = msgspec.structs.replace(
    REPORT,
    final=False,
    there_count=22,
    there_total=192480,
    differences=[
        Difference(intent_id="1", number="0001-0998", state="approved", here=1880, there=None),
        Difference(intent_id="2", number=None, state=None, here=None, there=2600),
        Difference(intent_id="3", number="0001-0990", state="settled", here=-500, there=-300, refund_id="r"),
    ],
    elsewhere=[Elsewhere(intent_id="4", number="0001-0970", refund_id="r", amount=340)],
)


def behind(page: Page, **fields: object) -> LocalState:
    """A screen with a page behind the menu open; `fields` are of its `Office`, but for some of the screen."""
    of_screen = {name: fields.pop(name) for name in ("trouble", "calling", "first_row", "asked") if name in fields}
    office = Office(touched_s=0.0, **fields)  # type: ignore[arg-type]  # its callers name real fields
    return local(page=page, office=office, **of_screen)


def _draft(typed: str = "", reason: RefundReason | None = None, *, spoiled: bool = False) -> Draft:
    return Draft(entry=Entry(currency="CNY", typed=typed, spoiled=spoiled), reason=reason)


_WHOLE: Final = _draft(reason=RefundReason.RETURNED)
_ORDER: Final = GiveBack(PAID.id, None, "顾客退回商品", "k")

OFFICE: Final[dict[str, Sample]] = {
    "menu": Sample(BUSY, behind(Page.MENU)),
    "menu-badges": Sample(WAITING, behind(Page.MENU)),
    "history": Sample(BUSY, behind(Page.HISTORY, listing=Listing(date=TODAY, sales=LISTED, following=7))),
    "history-later": Sample(
        BUSY,
        behind(Page.HISTORY, listing=Listing(date="2026-11-19", befores=(None, 7), sales=LISTED[:3])),
    ),
    "no-history": Sample(QUIET, behind(Page.HISTORY, listing=Listing(date="2026-11-20", sales=()))),
    "no-history-yet": Sample(QUIET, behind(Page.HISTORY, listing=Listing(date=TODAY))),
    "no-history-refused": Sample(
        QUIET, behind(Page.HISTORY, listing=Listing(date=TODAY), trouble=Trouble("unread", "-"))
    ),
    "record-approved": Sample(BUSY, behind(Page.RECORD, record=PAID)),
    "record-partly": Sample(BUSY, behind(Page.RECORD, record=PARTLY)),
    "record-long": Sample(BUSY, behind(Page.RECORD, record=LONG)),
    "record-approved-refunding": Sample(BUSY, behind(Page.RECORD, record=REFUNDING)),
    "record-stored": Sample(WAITING, behind(Page.RECORD, record=sale("accepted_offline", "refunds", mode="offline"))),
    "record-approved-receipt": Sample(BUSY, behind(Page.RECORD_RECEIPT, record=PAID)),
    "refund": Sample(BUSY, behind(Page.REFUND, record=PAID, draft=_draft())),
    "refund-whole": Sample(BUSY, behind(Page.REFUND, record=PAID, draft=_WHOLE)),
    "refund-part": Sample(BUSY, behind(Page.REFUND, record=PARTLY, draft=_draft("5.5", RefundReason.WRONG_AMOUNT))),
    "refund-spoiled": Sample(BUSY, behind(Page.REFUND, record=PAID, draft=_draft("5.55", spoiled=True))),
    "refund-sending": Sample(BUSY, behind(Page.REFUND, record=PAID, draft=_WHOLE, calling=_ORDER)),
    "refund-refused": Sample(
        BUSY, behind(Page.REFUND, record=PAID, draft=_WHOLE, trouble=Trouble("refund_over_limit", "at most 10.00 CNY"))
    ),
    "pin-refund": Sample(
        BUSY,
        behind(
            Page.PIN, record=PAID, draft=_WHOLE,
            asked=Asked(call=_ORDER, roles=("manager",), page=Page.REFUND.value, touched_s=0.0),
        ),
    ),
    "pin-close": Sample(
        BUSY,
        behind(
            Page.PIN, asked=Asked(call=CloseDay(TODAY), roles=("manager",), page=Page.DAY.value, touched_s=0.0),
        ),
    ),
    "day": Sample(BUSY, behind(Page.DAY)),
    "day-waiting": Sample(WAITING, behind(Page.DAY)),
    "day-closing": Sample(BUSY, behind(Page.DAY, calling=CloseDay(TODAY))),
    "day-refused": Sample(QUIET, behind(Page.DAY, trouble=Trouble("backend_away", "-"))),
    "close-agrees": Sample(BUSY, behind(Page.CLOSE, report=REPORT)),
    "close-differs": Sample(BUSY, behind(Page.CLOSE, report=DIFFERS)),
    "settings": Sample(BUSY, behind(Page.SETTINGS)),
    "help": Sample(BUSY, behind(Page.HELP)),
}  # fmt: skip
