# SPDX-License-Identifier: Apache-2.0
"""Money: whole minor units beside their currency, and what people type (tap protocol §1, ISO 4217)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money, written

CURRENCIES = st.sampled_from(["CNY", "HKD", "JPY", "KWD", "HUF", "CLF"])


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        pytest.param(1880, "CNY", "18.80 CNY", id="hundredths"),
        pytest.param(5, "CNY", "0.05 CNY", id="less than one"),
        pytest.param(0, "CNY", "0.00 CNY", id="nothing"),
        pytest.param(1880, "JPY", "1880 JPY", id="no minor unit"),
        pytest.param(1880, "KWD", "1.880 KWD", id="thousandths"),
        pytest.param(1880, "CLF", "0.1880 CLF", id="ten-thousandths"),
        pytest.param(188000, "HUF", "1880.00 HUF", id="row 13: HUF has hundredths"),
        pytest.param(AMOUNT_LIMIT_MINOR, "CNY", "10000000000.00 CNY", id="the most"),
    ],
)
def test_reads_as(minor: int, currency: str, text: str) -> None:
    assert str(Money(minor, currency)) == text


def test_a_sum_of_amounts_is_written_however_much_it_is() -> None:
    assert written(3 * AMOUNT_LIMIT_MINOR, "CNY") == "30000000000.00 CNY"


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        pytest.param("18.80", "CNY", 1880, id="in full"),
        pytest.param("18.8", "CNY", 1880, id="one decimal"),
        pytest.param("18", "CNY", 1800, id="no decimals"),
        pytest.param(" 0.01 ", "CNY", 1, id="spaces around"),
        pytest.param("0018", "CNY", 1800, id="leading zeros"),
        pytest.param("1880", "JPY", 1880, id="no minor unit"),
        pytest.param("1.5", "KWD", 1500, id="thousandths"),
        pytest.param("1.2345", "UYW", 12345, id="ten-thousandths"),
        pytest.param("10000000000", "CNY", AMOUNT_LIMIT_MINOR, id="the most"),
    ],
)
def test_parses(typed: str, currency: str, minor: int) -> None:
    assert Money.parse(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        pytest.param("", "CNY", id="nothing"),
        pytest.param("18.805", "CNY", id="a tenth of a fen"),
        pytest.param("18.8", "JPY", id="decimals of a yen"),
        pytest.param("18,80", "CNY", id="comma"),
        pytest.param("18.", "CNY", id="point without decimals"),
        pytest.param(".80", "CNY", id="decimals only"),
        pytest.param("-1", "CNY", id="negative"),
        pytest.param("+1", "CNY", id="sign"),
        pytest.param("1e3", "CNY", id="exponent"),
        pytest.param("１８", "CNY", id="full-width digits"),
        pytest.param("18 80", "CNY", id="space inside"),
        pytest.param("18\n.80", "CNY", id="line break inside"),
        pytest.param("10000000000.01", "CNY", id="above the most"),
        pytest.param("9" * 40, "CNY", id="far above the most"),
        pytest.param("18.80", "cny", id="currency in small letters"),
    ],
)
def test_refuses_what_is_no_amount(typed: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|currency"):
        Money.parse(typed, currency)


@pytest.mark.parametrize(
    ("minor", "currency"),
    [
        pytest.param(-1, "CNY", id="negative"),
        pytest.param(AMOUNT_LIMIT_MINOR + 1, "CNY", id="above 10^12"),
        pytest.param(18.80, "CNY", id="float"),
        pytest.param(1.0, "CNY", id="whole float"),
        pytest.param(True, "CNY", id="bool"),
        pytest.param("1880", "CNY", id="text"),
        pytest.param(1880, "cny", id="small letters"),
        pytest.param(1880, "CN", id="two letters"),
        pytest.param(1880, "CNYX", id="four letters"),
        pytest.param(1880, "CNY\n", id="line break"),
        pytest.param(1880, "元元元", id="not A-Z"),
    ],
)
def test_cannot_be_made(minor: Any, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|currency"):
        Money(minor, currency)


def test_adds_and_subtracts_within_a_currency() -> None:
    assert Money(1880, "CNY") + Money(120, "CNY") == Money(2000, "CNY")
    assert Money(1880, "CNY") - Money(1880, "CNY") == Money(0, "CNY")


@pytest.mark.parametrize(
    ("left", "right", "operation", "why"),
    [
        pytest.param(Money(1, "CNY"), Money(1, "HKD"), "__add__", "cannot mix CNY and HKD", id="two currencies added"),
        pytest.param(Money(1, "CNY"), Money(1, "HKD"), "__sub__", "cannot mix CNY and HKD", id="two subtracted"),
        pytest.param(Money(1, "CNY"), Money(2, "CNY"), "__sub__", "amount must be", id="below zero"),
        pytest.param(
            Money(AMOUNT_LIMIT_MINOR, "CNY"), Money(1, "CNY"), "__add__", "amount must be", id="above the most"
        ),
    ],
)
def test_arithmetic_that_is_refused(left: Money, right: Money, operation: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        getattr(left, operation)(right)


@settings(deadline=None)
@given(st.integers(0, AMOUNT_LIMIT_MINOR), CURRENCIES)
def test_what_is_shown_reads_back(minor: int, currency: str) -> None:
    shown, _, unit = str(Money(minor, currency)).partition(" ")
    assert Money.parse(shown, unit) == Money(minor, currency)


@settings(deadline=None)
@given(st.text(max_size=20), CURRENCIES)
def test_any_text_is_an_amount_or_a_value_error(typed: str, currency: str) -> None:
    try:
        read = Money.parse(typed, currency)
    except ValueError:
        return
    assert typed.strip()[0] in "0123456789"
    assert 0 <= read.minor <= AMOUNT_LIMIT_MINOR
