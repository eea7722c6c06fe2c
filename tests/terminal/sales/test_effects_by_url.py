# SPDX-License-Identifier: Apache-2.0
"""EffectRunner beside tag and QR: no reader, and cancels that wait for the link (tap protocol §3)."""

import asyncio
from typing import Any

import pytest

from pengpos.core.effects import Arm, SendCancel
from pengpos.core.events import BackendCall, CancelAnswered, CodeEntered, NoAnswer
from pengpos.core.sale import Cancel, CancelReason, SaleState, Way
from terminal.sales.arming import Armed
from tests.support.effects import Bench, bench_run
from tests.support.parts import until
from workshop.samples import sales as samples

NOON = samples.NOON
CANCELLED = CancelAnswered(at=NOON, intent_id=samples.intent().intent_id)
SHOWN = {"intent__fragment_shown": True}


async def a_while() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


def test_while_the_link_is_down_it_waits_and_the_code_is_taken() -> None:
    async def work(bench: Bench) -> None:
        bench.link_up = False
        sale = bench.put(SaleState.CANCELLING, **SHOWN)
        bench.effect_runner.carry_out(sale, SendCancel())
        await a_while()
        waiting = await bench.open_sales.find(sale.sale_id)
        assert (waiting.cancel, waiting.attempts, bench.backend.calls) == (sale.cancel, 0, [])
        await bench.open_sales.apply(sale.sale_id, CodeEntered(at=NOON, right=True))
        await bench.until_state(sale, SaleState.APPROVED)
        bench.link_up = True
        bench.effect_runner.hurry()
        await until(lambda: not bench.effect_runner._on_the_way)
        assert bench.backend.count("cancel") == 0

    bench_run(work)


def test_when_the_link_is_back_it_leaves() -> None:
    async def work(bench: Bench) -> None:
        bench.link_up = False
        bench.backend.answers["cancel"] = [CANCELLED]
        sale = bench.put(SaleState.CANCELLING, **SHOWN)
        bench.effect_runner.carry_out(sale, SendCancel())
        await a_while()
        bench.link_up = True
        bench.effect_runner.hurry()
        after = await bench.until_state(sale, SaleState.CANCELLED)
        assert after.cancel is not None
        assert after.cancel.sent

    bench_run(work)


def test_no_field_is_waited_for_where_there_is_no_reader() -> None:
    async def work(bench: Bench) -> None:
        bench.reader_there = False
        sale = bench.put(SaleState.SIGNED)
        bench.effect_runner.carry_out(sale, Arm())
        await bench.until_state(sale, SaleState.PRESENTED)
        assert bench.arming.armed == Armed(number=1, wanted=True)  # for one that comes meanwhile

    bench_run(work)


def test_no_field_is_waited_for_where_no_reader_is_to_offer_it() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(SaleState.SIGNED, ways=(Way.TAG, Way.QR))
        bench.effect_runner.carry_out(sale, Arm())
        await bench.until_state(sale, SaleState.PRESENTED)
        assert bench.arming.armed == Armed(number=1, wanted=False)

    bench_run(work)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"intent__put_sent": True}, id="only registered"),
        pytest.param(SHOWN | {"cancel": Cancel(reason=CancelReason.CUSTOMER, sent=True)}, id="sent before"),
    ],
)
def test_where_no_code_can_come_it_is_tried(changes: dict[str, Any]) -> None:
    async def work(bench: Bench) -> None:
        bench.link_up = False
        bench.backend.answers["cancel"] = [NoAnswer(at=NOON, call=BackendCall.CANCEL), CANCELLED]
        sale = bench.put(SaleState.CANCELLING, **changes)
        bench.effect_runner.carry_out(sale, SendCancel())
        await until(lambda: bench.backend.count("cancel") == 1)

    bench_run(work)
