# SPDX-License-Identifier: Apache-2.0
"""EffectRunner: each effect's call, the answer's way back, and when (`pengpos.core.effects`)."""

import asyncio
import logging
from dataclasses import replace

import pytest

from pengpos.core.effects import (
    AlarmKind,
    Arm,
    AskBackend,
    Disarm,
    EmptyFieldFirst,
    Forward,
    RaiseAlarm,
    SendCancel,
    SendPayment,
    SendRefund,
    SignAgain,
)
from pengpos.core.errors import JournalFullError
from pengpos.core.events import BackendCall, BackendStatus, CancelAnswered, NoAnswer, RefundAnswered
from pengpos.core.sale import Cancel, CancelReason, RefundState, SaleState
from pengpos.core.times import LATE_PAYMENT_S
from terminal.sales.arming import Armed
from terminal.sales.commands import CommandRefusedError
from tests.support.effects import Bench, bench_run
from tests.support.parts import run, until
from workshop.samples import sales as samples

NOON = samples.NOON
APPROVED = samples.says_approved(BackendCall.QUESTION)
NOTHING = NoAnswer(at=samples.HEARD_AT, call=BackendCall.QUESTION)
NOT_FOUND = samples.says(BackendStatus.NOT_FOUND, BackendCall.QUESTION)


# --- what each effect does --------------------------------------------------------------------------------------------


def test_the_readers_are_moved_by_the_sale_at_the_counter_only() -> None:
    async def work(bench: Bench) -> None:
        waiting = bench.put(SaleState.UNKNOWN, 2)
        current = bench.put(SaleState.PRESENTED)
        bench.effect_runner.carry_out(current, Arm())
        assert (bench.arming.armed, bench.shown) == (Armed(number=1, wanted=True), [current.number])
        bench.effect_runner.carry_out(waiting, Disarm())
        bench.effect_runner.carry_out(waiting, EmptyFieldFirst())
        assert bench.arming.armed == Armed(number=1, wanted=True)
        bench.effect_runner.carry_out(current, EmptyFieldFirst())
        assert bench.arming.armed == Armed(number=2, wanted=True)
        bench.effect_runner.carry_out(current, Disarm())
        assert bench.arming.armed == Armed(number=3, wanted=False)

    bench_run(work)


def test_forward_and_alarms_go_where_they_belong() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(SaleState.ACCEPTED_OFFLINE)
        bench.effect_runner.carry_out(sale, Forward())
        bench.effect_runner.carry_out(sale, RaiseAlarm(AlarmKind.REFUND_FAILED))
        assert bench.stored == [sale.number]
        assert bench.alarms.raised == [(AlarmKind.REFUND_FAILED, sale.number)]

    bench_run(work)


def test_a_payment_is_sent_once_and_its_answer_brought_back() -> None:
    async def work(bench: Bench) -> None:
        bench.backend.answers["pay"] = [samples.says_approved(BackendCall.PAYMENT)]
        sale = bench.put(SaleState.AUTHORISED)
        bench.effect_runner.carry_out(sale, SendPayment())
        await bench.until_state(sale, SaleState.APPROVED)
        assert bench.backend.calls == [("pay", SaleState.AUTHORISED)]

    bench_run(work)


def test_a_payment_whose_sale_has_moved_on_is_not_sent() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(SaleState.ACCEPTED_OFFLINE)
        bench.effect_runner.carry_out(replace(sale, state=SaleState.AUTHORISED), SendPayment())
        await until(lambda: not bench.effect_runner._waiting and not bench.effect_runner._on_the_way)
        assert bench.backend.calls == []

    bench_run(work)


def test_a_cancel_is_journalled_before_its_first_byte() -> None:
    async def work(bench: Bench) -> None:
        gate = asyncio.Event()
        answer = CancelAnswered(at=NOON + 5, intent_id=samples.intent().intent_id)
        bench.backend.answers["cancel"] = [gate, answer]
        sale = bench.put(SaleState.REVERSING)
        bench.effect_runner.carry_out(sale, SendCancel())
        await until(lambda: bool(bench.backend.calls))
        stored = bench.journal.sale(sale.sale_id)
        assert stored is not None
        assert stored.cancel is not None
        assert stored.cancel.sent
        gate.set()
        await bench.until_state(sale, SaleState.REVERSED)

    bench_run(work)


def test_a_cancel_waits_while_the_journal_takes_nothing() -> None:
    async def work(bench: Bench) -> None:
        answer = CancelAnswered(at=NOON + 5, intent_id=samples.intent().intent_id)
        bench.backend.answers["cancel"] = [answer]
        sale = bench.put(SaleState.REVERSING)
        bench.journal.failure = JournalFullError("the medium is full")
        bench.effect_runner.carry_out(sale, SendCancel())
        for _ in range(50):
            await asyncio.sleep(0)
        assert bench.backend.calls == []
        bench.journal.failure = None
        bench.effect_runner.hurry()
        await bench.until_state(sale, SaleState.REVERSED)

    bench_run(work)


@pytest.mark.parametrize("refusal", [None, CommandRefusedError(409, "busy", "another")], ids=["signed", "refused"])
def test_another_try_is_the_counters(refusal: Exception | None) -> None:
    async def work(bench: Bench) -> None:
        bench.refusal = refusal
        sale = bench.put(SaleState.DECLINED)
        bench.effect_runner.carry_out(sale, SignAgain())
        await until(lambda: bench.signed == [sale.number] and not bench.effect_runner._others)

    bench_run(work)


# --- questions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["NOT_FOUND", "CREATED", "CLAIMED"])
def test_an_unknown_payment_the_backend_does_not_have_is_sent_again(status: str) -> None:
    async def work(bench: Bench) -> None:
        bench.backend.answers |= {
            "ask": [samples.says(BackendStatus[status], BackendCall.QUESTION)],
            "pay": [samples.says_approved(BackendCall.PAYMENT)],
        }
        sale = bench.put(SaleState.UNKNOWN)
        bench.effect_runner.carry_out(sale, AskBackend())
        await bench.until_state(sale, SaleState.APPROVED)
        assert [call for call, _ in bench.backend.calls] == ["ask", "pay"]

    bench_run(work)


def test_after_its_time_it_is_only_asked_about() -> None:
    async def work(bench: Bench) -> None:
        bench.clock.unix_s = samples.LIFE_OVER + LATE_PAYMENT_S
        bench.backend.answers["ask"] = [NOT_FOUND, NOTHING]
        sale = bench.put(SaleState.UNKNOWN)
        bench.effect_runner.carry_out(sale, AskBackend())
        await until(lambda: bench.backend.count("ask") == 1 and bool(bench.effect_runner._waiting))
        assert bench.backend.count("pay") == 0

    bench_run(work)


def test_what_is_being_cancelled_is_not_sent_again() -> None:
    """The cashier took other money while the question was on its way."""

    async def work(bench: Bench) -> None:
        gate = asyncio.Event()
        bench.backend.answers["ask"] = [gate, NOT_FOUND]
        sale = bench.put(SaleState.UNKNOWN)
        bench.effect_runner.carry_out(sale, AskBackend())
        await until(lambda: bench.backend.count("ask") == 1)
        cancelling = replace(sale, state=SaleState.REVERSING, cancel=Cancel(reason=CancelReason.CUSTOMER))
        bench.open_sales.restore([cancelling])
        gate.set()
        await until(lambda: not bench.effect_runner._on_the_way)
        assert bench.backend.count("pay") == 0

    bench_run(work)


# --- when -------------------------------------------------------------------------------------------------------------


def test_not_before_its_time_but_at_once_when_hurried() -> None:
    async def work(bench: Bench) -> None:
        bench.backend.answers["ask"] = [APPROVED]
        sale = bench.put(SaleState.UNKNOWN)
        bench.effect_runner.carry_out(sale, AskBackend(bench.clock.now() + 60))
        for _ in range(50):
            await asyncio.sleep(0)
        assert bench.backend.calls == []
        bench.effect_runner.hurry()
        await bench.until_state(sale, SaleState.APPROVED)

    bench_run(work)


def test_a_time_that_a_wrong_clock_left_is_not_waited_for() -> None:
    """At most an hour, whatever year the row says."""

    async def work(bench: Bench) -> None:
        waits: list[float] = []

        async def nap(_event: asyncio.Event, seconds: float) -> bool:
            waits.append(seconds)
            return False

        bench.backend.answers["ask"] = [APPROVED]
        sale = bench.put(SaleState.UNKNOWN)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("terminal.sales.effects.set_within", nap)
            bench.effect_runner.carry_out(sale, AskBackend(bench.clock.now() + 10 * 365 * 86_400))
            await bench.until_state(sale, SaleState.APPROVED)
        assert waits == [3_600]

    bench_run(work)


def test_a_newer_question_takes_the_place_of_one_that_waits() -> None:
    async def work(bench: Bench) -> None:
        bench.backend.answers["ask"] = [APPROVED]
        sale = bench.put(SaleState.UNKNOWN)
        bench.effect_runner.carry_out(sale, AskBackend(bench.clock.now() + 60))
        bench.effect_runner.carry_out(sale, AskBackend())
        await bench.until_state(sale, SaleState.APPROVED)
        bench.effect_runner.hurry()
        for _ in range(50):
            await asyncio.sleep(0)
        assert bench.backend.count("ask") == 1

    bench_run(work)


def test_one_on_its_way_is_not_overtaken_and_not_ended() -> None:
    async def work(bench: Bench) -> None:
        gate = asyncio.Event()
        bench.backend.answers["ask"] = [gate, NOTHING, APPROVED]
        sale = bench.put(SaleState.UNKNOWN)
        bench.effect_runner.carry_out(sale, AskBackend())
        await until(lambda: bench.backend.count("ask") == 1)
        bench.effect_runner.carry_out(sale, AskBackend())
        for _ in range(50):
            await asyncio.sleep(0)
        assert bench.backend.count("ask") == 1
        gate.set()
        await until(lambda: bool(bench.effect_runner._waiting) and not bench.effect_runner._on_the_way)
        bench.effect_runner.hurry()
        await bench.until_state(sale, SaleState.APPROVED)
        assert bench.backend.count("ask") == 2

    bench_run(work)


def test_an_answer_that_an_event_has_overtaken_claims_nothing() -> None:
    async def work(bench: Bench) -> None:
        gate = asyncio.Event()
        sale = bench.put(SaleState.PENDING, intent__put_sent=True)
        claimed = samples.says(BackendStatus.CLAIMED, BackendCall.QUESTION, steps_when_asked=len(sale.history))
        bench.backend.answers["ask"] = [gate, claimed]
        bench.effect_runner.carry_out(sale, AskBackend())
        await until(lambda: bench.backend.count("ask") == 1)
        await bench.open_sales.apply(sale.sale_id, samples.says(BackendStatus.CREATED))
        gate.set()
        await until(lambda: not bench.effect_runner._on_the_way)
        assert (await bench.open_sales.find(sale.sale_id)).state is SaleState.PRESENTED

    bench_run(work)


def test_each_refund_is_an_errand_of_its_own_and_keeps_its_back_off() -> None:
    async def work(bench: Bench) -> None:
        first, second = samples.refund(1, amount_minor=1), samples.refund(2, amount_minor=2)
        unanswered = NoAnswer(at=samples.HEARD_AT, call=BackendCall.REFUND)
        done = [
            RefundAnswered(at=NOON, refund_id=refund.refund_id, state=RefundState.DONE) for refund in (first, second)
        ]
        bench.backend.answers["refund"] = [unanswered, unanswered, *done]
        sale = bench.put(SaleState.APPROVED, refunds=(first, second))
        for refund in (first, second):
            bench.effect_runner.carry_out(sale, SendRefund(refund.refund_id))
        await until(lambda: bench.backend.count("refund") == 2)
        for _ in range(200):
            await asyncio.sleep(0)
        assert bench.backend.count("refund") == 2  # not again before its time
        bench.effect_runner.hurry()
        await bench.until_state(sale, SaleState.PARTLY_REFUNDED)

    bench_run(work)


def test_a_refund_we_do_not_know_is_not_sent() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(SaleState.APPROVED)
        bench.effect_runner.carry_out(sale, SendRefund(samples.refund().refund_id))
        await until(lambda: not bench.effect_runner._waiting and not bench.effect_runner._on_the_way)
        assert bench.backend.calls == []

    bench_run(work)


# --- what breaks ------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_while_the_journal_takes_nothing() -> None:
    async def work(bench: Bench) -> None:
        bench.backend.answers["pay"] = [samples.says_approved(BackendCall.PAYMENT)]
        sale = bench.put(SaleState.AUTHORISED)
        bench.journal.failure = JournalFullError("the medium is full")
        bench.effect_runner.carry_out(sale, SendPayment())
        await until(lambda: bench.backend.count("pay") == 1)
        for _ in range(50):
            await asyncio.sleep(0)
        assert (await bench.open_sales.find(sale.sale_id)).state is SaleState.AUTHORISED
        bench.journal.failure = None
        bench.effect_runner.hurry()
        await bench.until_state(sale, SaleState.APPROVED)
        assert bench.backend.count("pay") == 1

    bench_run(work)


def test_an_errand_that_breaks_counts_as_unanswered(caplog: pytest.LogCaptureFixture) -> None:
    async def work(bench: Bench) -> None:
        bench.backend.answers |= {"pay": [ZeroDivisionError("a bug")], "ask": [APPROVED]}
        sale = bench.put(SaleState.AUTHORISED)
        bench.effect_runner.carry_out(sale, SendPayment())
        known = await bench.until_state(sale, SaleState.APPROVED)
        assert [step.state for step in known.history][-2:] == ["unknown", "approved"]

    with caplog.at_level(logging.CRITICAL):
        bench_run(work)
    assert "a bug" in caplog.text


def test_a_sale_that_is_gone_is_said_and_left(caplog: pytest.LogCaptureFixture) -> None:
    async def work(bench: Bench) -> None:
        bench.effect_runner.carry_out(samples.sale_in(SaleState.UNKNOWN), AskBackend())
        await until(lambda: not bench.effect_runner._waiting and not bench.effect_runner._on_the_way)

    bench_run(work)
    assert "gone" in caplog.text


def test_closing_ends_everything_under_way() -> None:
    async def work() -> None:
        bench = Bench(ask=[asyncio.Event(), APPROVED])
        sale = bench.put(SaleState.UNKNOWN)
        other = bench.put(SaleState.UNKNOWN, 2)
        bench.effect_runner.carry_out(sale, AskBackend())
        bench.effect_runner.carry_out(other, AskBackend(bench.clock.now() + 60))
        await until(lambda: bench.backend.count("ask") == 1)
        await bench.effect_runner.close()
        assert not bench.effect_runner._waiting
        assert not bench.effect_runner._on_the_way

    run(work())
