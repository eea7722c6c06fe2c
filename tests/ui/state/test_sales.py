# SPDX-License-Identifier: Apache-2.0
"""The screen's own words for a sale's states, held against the states and the rules: the screen imports neither."""

import pytest

from pengpos.core.machine.allowed import takes_codes
from pengpos.core.machine.states import IN_DOUBT_STATES, OPEN_STATES, STORED_STATES, TAKEN_STATES, WAITING_STATES
from pengpos.core.sale import Notice, Prompt, SaleState
from terminal.api.views import sale_view
from ui.state.sales import _STAGES, OPEN_STAGES, Stage, blocks_next_sale, stage
from ui.update import CODE_STATES
from workshop.samples.sales import refusal, sale_in


def test_every_state_is_shown_and_no_other() -> None:
    assert set(_STAGES) == {state.value for state in SaleState}
    assert set(_STAGES.values()) == set(Stage)


def states_at(*stages: Stage) -> set[SaleState]:
    return {state for state in SaleState if _STAGES[state.value] in stages}


@pytest.mark.parametrize(
    ("states", "stages"),
    [
        (WAITING_STATES, [Stage.PRESENT]),
        (STORED_STATES, [Stage.STORED]),
        (TAKEN_STATES, [Stage.APPROVED, Stage.REFUNDED]),
        (IN_DOUBT_STATES | {SaleState.PENDING}, list(OPEN_STAGES)),
        (OPEN_STATES - STORED_STATES, [Stage.PRESENT, Stage.CONFIRMING, *OPEN_STAGES]),
    ],
    ids=["waiting", "stored", "taken", "left without a result", "open"],
)
def test_a_stage_is_what_its_states_are(states: frozenset[SaleState], stages: list[Stage]) -> None:
    assert states_at(*stages) == states


@pytest.mark.parametrize("parked", [False, True])
@pytest.mark.parametrize("state", SaleState)
def test_the_screen_knows_what_blocks_the_next_sale(state: SaleState, *, parked: bool) -> None:
    sale = sale_in(state, parked=parked)
    assert blocks_next_sale(sale_view(sale, "en")) is sale.blocks_next_sale


@pytest.mark.parametrize("state", SaleState)
def test_the_pad_is_open_where_a_code_is_taken(state: SaleState) -> None:
    sale = sale_in(state, intent__fragment_shown=True)
    assert (state.value in CODE_STATES) is takes_codes(sale)


@pytest.mark.parametrize(
    ("said", "parked", "shown"),
    [
        ({}, False, Stage.PAYING),
        ({"prompt": Prompt.CONFIRM}, False, Stage.PRESENT),
        ({"notice": Notice.TOO_QUICK}, False, Stage.PRESENT),
        ({"refusal": refusal()}, False, Stage.PRESENT),
        ({}, True, Stage.PAYING),
    ],
)
def test_claimed_by_a_page_what_the_phone_at_the_reader_is_asked_comes_first(
    said: dict[str, object], parked: bool, shown: Stage
) -> None:
    view = sale_view(sale_in(SaleState.PENDING, parked=parked, **said), "en")
    assert stage(view) is shown


def test_a_state_of_a_later_version_is_shown_as_unknown() -> None:
    view = sale_view(sale_in(SaleState.APPROVED), "en")
    later = type(view)(**{name: getattr(view, name) for name in view.__struct_fields__} | {"state": "melted"})
    assert stage(later) is Stage.UNKNOWN
