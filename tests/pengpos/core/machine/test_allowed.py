# SPDX-License-Identifier: Apache-2.0
"""What a screen may offer is what the rules take: allowed calls against `step`, state by state."""

from itertools import product

import pytest

from pengpos.core.confirmation import CODE_TRIES
from pengpos.core.effects import NotNow
from pengpos.core.events import (
    AgainAsked,
    CancelAsked,
    CodeEntered,
    Event,
    OfflineAccepted,
    ParkAsked,
    RefundAsked,
)
from pengpos.core.machine import step
from pengpos.core.machine.allowed import WHILE_SELLING, allowed_calls
from pengpos.core.reasons import Reason
from pengpos.core.sale import Cancel, CancelReason, Notice, Prompt, Refusal, Sale, SaleState
from workshop.samples import sales as samples

NOON = samples.NOON
REFUSAL = Refusal(reason=Reason.NOT_A_WALLET)

COMMANDS: dict[str, Event] = {
    "again": AgainAsked(at=NOON),
    "park": ParkAsked(at=NOON),
    "cancel": CancelAsked(at=NOON, reason=CancelReason.CUSTOMER),
    "accept-offline": OfflineAccepted(at=NOON, by_cashier=True),
    "confirmation-code": CodeEntered(at=NOON, right=False),
    "refunds": RefundAsked(at=NOON, refund=samples.refund()),
}

VARIATIONS: dict[str, dict[str, object]] = {
    "plain": {},
    "with a reason": {"refusal": REFUSAL},
    "with a prompt": {"prompt": Prompt.CONFIRM},
    "with a notice": {"notice": Notice.TOO_QUICK},
    "parked": {"parked": True},
    "no more codes": {"wrong_codes": CODE_TRIES},
    "online only": {"authorised": samples.authorised(offline_allowed=False)},
    "signed offline": {"intent__online": False},
    "shown by its own code": {"intent__fragment_shown": True},
    "cancel sent": {"cancel": Cancel(reason=CancelReason.CUSTOMER, sent=True)},
    "given back": {"refunds": (samples.refund(),)},
    "asked to pay after all": {"refusal": samples.refusal(samples.due())},
    "partly given back": {"refunds": (samples.refund(amount_minor=1),)},
}

TAKEN_BUT_NOT_OFFERED = {
    # The cashier's own decision is offered once the answer is given up, though it is taken in the seconds before.
    *((SaleState.AUTHORISED, variation, "accept-offline") for variation in VARIATIONS),
    (SaleState.PENDING, "parked", "park"),  # once more changes nothing
}
CASES = [
    (state, variation)
    for state, variation in product(SaleState, VARIATIONS)
    if variation != "cancel sent" or state in {SaleState.CANCELLING, SaleState.REVERSING}
]


def takes(sale: Sale, command: Event) -> bool:
    _, effects = step(sale, command)
    return not any(isinstance(effect, NotNow) for effect in effects)


@pytest.mark.parametrize(("state", "variation"), CASES)
def test_what_is_offered_is_what_is_taken(state: SaleState, variation: str) -> None:
    sale = samples.sale_in(state, **VARIATIONS[variation])
    taken = {name for name, command in COMMANDS.items() if takes(sale, command)}
    unoffered = {name for name in taken if (state, variation, name) in TAKEN_BUT_NOT_OFFERED}
    assert set(allowed_calls(sale)) == taken - unoffered


@pytest.mark.parametrize(("state", "variation"), CASES)
def test_a_terminal_that_must_not_sell_offers_what_gives_up_and_sets_aside(state: SaleState, variation: str) -> None:
    sale = samples.sale_in(state, **VARIATIONS[variation])
    kept = [call for call in allowed_calls(sale) if call not in WHILE_SELLING]
    assert allowed_calls(sale, may_sell=False) == kept
    assert set(kept) <= {"park", "cancel"}


def test_something_of_everything_is_offered_somewhere() -> None:
    offered = {
        call
        for state, changes in product(SaleState, VARIATIONS.values())
        for call in allowed_calls(samples.sale_in(state, **changes))
    }
    assert offered == set(COMMANDS)
