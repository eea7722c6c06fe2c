# SPDX-License-Identifier: Apache-2.0
"""The table of reasons (tap protocol §1): whose number it is, and what an unknown one is read as."""

import pytest

from pengpos.core.reasons import Reason


@pytest.mark.parametrize("number", range(8))
def test_the_wallets_own_numbers_are_kept(number: int) -> None:
    assert Reason.from_wallet(number) == number


@pytest.mark.parametrize("number", range(16, 25))
def test_the_backends_own_numbers_are_kept(number: int) -> None:
    assert Reason.from_backend(number) == number


@pytest.mark.parametrize("number", [-1, 8, 15, 16, 23, 255, 2**63])
def test_any_other_number_of_a_wallet_is_a_plain_no(number: int) -> None:
    assert Reason.from_wallet(number) is Reason.DECLINED_BY_SHOPPER


@pytest.mark.parametrize("number", [-1, 0, 7, 15, 25, 255, 2**63])
def test_any_other_number_of_the_backend_is_a_plain_decline(number: int) -> None:
    assert Reason.from_backend(number) is Reason.DECLINED_BY_BACKEND
