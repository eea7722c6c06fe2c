# SPDX-License-Identifier: Apache-2.0
"""A TLS end between terminal and backend that reads everything, and replays, strips and invents answers.

The backend here signs endings and settlements, and no whole answers.

Source: `docs/security.md`, *TLS end*. What a backend has signed it cannot change; what it holds back comes later.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from pengpos.client import Home, SaleView
from sandbox.backend.terminals import policy
from sandbox.phone.phone import VirtualPhone
from terminal.backend.gateway import Deadlines
from tests.support.counter import Counter, until
from tests.support.eavesdropper import Eavesdropper
from tests.support.live_sandbox import LiveSandbox
from tests.support.loop_thread import LoopThread
from tests.support.road import Obstacle, Pass, changes, loses_the_answer, refuses, says

pytestmark = pytest.mark.usefixtures("signs_no_whole_answers")

REFUNDS = "/v1/payments/[^/]+/refunds"
CANCEL = "/v1/intents/[^/]+/cancel"


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
        return None if kept is None or kept.retry_at is None else kept.retry_at - counter.terminal._device.clock.now()

    until(lambda: held.met == 1 and waits_s() is not None, "the wait")
    waits = waits_s()
    assert waits is not None
    assert waits <= 60


# --- stripped, and invented endings -----------------------------------------------------------------------------------


def about(counter: Counter, **said: object) -> Obstacle:
    """The TLS end answers by itself, and names the right intent: it reads along."""

    async def obstacle(_request: httpx.Request, _forward: Pass) -> httpx.Response:
        sale = counter.terminal._sales.open_sales.sales[-1]
        named = {"intent_id": str(sale.intent.intent_id), "amount": sale.amount.minor, "currency": "CNY"}
        return httpx.Response(200, json=named | said)

    return obstacle


INVENTED: dict[str, dict[str, object]] = {
    "declined": {"status": "declined", "code": "insufficient_funds", "reason": 23},
    "cancelled": {"status": "cancelled", "code": "cancelled", "reason": 22},
    "expired": {"status": "expired", "code": "expired", "reason": 22},
}


@pytest.mark.parametrize("invented", INVENTED.values(), ids=INVENTED)
def test_an_invented_ending_ends_nothing(hasty: Counter, phone: VirtualPhone, invented: dict[str, object]) -> None:
    """The backend has booked it, and the shopper is never asked to pay again."""
    hasty.road.silence_events()
    sale = hasty.present("18.80")
    hasty.road.put(loses_the_answer(), "POST", "/v1/payments")
    asked = hasty.road.put(about(hasty, **invented), "GET", "/v1/intents/.*")
    sale = hasty.tap(sale, phone, "unknown")
    until(lambda: asked.met >= 1, "the invented answer")
    assert hasty.sale(sale).state == "unknown"
    hasty.resolve(sale, "approved")
    assert hasty.booked == [18_80]


def test_an_invented_404_ends_nothing_by_itself(hasty: Counter, phone: VirtualPhone) -> None:
    """What the backend is said never to have heard of is cancelled there first, and that is signed."""
    hasty.road.silence_events()
    sale = hasty.present("18.80")
    hasty.road.put(loses_the_answer(), "POST", "/v1/payments")
    unheard = says(404, b'{"status": 404, "code": "not_found"}', "application/problem+json")
    hasty.road.put(unheard, "GET", "/v1/intents/.*")
    invented = hasty.road.put(about(hasty, **INVENTED["cancelled"]), "POST", CANCEL)
    sale = hasty.tap(sale, phone, "unknown")
    hasty.pass_time(120 + 600)
    hasty.sync()
    hasty.until(sale, "cancelling")
    until(lambda: invented.met >= 1, "the invented cancel")
    assert hasty.sale(sale).state == "cancelling"


def test_a_stripped_answer_to_a_cancel_reverses_nothing(hasty: Counter, phone: VirtualPhone) -> None:
    def strip(body: bytes) -> bytes:
        answer = json.loads(body)
        answer.pop("receipt")
        answer["intent"].pop("receipt")
        return json.dumps(answer).encode()

    hasty.road.silence_events()
    hasty.road.put(loses_the_answer(), "*", "/v1/payments|/v1/intents/[^/]+")
    sale = hasty.tap(hasty.present("18.80"), phone, "unknown")
    stripped = hasty.road.put(changes(strip), "POST", CANCEL, times=1)
    hasty.tell(sale, "cancel", {"reason": "customer"})
    until(lambda: stripped.met == 1, "the stripped answer")
    assert hasty.sale(sale).state == "reversing"
    hasty.resolve(sale, "reversed")
    assert hasty.booked == []


@pytest.mark.parametrize(
    "refused",
    [
        says(409, b'{"status": 409, "code": "exceeds_captured", "captured": 0}', "application/problem+json"),
        changes(lambda body: json.dumps(json.loads(body) | {"state": "failed"}).encode()),
    ],
    ids=["exceeds_captured", "failed"],
)
def test_no_refund_fails_at_a_word_that_is_not_signed(counter: Counter, phone: VirtualPhone, refused: Obstacle) -> None:
    sale = counter.tap(counter.present("18.80"), phone, "approved")
    counter.road.silence_events()
    invented = counter.road.put(refused, "POST", REFUNDS, times=1)
    refund(counter, sale, "first", 5_00)
    until(lambda: invented.met == 1, "the invented answer")
    sale = counter.until(sale, "partly_refunded")
    assert [each.state for each in sale.refunds] == ["done"]


# --- a backend of page 1.1, and one that becomes of 1.2 ---------------------------------------------------------------


def unsigned(body: bytes) -> bytes:
    """The answer as a backend of page 1.1 gives it."""
    answer = json.loads(body)
    for part in (answer, answer.get("intent", {})):
        part.pop("receipt", None)
    return json.dumps(answer).encode()


@pytest.fixture
def of_1_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sandbox: LiveSandbox, loop: LoopThread
) -> Iterator[Counter]:
    """A counter whose backend signs no endings, and has never said that it does."""
    monkeypatch.setattr(policy, "SIGNED_DUTIES", {})
    counter = Counter(Home(tmp_path / "home"), sandbox, loop, deadlines=Deadlines(payment_s=0.5, question_s=0.5))
    counter.enrol()
    counter.open()
    counter.until_status(lambda status: status.link.online and status.readers)
    yield counter
    counter.close()


def test_a_backend_of_page_1_1_works_as_before(of_1_1: Counter, phone: VirtualPhone) -> None:
    of_1_1.road.silence_events()
    of_1_1.road.put(changes(unsigned), "POST", CANCEL)
    of_1_1.road.put(loses_the_answer(), "*", "/v1/payments|/v1/intents/[^/]+")
    sale = of_1_1.tap(of_1_1.present("18.80"), phone, "unknown")
    of_1_1.tell(sale, "cancel", {"reason": "customer"})
    of_1_1.until(sale, "reversed")
    assert of_1_1.booked == []


def test_once_said_it_is_not_taken_back_by_an_older_policy(
    of_1_1: Counter, monkeypatch: pytest.MonkeyPatch, eve: Eavesdropper
) -> None:
    def refresh() -> bool:
        of_1_1._loop.run(of_1_1.terminal._upkeep.refresh())
        return of_1_1.terminal._backend.policy.signs_endings

    of_1_1.road.put(eve.keep, "GET", "/v1/terminal/config", times=1)
    assert not refresh()
    monkeypatch.setattr(policy, "SIGNED_DUTIES", {"signs_endings": True})
    assert refresh()
    replayed = of_1_1.road.put(eve.replay, "GET", "/v1/terminal/config")
    assert refresh()
    assert replayed.met == 1
    of_1_1.restart()
    assert of_1_1.terminal._backend.policy.signs_endings


# --- the time ---------------------------------------------------------------------------------------------------------


def doubt(counter: Counter) -> None:
    """As after a boot: no backend has confirmed the time yet."""
    counter.terminal._device.clock._confirmed = False
    assert counter.terminal._device.clock.doubtful_for_s is not None


def test_an_old_answer_confirms_no_time(counter: Counter, eve: Eavesdropper) -> None:
    """Nor an old policy: only the backend's time over this very request does."""
    heard = Eavesdropper()
    counter.road.put(eve.keep, "GET", "/v1/terminal/config", times=1)
    counter.road.put(heard.keep, "POST", "/v1/terminal/heartbeat", times=1)
    counter._loop.run(counter.terminal._upkeep.refresh())
    counter.road.put(eve.replay, "GET", "/v1/terminal/config")
    counter.road.put(heard.replay, "POST", "/v1/terminal/heartbeat")
    until(lambda: counter.road.is_quiet, "no true answer is under way: what it asks by itself is replayed from here on")
    counter._loop.run(counter.terminal._upkeep.refresh())
    doubt(counter)
    counter._loop.run(counter.terminal._upkeep.refresh())
    assert counter.terminal._device.clock.doubtful_for_s is not None
    counter.road.clear()
    counter._loop.run(counter.terminal._upkeep.refresh())
    assert counter.terminal._device.clock.doubtful_for_s is None


def test_a_backend_of_page_1_1_confirms_the_time_as_before(of_1_1: Counter) -> None:
    doubt(of_1_1)
    of_1_1.road.put(refuses(), "POST", "/v1/terminal/heartbeat")
    of_1_1._loop.run(of_1_1.terminal._upkeep.refresh())
    assert of_1_1.terminal._device.clock.doubtful_for_s is None
