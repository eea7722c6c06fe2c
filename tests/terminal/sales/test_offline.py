# SPDX-License-Identifier: Apache-2.0
"""How a policy document is read: what it must say, what it may say, what this version does not know."""

from typing import Any

import pytest

from pengpos.core.errors import MalformedError
from sandbox.backend.terminals.policy import DEFAULT_RISK
from terminal.sales.offline import currency_of, policy_of


def document(**risk: Any) -> dict[str, Any]:
    life = {"issued_at": "2027-01-15T20:00:00Z", "not_after": "2027-01-18T20:00:00Z"}
    return {"version": 3, **life, "risk": {**DEFAULT_RISK, **risk}}


@pytest.mark.parametrize(
    ("risk", "most_ms"),
    [
        pytest.param({}, None, id="not said: off"),
        pytest.param({"apdu_turnaround_ms": None}, None, id="null: off"),
        pytest.param({"apdu_turnaround_ms": 0}, 0, id="none at all: nobody offline"),
        pytest.param({"apdu_turnaround_ms": 150}, 150, id="said"),
    ],
)
def test_a_turnaround_is_asked_for_only_where_it_is_said(risk: dict[str, Any], most_ms: int | None) -> None:
    assert policy_of(document(**risk)).turnaround_ms == most_ms


def test_what_a_later_backend_says_besides_is_passed_over() -> None:
    later = {**document(of_a_later_version=[1]), "further": {"member": True}}
    assert policy_of(later) == policy_of(document())


@pytest.mark.parametrize(
    "risk",
    [{"apdu_turnaround_ms": "soon"}, {"apdu_turnaround_ms": []}, {"per_payment": None}],
    ids=["words", "a list", "no cap"],
)
def test_a_mistyped_rule_is_no_policy_and_so_no_offline(risk: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        policy_of(document(**risk))


@pytest.mark.parametrize(
    ("said", "currency"),
    [
        pytest.param({"currency": "HUF", "currency_digits": 2}, "HUF", id="the merchant's"),
        pytest.param({"currency": "CLF", "currency_digits": 4}, "CLF", id="of four decimals"),
        pytest.param({"currency": "JPY"}, "JPY", id="a backend of 1.2, which says no digits"),
        pytest.param({}, "CNY", id="without a merchant's: as the risk policy"),
    ],
)
def test_the_terminal_sells_in_its_merchants_currency(said: dict[str, Any], currency: str) -> None:
    assert currency_of(document() | said) == currency


@pytest.mark.parametrize(
    "said",
    [{"currency": "HUF", "currency_digits": 0}, {"currency": "CNY", "currency_digits": None},
     {"currency": "XTS", "currency_digits": 2}, {"currency": ["CNY"]}, {"risk": None}],
    ids=["other decimals than ours", "none", "no currency of the table", "no currency", "nothing"],
)  # fmt: skip
def test_a_backend_that_counts_other_decimals_is_not_believed(said: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="policy"):
        currency_of(document() | said)
