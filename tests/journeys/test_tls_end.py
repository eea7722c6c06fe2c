# SPDX-License-Identifier: Apache-2.0
"""A TLS end between terminal and backend that reads everything, and replays, strips and invents answers.

Source: `docs/security.md`, *TLS end*. What a backend has signed it cannot change; what it holds back comes later.
"""

import json
from uuid import UUID

import httpx
import pytest

from pengpos.client import SaleView
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, until
from tests.support.road import Obstacle, Pass, loses_the_answer, says

REFUNDS = "/v1/payments/[^/]+/refunds"
CANCEL = "/v1/intents/[^/]+/cancel"


class Eavesdropper:
    """Keeps the answers that pass, and gives the first of them again to who asks next."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, bytes, str]] = []

    async def keep(self, request: httpx.Request, forward: Pass) -> httpx.Response:
        """Let it pass."""
        answer = await forward(request)
        body = await answer.aread()
        self.kept.append((answer.status_code, body, answer.headers["content-type"]))
        return httpx.Response(answer.status_code, content=body, headers={"content-type": self.kept[-1][2]})

    @property
    def replay(self) -> Obstacle:
        """The first answer, to another question. The backend hears nothing."""
        status, body, content_type = self.kept[0]
        return says(status, body, content_type)


@pytest.fixture
def eve() -> Eavesdropper:
    return Eavesdropper()


def refund(counter: Counter, sale: SaleView, key: str, amount: int) -> None:
    body = {"idempotency_key": key, "reason": "returned", "amount": amount}
    assert counter.call("POST", f"/v1/sales/{sale.id}/refunds", body).status_code == 201


# --- replayed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second", [5_00, 4_00], ids=["as much as before", "less than before"])
def test_an_older_refunds_answer_is_no_answer_to_another(
    counter: Counter, phone: VirtualPhone, eve: Eavesdropper, second: int
) -> None:
    sale = counter.tap(counter.present("18.80"), phone, "approved")
    counter.road.silence_events()
    counter.road.put(eve.keep, "POST", REFUNDS, times=1)
    refund(counter, sale, "first", 5_00)
    counter.until(sale, "partly_refunded")
    replayed = counter.road.put(eve.replay, "POST", REFUNDS, times=1)
    refund(counter, sale, "second", second)
    until(lambda: replayed.met == 1, "the replay")
    sale = counter.until(sale, lambda seen: [each.state for each in seen.refunds] == ["done", "done"])
    given = counter.sandbox.account(phone.store.note("token")).balances()[0].amount
    assert given == 1_000_00 - 18_80 + 5_00 + second
    assert counter.road.count("POST", REFUNDS) == 3


def test_an_older_cancels_answer_reverses_no_other_sale(hasty: Counter, phone: VirtualPhone, eve: Eavesdropper) -> None:
    hasty.road.silence_events()
    hasty.road.put(loses_the_answer(), "*", "/v1/payments|/v1/intents/[^/]+")
    first = hasty.tap(hasty.present("18.80"), phone, "unknown")
    hasty.road.put(eve.keep, "POST", CANCEL, times=1)
    hasty.tell(first, "cancel", {"reason": "customer"})
    hasty.until(first, "reversed")
    second = hasty.tap(hasty.present("18.80"), phone, "unknown")
    replayed = hasty.road.put(eve.replay, "POST", CANCEL, times=2)
    hasty.tell(second, "cancel", {"reason": "customer"})

    def asked_again() -> bool:
        hasty.sync()
        return replayed.met == 2

    until(asked_again, "two replays")
    assert hasty.sale(second).state == "reversing"
    assert hasty.booked == [18_80]  # not yet given back, and not said to be
    hasty.resolve(second, "reversed")
    assert hasty.booked == []


def test_an_older_sales_url_is_not_shown(counter: Counter, eve: Eavesdropper) -> None:
    counter.road.put(eve.keep, "PUT", "/v1/intents/.*", times=1)
    first = counter.until(counter.charge("18.80"), lambda sale: sale.url)
    counter.tell(first, "cancel", {"reason": "customer"})
    counter.until(first, "cancelled")
    replayed = counter.road.put(eve.replay, "PUT", "/v1/intents/.*", times=1)
    second = counter.until(counter.charge("18.80"), lambda sale: sale.url)
    assert replayed.met == 1
    assert second.url != first.url
    assert json.loads(eve.kept[0][1])["url"] != second.url


def test_a_head_signed_for_an_earlier_report_is_none_of_this_one(
    counter: Counter, phone: VirtualPhone, eve: Eavesdropper
) -> None:
    counter.road.put(eve.keep, "POST", "/v1/terminal/heartbeat", times=1)
    counter._loop.run(counter.terminal._upkeep.refresh())
    counter.tap(counter.present("18.80"), phone, "approved")
    signed = counter.journal.document("head")
    counter.road.put(eve.replay, "POST", "/v1/terminal/heartbeat")
    counter._loop.run(counter.terminal._upkeep.refresh())
    assert counter.journal.document("head") == signed
    counter.road.clear()
    counter._loop.run(counter.terminal._upkeep.refresh())
    now = counter.journal.document("head")
    assert signed is not None
    assert now is not None
    assert now.version > signed.version


# --- invented ---------------------------------------------------------------------------------------------------------


HOUR = says(503, b'{"status": 503, "code": "unavailable"}', "application/problem+json", retry_after="3600")


@pytest.mark.parametrize("path", [CANCEL, REFUNDS], ids=["a cancel", "a refund"])
def test_who_says_come_back_in_an_hour_is_asked_again_within_a_minute(
    counter: Counter, phone: VirtualPhone, path: str
) -> None:
    held = counter.road.put(HOUR, "POST", path, times=1)
    if path == CANCEL:
        sale = counter.until(counter.charge("18.80"), lambda seen: seen.url)
        counter.tell(sale, "cancel", {"reason": "customer"})
    else:
        sale = counter.tap(counter.present("18.80"), phone, "approved")
        refund(counter, sale, "first", 5_00)

    def waits_s() -> int | None:
        kept = counter.journal.sale(UUID(sale.id))
        return None if kept is None or kept.retry_at is None else kept.retry_at - counter.sandbox.clock.now()

    until(lambda: held.met == 1 and waits_s() is not None, "the wait")
    waits = waits_s()
    assert waits is not None
    assert waits <= 60
