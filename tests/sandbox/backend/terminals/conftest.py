# SPDX-License-Identifier: Apache-2.0
"""One terminal and one shopper for each test of this room."""

import pytest

from tests.support.backend import Shop
from tests.support.shop import Till, Wallet


@pytest.fixture
def till(shop: Shop) -> Till:
    return shop.till()


@pytest.fixture
def wallet(shop: Shop) -> Wallet:
    return shop.wallet()
