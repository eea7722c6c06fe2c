# SPDX-License-Identifier: Apache-2.0
"""A shop with money for testing behind a real socket, for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.support.backend import Shop, fresh_sqlite, on_a_socket
from tests.support.shop import Till


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with on_a_socket(fresh_sqlite(tmp_path_factory.mktemp("shop")), magic_amounts=True) as opened:
        yield opened
        assert opened.operator.ledger_is_balanced()


@pytest.fixture(scope="module")
def till(shop: Shop) -> Till:
    return shop.till()
