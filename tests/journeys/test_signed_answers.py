# SPDX-License-Identifier: Apache-2.0
"""A TLS end that plays the backend's own answers against it: held back, replayed, changed where nothing was signed.

Source: backend API, *Answers are signed*; `docs/security.md`, *TLS end*. What an issuer has signed of the endings
themselves is played with in `test_tls_end`, at a backend that signs no whole answers.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from pengpos.client import Home
from sandbox.backend.intents import trial_amounts
from sandbox.backend.serving import signed_answers
from sandbox.backend.terminals import policy
from sandbox.backend.trust.judgement import Refusal
from sandbox.phone.phone import VirtualPhone
from tests.journeys.test_dues import OPEN, due_of
from tests.support.counter import Counter, until
from tests.support.eavesdropper import Eavesdropper, edits
from tests.support.live_sandbox import LiveSandbox
from tests.support.loop_thread import LoopThread
from tests.support.road import Pass, loses_the_answer, says

PAYMENTS, BATCH, INTENT = "/v1/payments", "/v1/payments/batch", "/v1/intents/[^/]+"
CANCEL = "/v1/intents/[^/]+/cancel"
CONFIG, EVENTS = "/v1/terminal/config", "/v1/terminal/events"
PROBLEM = "application/problem+json"
OF_1_2 = {"signs_endings": True}


@pytest.fixture
def eve() -> Eavesdropper:
    return Eavesdropper()


def sync_until(counter: Counter, holds: Callable[[], object], what: str) -> None:
    """Without waiting out any back-off."""

    def there() -> bool:
        counter.sync()
        return bool(holds())

    until(there, what)


def rings(counter: Counter) -> None:
    counter.until_status(lambda status: "answers_unsigned" in [alarm.kind for alarm in status.alarms])


# --- replayed ---------------------------------------------------------------------------------------------------------


def test_the_no_to_the_online_try_is_no_verdict_on_what_was_stored(
    counter: Counter, phone: VirtualPhone, eve: Eavesdropper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the issuer's, of this intent and this phone's authorisation; and it was overtaken."""

    def at_first(_session: object, _intent: object, *, accepted_offline: bool) -> Refusal | None:
        return None if accepted_offline else trial_amounts.SOFT_DECLINE

    monkeypatch.setattr(trial_amounts, "is_ordinary", lambda _minor: False)
    monkeypatch.setattr(trial_amounts, "outcome", at_first)
    counter.road.silence_events()
    counter.road.put(eve.keep_back, "POST", PAYMENTS, times=1)
    counter.road.put(loses_the_answer(), "*", f"{PAYMENTS}|{INTENT}")  # the body is sent again while it lives
    sale = counter.tap(counter.present("18.80"), phone, "unknown")
    assert json.loads(eve.kept[0][1])["code"] == "soft_decline"
    replayed = counter.road.put(eve.replays(lambda no: b'{"verdicts": [' + no + b"]}"), "POST", BATCH)
    counter.tell(sale, "accept-offline")
    until(lambda: replayed.met >= 1, "the no of before")
    rings(counter)
    assert counter.sale(sale).state in {"accepted_offline", "forwarding"}
    counter.resolve(sale, "approved")
    assert counter.booked == [18_80]


def test_the_approval_of_before_is_no_answer_to_the_cancel(
    counter: Counter, phone: VirtualPhone, eve: Eavesdropper
) -> None:
    """The cancel has given the money back; the receipt of before says that it was paid."""
    counter.road.silence_events()
    counter.road.put(eve.keep_back, "POST", PAYMENTS, times=1)
    counter.road.put(loses_the_answer(), "*", f"{PAYMENTS}|{INTENT}")  # the body is sent again while it lives
    sale = counter.tap(counter.present("18.80"), phone, "unknown")
    payment = json.loads(eve.kept[0][1])
    about = {"intent_id": payment["intent_id"], "amount": 18_80, "currency": "CNY"}
    settled = {"status": "settled", "intent": {**about, "status": "approved", "payment": payment}}
    played = counter.road.put(edits(lambda _true: json.dumps(settled).encode()), "POST", CANCEL)
    counter.tell(sale, "cancel", {"reason": "customer"})
    until(lambda: played.met >= 1, "the approval of before")
    rings(counter)
    assert (counter.sale(sale).state, counter.booked) == ("reversing", [])
    counter.resolve(sale, "reversed")


def test_an_older_not_found_is_no_answer(counter: Counter, phone: VirtualPhone, eve: Eavesdropper) -> None:
    """It was true when it was signed: the payment had not come yet."""
    counter.road.silence_events()
    counter.road.put(says(503), "*", "/v1/(payments|intents).*")
    sale = counter.tap(counter.present("18.80"), phone, "unknown")
    counter.road.clear()
    counter.road.silence_events()
    counter.road.put(eve.keep_back, "GET", INTENT, times=1)
    asked = counter.road.put(eve.replay, "GET", INTENT)
    counter.road.put(says(503), "POST", PAYMENTS)
    sync_until(counter, lambda: eve.kept, "a not found")
    assert eve.kept[0][0] == 404
    sync_until(counter, lambda: asked.met, "it again")
    rings(counter)
    assert counter.sale(sale).state == "unknown"
    counter.resolve(sale, "approved")
    assert counter.booked == [18_80]


# --- changed where no other signature covers it -----------------------------------------------------------------------


def test_what_a_cancel_gave_back_is_what_the_backend_says(counter: Counter, phone: VirtualPhone) -> None:
    def nothing_given_back(body: bytes) -> bytes:
        return json.dumps({name: said for name, said in json.loads(body).items() if name != "given_back"}).encode()

    counter.road.silence_events()
    counter.road.put(loses_the_answer(), "*", "/v1/payments|/v1/intents/[^/]+")
    sale = counter.tap(counter.present("18.80"), phone, "unknown")
    changed = counter.road.put(edits(nothing_given_back), "POST", CANCEL, times=1)
    counter.tell(sale, "cancel", {"reason": "customer"})
    until(lambda: changed.met == 1, "the changed answer")
    assert counter.resolve(sale, "reversed").given_back == 18_80


def test_who_bears_a_decline_is_what_the_backend_says(counter: Counter, phone: VirtualPhone) -> None:
    def merchant_bears(body: bytes) -> bytes:
        answer = json.loads(body)
        answer["verdicts"][0] |= {"borne_by": "merchant", "guaranteed": 0}
        return json.dumps(answer).encode()

    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.23"), phone, "accepted_offline")
    counter.road.clear()
    changed = counter.road.put(edits(merchant_bears), "POST", BATCH, times=1)
    sync_until(counter, lambda: changed.met, "the changed verdict")
    sale = counter.resolve(sale, "declined_at_sync")
    assert sale.reason is not None
    assert (sale.reason.borne_by, sale.reason.guaranteed) == ("platform", 18_23)


# --- invented, and said in words --------------------------------------------------------------------------------------


def test_an_invented_revocation_stops_nothing(counter: Counter, phone: VirtualPhone) -> None:
    revoked = b'{"title": "no", "status": 403, "code": "revoked", "detail": "sell no more"}'
    counter.road.put(says(403, revoked, PROBLEM), "GET", "/v1/terminal/denylist")
    counter._loop.run(counter.terminal._upkeep.refresh())
    rings(counter)
    counter.road.clear()
    assert counter.terminal._standing.may_sell
    counter.tap(counter.present("18.80"), phone, "approved")


# --- invented, by the event stream ------------------------------------------------------------------------------------


def says_by_event(counter: Counter, name: str, data: object) -> int:
    """A stream in which that is said, and then none; how many questions it has been asked about, and answered."""
    asked = counter.road.count("GET", INTENT)
    event = f"id: 9\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()
    counter.road.put(says(200, event, "text/event-stream"), "GET", EVENTS, times=1)
    counter.road.silence_events()
    terminal = counter.terminal
    until(lambda: terminal._backend.place_in_stream.now == "9" and terminal._events.all_taken_in, "the invented event")
    return counter.road.count("GET", INTENT) - asked


def test_an_invented_event_pays_no_due(counter: Counter, phone: VirtualPhone) -> None:
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.23"), phone, "accepted_offline")
    counter.road.clear()
    sale = counter.resolve(sale, "declined_at_sync")
    intent_id = sale.intents[-1].intent_id
    alarms = [alarm.text for alarm in counter.status.alarms]
    paid = {
        "intent_id": intent_id, "status": "declined", "code": "insufficient_funds", "amount": 18_23, "total": 0,
        "currency": "CNY", "due": {"state": "paid", "amount": 18_23},
    }  # fmt: skip
    assert says_by_event(counter, "payment", paid) >= 1
    assert due_of(counter.sale(sale)) == due_of(sale) == OPEN
    assert [alarm.text for alarm in counter.status.alarms] == alarms


def test_an_invented_hold_shuts_no_reader(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80", ways=["reader"])
    intent_id = sale.intents[-1].intent_id
    about = {"intent_id": intent_id, "status": "held", "amount": 18_80, "currency": "CNY"}
    assert says_by_event(counter, "intent", about) >= 1
    assert "pending" not in [step.state for step in counter.sale(sale).history]
    counter.tap(sale, phone, "approved")


def test_an_invented_alarm_is_none_of_the_backends(counter: Counter) -> None:
    fetched = counter.road.count("GET", CONFIG)
    says_by_event(counter, "alarm", {"kind": "new_epoch", "at": "2026-11-30T00:00:00Z"})
    until(lambda: counter.road.count("GET", CONFIG) > fetched, "the policy, which would name it")
    counter._loop.run(counter.terminal._upkeep.refresh())
    assert counter.status.alarms == []


# --- the word in the policy -------------------------------------------------------------------------------------------


@pytest.fixture
def of_1_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sandbox: LiveSandbox, loop: LoopThread
) -> Iterator[Counter]:
    """A counter whose backend is of page 1.2: it signs no answers, and has never said that it does."""
    monkeypatch.setattr(policy, "SIGNED_DUTIES", OF_1_2)
    monkeypatch.setattr(signed_answers, "question_of", lambda _head: None)
    counter = Counter(Home(tmp_path / "home"), sandbox, loop)
    counter.enrol()
    counter.open()
    counter.until_status(lambda status: status.link.online and status.readers)
    yield counter
    counter.close()


def promised(counter: Counter) -> bool:
    """Whether the terminal takes signed answers alone, once it has looked after its policy."""
    counter._loop.run(counter.terminal._upkeep.refresh())
    return counter.terminal._backend.policy.signs_answers


def test_a_backend_of_page_1_2_works_as_before(of_1_2: Counter, phone: VirtualPhone) -> None:
    assert not promised(of_1_2)
    sale = of_1_2.tap(of_1_2.present("18.80"), phone, "approved")
    body = {"idempotency_key": "first", "reason": "returned", "amount": 5_00}
    assert of_1_2.call("POST", f"/v1/sales/{sale.id}/refunds", body).status_code == 201
    of_1_2.until(sale, "partly_refunded")
    assert "answers_unsigned" not in [alarm.kind for alarm in of_1_2.status.alarms]


@pytest.mark.parametrize(("policy_says", "covered"), [("so", True), ("nothing", False)])
def test_what_it_says_of_itself_is_covered_once_the_policy_says_so(
    request: pytest.FixtureRequest, phone: VirtualPhone, policy_says: str, *, covered: bool
) -> None:
    """A backend of page 1.2 takes no request that covers it."""
    one: Counter = request.getfixturevalue("counter" if policy_says == "so" else "of_1_2")
    sent: dict[str, httpx.Headers] = {}

    async def keep(asked: httpx.Request, forward: Pass) -> httpx.Response:
        sent[asked.url.path] = asked.headers
        return await forward(asked)

    one.road.put(keep, "*", f"{PAYMENTS}|{EVENTS}")
    one.tap(one.present("18.80"), phone, "approved")
    one.road.tear_streams()
    until(lambda: EVENTS in sent, "another stream")
    assert sent[PAYMENTS]["pengpos-knows"] == "dues"
    assert ('"content-digest" "pengpos-knows")' in sent[PAYMENTS]["signature-input"]) == covered
    assert sent[EVENTS]["pengpos-process"]
    assert ('"content-digest" "pengpos-process")' in sent[EVENTS]["signature-input"]) == covered


def test_once_said_no_older_policy_takes_it_back(
    of_1_2: Counter, monkeypatch: pytest.MonkeyPatch, eve: Eavesdropper
) -> None:
    of_1_2.road.put(eve.keep, "GET", CONFIG, times=1)
    assert not promised(of_1_2)
    monkeypatch.undo()
    assert promised(of_1_2)
    replayed = of_1_2.road.put(eve.replay, "GET", CONFIG)
    assert promised(of_1_2)
    assert replayed.met >= 1
    of_1_2.restart()
    assert of_1_2.terminal._backend.policy.signs_answers


def test_a_backend_may_take_it_back_in_a_newer_policy(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, phone: VirtualPhone
) -> None:
    """One that had to go back to page 1.2: else its terminals would hear nothing of it any more."""
    assert promised(counter)
    monkeypatch.setattr(policy, "SIGNED_DUTIES", OF_1_2)
    monkeypatch.setattr(signed_answers, "question_of", lambda _head: None)
    assert not promised(counter)
    counter.tap(counter.present("18.80"), phone, "approved")
    assert "answers_unsigned" not in [alarm.kind for alarm in counter.status.alarms]
