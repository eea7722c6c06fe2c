# SPDX-License-Identifier: Apache-2.0
"""`take`: one step, with the laws that hold of every step checked beside whatever the test is about."""

from collections.abc import Callable

import pytest

from pengpos.core.events import Event
from pengpos.core.machine import Outcome, durably_different, step
from pengpos.core.sale import Sale


@pytest.fixture
def take() -> Callable[[Sale, Event], Outcome]:
    """Step, and check: an arrow is one line of history and durable, no intent is lost, what is fixed stays."""

    def _take(sale: Sale, event: Event) -> Outcome:
        after, effects = step(sale, event)
        if after.state is sale.state:
            assert after.history == sale.history
        else:
            assert durably_different(sale, after)
            assert after.history[-1].state is after.state
            assert after.history[-1].at == event.at
            assert len(after.history) <= len(sale.history) + 1
        assert [i.intent_id for i in after.intents[: len(sale.intents)]] == [i.intent_id for i in sale.intents]
        assert (after.sale_id, after.amount, after.number) == (sale.sale_id, sale.amount, sale.number)
        return after, effects

    return _take
