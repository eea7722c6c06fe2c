# SPDX-License-Identifier: Apache-2.0
"""Of a backend that signs its answers an event is a hint: it is asked for what it names, and that answer counts."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import IntentMessage, read_message
from pengpos.core.sale import DueState, RefundState, Sale, SaleState
from terminal.backend import events as events_module
from terminal.backend.events import (
    AGAIN_FIRST_S,
    AGAIN_MOST_S,
    HINTED_MOST,
    LOOK_EVERY_S,
    LOOKS_AT_ONCE,
    PACES_KEPT,
    Hints,
)
from terminal.backend.link import PlaceInStream
from tests.support.parts import run, until
from tests.terminal.backend.test_events import ASKED, Bench, says
from tests.terminal.backend.test_gateway import APPROVED, DECLINED, intent
from workshop.samples import sales as samples

OUR_INTENT = samples.intent().intent_id
BACK = samples.refund(amount_minor=80)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question waits for the answers of calls that these tests do not make."""
    monkeypatch.setattr(events_module, "OWN_ANSWER_S", 0.0)
    monkeypatch.setattr(events_module, "DRAINERS_ANSWER_S", 0.0)


def found(status: str, **more: Any) -> IntentMessage:
    """What a question is answered."""
    return read_message(json.dumps(intent(status, **more)).encode(), IntentMessage)


def refunded(state: str = "done", refund_id: UUID = BACK.refund_id) -> dict[str, Any]:
    """A refund on the wire."""
    return {"refund_id": str(refund_id), "state": state, "amount": 80, "currency": "CNY"}


INVENTED: dict[str, tuple[SaleState, str, dict[str, Any]]] = {
    "held": (SaleState.PRESENTED, "intent", intent("held")),
    "claimed": (SaleState.PRESENTED, "intent", intent("claimed")),
    "cancelled": (SaleState.PRESENTED, "intent", intent("cancelled")),
    "expired": (SaleState.UNKNOWN, "intent", intent("expired")),
    "declined": (SaleState.AUTHORISED, "intent", intent("declined", payment=DECLINED)),
    "approved, by another name": (
        SaleState.PRESENTED, "intent", intent("approved", payment=APPROVED | {"payer_display": "you"})
    ),
    "given back": (SaleState.EXPIRED, "intent", intent("cancelled", given_back=18_80)),
    "no answer of any kind": (SaleState.PRESENTED, "intent", intent("of tomorrow")),
    "of one never heard of": (SaleState.SIGNED, "intent", intent("held")),
    "a due paid": (SaleState.DECLINED_AT_SYNC, "payment", DECLINED | {"due": says("paid")}),
    "a due withdrawn": (SaleState.DECLINED_AT_SYNC, "payment", DECLINED | {"due": says("withdrawn")}),
    "a refund done": (SaleState.APPROVED, "payment", APPROVED | {"refunds": [refunded()]}),
    "a refund failed": (SaleState.APPROVED, "payment", APPROVED | {"refunds": [refunded("failed")]}),
    "a refund elsewhere": (SaleState.APPROVED, "payment", APPROVED | {"refunds": [refunded(refund_id=uuid4())]}),
}  # fmt: skip
TRUTH: dict[SaleState, IntentMessage | None] = {
    SaleState.SIGNED: None,
    SaleState.PRESENTED: found("created"),
    SaleState.AUTHORISED: found("created"),
    SaleState.UNKNOWN: found("created"),
    SaleState.EXPIRED: found("cancelled"),
    SaleState.APPROVED: found("approved", payment=APPROVED | {"refunds": [refunded("held")]}),
    SaleState.DECLINED_AT_SYNC: found("declined", payment=DECLINED | {"due": says("open")}),
}
"""What the backend says of a sale in such a state, by its answers."""


def sale_in(bench: Bench, state: SaleState) -> Sale:
    more: dict[str, Any] = {"refusal": ASKED} if state is SaleState.DECLINED_AT_SYNC else {}
    if state is SaleState.APPROVED:
        more = {"refunds": (samples.refund(amount_minor=80, state=RefundState.HELD),)}
    return bench.sale(state, **more)


@asynccontextmanager
async def asking(bench: Bench) -> AsyncIterator[None]:
    """The part that asks runs; at the end nothing waits for it any more."""
    task = asyncio.create_task(bench.events.ask_about_hints())
    yield
    await until(lambda: bench.events.all_taken_in, "asked for all that was named")
    task.cancel()
    await asyncio.wait({task})


async def tell(bench: Bench, name: str, event: dict[str, Any]) -> None:
    await bench.events.told(name, json.dumps(event).encode())


@pytest.mark.parametrize(("state", "name", "event"), INVENTED.values(), ids=INVENTED)
def test_an_invented_event_asks_and_changes_nothing(state: SaleState, name: str, event: dict[str, Any]) -> None:
    async def work() -> None:
        bench = Bench(signs=True)
        sale = sale_in(bench, state)
        bench.backend.found = [TRUTH[state]]
        async with asking(bench):
            await tell(bench, name, event)
        after = await bench.open_sales.find(sale.sale_id)
        assert (after.history, after.refunds, after.refusal) == (sale.history, sale.refunds, sale.refusal)
        assert bench.backend.asked == [OUR_INTENT]
        assert not {"RaiseAlarm", "Disarm", "SendCancel"} & set(bench.sink.kinds)

    run(work())


TRUE: dict[str, tuple[SaleState, IntentMessage, Callable[[Sale], object], object]] = {
    "claimed": (SaleState.PRESENTED, found("claimed"), lambda sale: sale.state, SaleState.PENDING),
    "paid": (SaleState.PRESENTED, found("approved", payment=APPROVED), lambda sale: sale.state, SaleState.APPROVED),
    "the due is paid": (
        SaleState.DECLINED_AT_SYNC, found("declined", payment=DECLINED | {"due": says("paid")}),
        lambda sale: sale.due and sale.due.state, DueState.PAID,
    ),
    "the refund is done": (
        SaleState.APPROVED, found("approved", payment=APPROVED | {"refunds": [refunded()]}),
        lambda sale: sale.state, SaleState.PARTLY_REFUNDED,
    ),
    "refunded elsewhere": (
        SaleState.APPROVED, found("approved", payment=APPROVED | {"refunds": [refunded(refund_id=uuid4())]}),
        lambda sale: [refund.elsewhere for refund in sale.refunds], [False, True],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("state", "answer", "look", "is_now"), TRUE.values(), ids=TRUE)
@pytest.mark.parametrize("name", ["intent", "payment"])
def test_whatever_it_says_the_answer_counts(
    name: str, state: SaleState, answer: IntentMessage, look: Callable[[Sale], object], is_now: object
) -> None:
    """Also where the event says something else: it may be older, or its text another one's."""

    async def work() -> None:
        bench = Bench(signs=True)
        sale = sale_in(bench, state)
        bench.backend.found = [answer]
        lie = intent("of tomorrow") if name == "intent" else APPROVED | {"refunds": [refunded(refund_id=uuid4())]}
        async with asking(bench):
            await tell(bench, name, lie)
        assert look(await bench.open_sales.find(sale.sale_id)) == is_now

    run(work())


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("intent", intent("approved", payment=APPROVED)),
        ("payment", APPROVED),
        ("intent", intent("approved") | {"intent_id": str(uuid4())}),
        ("intent", intent("approved") | {"intent_id": "none"}),
        ("of tomorrow", intent("held")),
    ],
    ids=["known by the answer", "no refund and no due", "another terminal's", "no id", "another kind"],
)
def test_what_is_no_news_is_not_asked_for(name: str, event: dict[str, Any]) -> None:
    async def work() -> None:
        bench = Bench(signs=True)
        bench.sale(SaleState.APPROVED)
        async with asking(bench):
            await tell(bench, name, event)
        assert bench.backend.asked == []

    run(work())


def test_many_events_of_one_intent_are_one_question() -> None:
    async def work() -> None:
        bench = Bench(signs=True)
        sale_in(bench, SaleState.PRESENTED)
        bench.backend.found = [TRUTH[SaleState.PRESENTED]]
        for status in ("held", "claimed", "cancelled", "held") * 5:
            await tell(bench, "intent", intent(status))
        async with asking(bench):
            pass
        assert bench.backend.asked == [OUR_INTENT]

    run(work())


def test_unanswered_it_is_asked_again_and_the_place_in_the_stream_is_not_kept_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "AGAIN_FIRST_S", 0.0)

    async def work() -> None:
        bench, place = Bench(signs=True), PlaceInStream(tmp_path / "place")
        place.keep_only_while(lambda: bench.events.all_taken_in)
        sale = sale_in(bench, SaleState.PRESENTED)
        bench.backend.found = [UnusableAnswerError("the line is cut"), found("approved", payment=APPROVED)]
        await tell(bench, "intent", intent("held"))
        place.move("7")
        await place.keep()
        assert not (tmp_path / "place").exists()
        async with asking(bench):
            pass
        await place.keep()
        assert (tmp_path / "place").read_text() == "7"
        assert bench.backend.asked == [OUR_INTENT, OUR_INTENT]
        assert (await bench.open_sales.find(sale.sale_id)).state is SaleState.APPROVED

    run(work())


@pytest.mark.parametrize(("signs", "heard"), [(True, []), (False, ["new_epoch"])], ids=["signs", "of page 1.2"])
def test_an_alarm_is_shown_by_the_signed_policy(signs: bool, heard: list[str]) -> None:
    async def work() -> None:
        bench = Bench(signs=signs)
        await tell(bench, "alarm", {"kind": "new_epoch", "at": "2026-11-30T00:00:00Z"})
        assert (bench.alarms, len(bench.documents)) == (heard, 1)

    run(work())


# --- the pace ---------------------------------------------------------------------------------------------------------


def asked_within(seconds: float, ids: list[UUID], *, news: bool = False) -> list[float]:
    """When questions leave while each of these is named without end."""
    hints, now_s, left = Hints(), 1_000.0, list[float]()
    while now_s < 1_000.0 + seconds:
        for one in ids:
            hints.add(one, now_s)
        due = hints.first(now_s)
        assert due is not None
        intent_id, wait_s = due
        if wait_s > 0:
            now_s += min(wait_s, 0.5)
            continue
        hints.drop(intent_id)
        hints.asked(intent_id, now_s, news=news)
        left.append(now_s - 1_000.0)
    return left


def test_what_brings_no_news_is_asked_for_less_and_less() -> None:
    gaps = [AGAIN_FIRST_S * 2**number for number in range(6)]
    left = asked_within(3_600, [OUR_INTENT])
    assert [round(later - earlier, 3) for earlier, later in pairwise(left[:8])] == [*gaps, AGAIN_MOST_S]
    assert len(left) <= len(gaps) + 3_600 / AGAIN_MOST_S + 1


@pytest.mark.parametrize("named", [1, PACES_KEPT * 2], ids=["one intent", "more than are kept apart"])
def test_no_flood_of_events_is_a_flood_of_questions(named: int) -> None:
    left = asked_within(60, [UUID(int=number) for number in range(named)], news=named == 1)
    assert len(left) <= LOOKS_AT_ONCE + 60 / LOOK_EVERY_S


def test_what_is_named_while_it_is_asked_for_waits_for_its_pace() -> None:
    hints = Hints()
    hints.add(OUR_INTENT, 0.0)
    hints.drop(OUR_INTENT)
    hints.add(OUR_INTENT, 0.1)
    hints.asked(OUR_INTENT, 0.2, news=False)
    assert hints.first(0.2) == (OUR_INTENT, AGAIN_FIRST_S)


def test_while_too_many_wait_the_stream_is_not_read_on() -> None:
    async def work() -> None:
        bench = Bench(signs=True)
        sale = bench.sale(SaleState.PRESENTED, intents=tuple(samples.intent(n + 1) for n in range(HINTED_MOST + 1)))
        events = [intent("of tomorrow") | {"intent_id": str(one.intent_id)} for one in sale.intents]
        bench.backend.found = [found("created")] * len(events)

        async def all_told() -> None:
            for event in events:
                await tell(bench, "intent", event)

        telling = asyncio.create_task(all_told())
        await until(lambda: len(bench.events._hints) == HINTED_MOST, "as many as may wait")
        await asyncio.sleep(0)
        assert not telling.done()
        asker = asyncio.create_task(bench.events.ask_about_hints())
        await telling
        asker.cancel()
        await asyncio.wait({asker})

    run(work())


def test_what_is_told_while_a_question_fails_is_asked_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newer event of a kind counts: what the older one says, the terminal may know otherwise by then."""
    monkeypatch.setattr(events_module, "AGAIN_FIRST_S", 0.0)
    ours, elsewhere = refunded(), refunded(refund_id=uuid4())

    async def work() -> None:
        bench = Bench(signs=True)
        sale = sale_in(bench, SaleState.APPROVED)
        answered = bench.backend.look_up

        async def look_up(intent_id: UUID) -> IntentMessage | None:
            if not bench.backend.asked:
                await tell(bench, "payment", APPROVED | {"refunds": [elsewhere]})
                said = found("approved", payment=APPROVED | {"refunds": [ours]}).payment
                assert said is not None
                for event in bench.answers.refunds_told(sale, said):  # the answer to a question of ours says it
                    await bench.open_sales.apply(sale.sale_id, event)
            return await answered(intent_id)

        monkeypatch.setattr(bench.backend, "look_up", look_up)
        bench.backend.found = [
            UnusableAnswerError("cut"), found("approved", payment=APPROVED | {"refunds": [ours, elsewhere]})
        ]  # fmt: skip
        async with asking(bench):
            await tell(bench, "payment", APPROVED | {"refunds": [ours]})
        assert [refund.elsewhere for refund in (await bench.open_sales.find(sale.sale_id)).refunds] == [False, True]

    run(work())
