# SPDX-License-Identifier: Apache-2.0
"""Answers under way while the backend's own event told something newer (state table: `presented`, `pending`)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pengpos.core.effects import AskBackend
from pengpos.core.events import BackendCall, BackendStatus, Event
from pengpos.core.machine import Outcome
from pengpos.core.sale import Sale, Step
from pengpos.core.sale import SaleState as S
from workshop.samples.sales import NOON, sale_in, says

Take = Callable[[Sale, Event], Outcome]


@pytest.mark.parametrize(
    ("went", "asked_at", "status", "state"),
    [
        pytest.param(
            (S.PRESENTED, S.PENDING, S.PRESENTED), 2, BackendStatus.CLAIMED, S.PRESENTED, id="asked while claimed"
        ),
        pytest.param((S.PRESENTED, S.PENDING, S.PRESENTED), 1, BackendStatus.CLAIMED, S.PRESENTED, id="asked before"),
        pytest.param((S.PRESENTED, S.PENDING, S.PRESENTED), 3, BackendStatus.CLAIMED, S.PENDING, id="claimed anew"),
        pytest.param((S.SIGNED, S.PRESENTED), 1, BackendStatus.CLAIMED, S.PENDING, id="presented meanwhile"),
        pytest.param((S.PRESENTED, S.PENDING), 1, BackendStatus.CREATED, S.PENDING, id="claimed meanwhile"),
        pytest.param((S.PRESENTED, S.PENDING), 1, BackendStatus.NOT_FOUND, S.PENDING, id="claimed meanwhile, 404"),
        pytest.param((S.PRESENTED, S.PENDING), 2, BackendStatus.CREATED, S.PRESENTED, id="given back"),
    ],
)
def test_an_answer_that_an_event_has_overtaken_moves_nothing(
    take: Take, went: tuple[S, ...], asked_at: int, status: BackendStatus, state: S
) -> None:
    history = tuple(Step(one, NOON, "sample") for one in went)
    sale = replace(sale_in(went[-1], intent__put_sent=True), history=history)
    after, effects = take(sale, says(status, BackendCall.QUESTION, steps_when_asked=asked_at))
    assert after.state is state
    if after.state is S.PENDING:
        assert any(isinstance(effect, AskBackend) for effect in effects)  # what is true now is still to be learnt
