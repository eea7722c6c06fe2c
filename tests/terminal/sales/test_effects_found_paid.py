# SPDX-License-Identifier: Apache-2.0
"""EffectRunner before a cancel leaves: what is given up before money is asked about (local API, *Found paid*)."""

from typing import Any

from pengpos.core.effects import SendCancel
from pengpos.core.events import Approved, BackendCall, BackendStatus, CancelAnswered, NoAnswer
from pengpos.core.sale import Cancel, CancelReason, Sale, SaleState, Step
from tests.support.effects import Bench, bench_run
from tests.support.parts import until
from workshop.samples import sales as samples

NOON = samples.NOON
BY_TIME = Cancel(reason=CancelReason.UNABLE_TO_COMPLETE, by_time=True, unless_paid=True)
BY_CASHIER = Cancel(reason=CancelReason.MERCHANT, by_cashier=True, unless_paid=True)
PAID = samples.says_approved(BackendCall.QUESTION)
NOTHING_YET = samples.says(BackendStatus.CREATED, BackendCall.QUESTION)
CANCELLED = CancelAnswered(at=NOON, intent_id=samples.intent().intent_id)


def given_up(bench: Bench, cancel: Cancel, ago_s: int = 0, **changes: Any) -> Sale:
    history = (Step(SaleState.CANCELLING, PAID.at - ago_s, "sample"),)
    return bench.put(SaleState.CANCELLING, cancel=cancel, history=history, intent__put_sent=True, **changes)


def test_found_paid_no_cancel_leaves() -> None:
    async def work(bench: Bench) -> None:
        bench.backend.answers["ask"] = [PAID]
        sale = given_up(bench, BY_TIME)
        bench.effect_runner.carry_out(sale, SendCancel())
        paid = await bench.until_state(sale, SaleState.APPROVED)
        await until(lambda: not bench.effect_runner._on_the_way)
        assert (bench.backend.count("cancel"), paid.refunds) == (0, ())

    bench_run(work)


def test_nothing_paid_it_leaves() -> None:
    async def work(bench: Bench) -> None:
        bench.backend.answers |= {"ask": [NOTHING_YET], "cancel": [CANCELLED]}
        sale = given_up(bench, BY_TIME)
        bench.effect_runner.carry_out(sale, SendCancel())
        await bench.until_state(sale, SaleState.EXPIRED)
        assert [call[0] for call in bench.backend.calls] == ["ask", "cancel"]

    bench_run(work)


def test_unanswered_no_cancel_leaves_and_it_is_asked_again() -> None:
    async def work(bench: Bench) -> None:
        silence = NoAnswer(at=NOON, call=BackendCall.QUESTION)
        bench.backend.answers |= {"ask": [silence, silence, PAID]}
        sale = given_up(bench, BY_TIME)
        bench.effect_runner.carry_out(sale, SendCancel())
        for asked in (1, 2):
            await until(lambda asked=asked: bench.backend.count("ask") == asked)  # type: ignore[misc]  # mypy sees no default
            bench.effect_runner.hurry()
        await bench.until_state(sale, SaleState.APPROVED)
        assert bench.backend.count("cancel") == 0

    bench_run(work)


def test_found_paid_when_the_cashier_has_gone_on_the_cancel_leaves() -> None:
    async def work(bench: Bench) -> None:
        assert isinstance(PAID, Approved)
        bench.backend.answers |= {"ask": [PAID], "cancel": [CANCELLED]}
        sale = given_up(bench, BY_CASHIER, ago_s=60)
        bench.clock.unix_s = PAID.at
        bench.effect_runner.carry_out(sale, SendCancel())
        cancelled = await bench.until_state(sale, SaleState.CANCELLED)
        assert cancelled.cancel is not None
        assert not cancelled.cancel.unless_paid

    bench_run(work)
