# SPDX-License-Identifier: Apache-2.0
"""One business day for each sale, over the cut-off: the screen's day, the closed day and the backend's settlement."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest

from pengpos.client import DayReport, SaleView
from pengpos.core.business_day import BusinessDay
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import CURRENCY, Counter, until
from tests.support.live_sandbox import LiveSandbox
from tests.support.page import Visitor
from tests.support.road import Obstacle, Pass, loses_the_answer, refuses

DAY = BusinessDay(ZoneInfo("Asia/Shanghai"), 4)  # the demo merchant's
LEFT_S = 30


@pytest.fixture
def evening(sandbox: LiveSandbox) -> None:
    """Half a minute before the merchant's day ends; a terminal enrolled after this knows it from the start."""
    _, end = DAY.span(DAY.date_of(sandbox.clock.now()))
    sandbox.clock.advance(end - LEFT_S - sandbox.clock.now())


def days(counter: Counter) -> list[tuple[int, int, int]]:
    """Yesterday and today, each as taken by the screen's count, by the closed day's, and by the backend's."""
    today = DAY.date_of(counter.sandbox.clock.now())
    found = []
    for on in (today - timedelta(days=1), today):
        answer = counter.call("POST", "/v1/day/close", {"date": on.isoformat()})
        report = msgspec.json.decode(answer.content, type=DayReport)
        assert report.differences == []
        screen = counter.journal.day_totals(*DAY.span(on), CURRENCY)
        found.append((screen.total_minor, report.here_total, report.there_total))
    day = counter.status.day
    assert day is not None
    assert (day.date, day.total) == (today.isoformat(), found[1][0])
    return found


def after(seconds: int, counter: Counter, obstacle: Obstacle | None = None) -> Obstacle:
    """The call arrives so much later by everybody's clock."""

    async def late(request: httpx.Request, forward: Pass) -> httpx.Response:
        counter.pass_time(seconds)
        return await (forward(request) if obstacle is None else obstacle(request, forward))

    return late


def confirmed(counter: Counter, sale: SaleView) -> bool:
    """The backend has said the same as the code."""
    stored = counter.journal.sale(UUID(sale.id))
    return stored is not None and stored.booking is not None and stored.booking.confirmed


@pytest.mark.usefixtures("evening")
def test_accepted_offline_by_the_cashier_after_the_day_ended(hasty: Counter, phone: VirtualPhone) -> None:
    """Authorised before the end; the backend hears of it only after it was accepted."""
    hasty.road.silence_events()
    hasty.road.put(refuses(), "*", "/v1/(payments|intents).*")
    sale = hasty.tap(hasty.present("18.80"), phone, "unknown")
    hasty.pass_time(LEFT_S + 20)
    hasty.tell(sale, "accept-offline")
    hasty.resolve(sale, "approved")
    assert days(hasty) == [(18_80, 18_80, 18_80), (0, 0, 0)]


@pytest.mark.usefixtures("evening")
def test_booked_unheard_and_then_accepted_offline(hasty: Counter, phone: VirtualPhone) -> None:
    """Authorised before the end and booked after it; the answer is lost, and the cashier decides."""
    hasty.road.silence_events()
    hasty.road.put(after(LEFT_S + 5, hasty, loses_the_answer()), "POST", "/v1/payments")
    hasty.road.put(refuses(), "*", "/v1/intents.*")
    sale = hasty.tap(hasty.present("18.80"), phone, "unknown")
    assert hasty.booked == [18_80]
    hasty.tell(sale, "accept-offline")
    hasty.resolve(sale, "approved")
    assert days(hasty) == [(18_80, 18_80, 18_80), (0, 0, 0)]


@pytest.mark.usefixtures("evening")
def test_authorised_before_the_day_ended_and_booked_online_after(counter: Counter, phone: VirtualPhone) -> None:
    counter.road.put(after(LEFT_S + 5, counter), "POST", "/v1/payments")
    counter.tap(counter.present("18.80"), phone, "approved")
    assert days(counter) == [(0, 0, 0), (18_80, 18_80, 18_80)]


@pytest.mark.usefixtures("evening")
def test_held_until_after_the_day_ended(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.tap(counter.present("18.27"), phone, "pending")
    counter.pass_time(LEFT_S + 5)
    counter.sandbox.sweep()
    counter.resolve(sale, "approved")
    assert days(counter) == [(0, 0, 0), (18_27, 18_27, 18_27)]


@pytest.mark.usefixtures("evening")
def test_paid_by_the_page_before_the_day_ended_and_the_code_keyed_after(counter: Counter) -> None:
    visitor = Visitor.new(counter.sandbox)
    counter.lose_the_backend()
    sale = counter.until(counter.present("18.80"), lambda seen: seen.url)
    assert sale.url is not None
    code = visitor.pay(sale.url)["confirmation_code"]
    counter.pass_time(LEFT_S + 5)
    counter.tell(sale, "confirmation-code", {"code": code})
    counter.road.clear()
    until(lambda: confirmed(counter, sale), "the backend says the same")
    assert days(counter) == [(18_80, 18_80, 18_80), (0, 0, 0)]
