# SPDX-License-Identifier: Apache-2.0
"""What a call at the counter asks of the database: so many statements, so many commits, on SQLite.

PostgreSQL: `test_postgres.py`, by the same table.
"""

import pytest

from tests.support.backend import Shop
from tests.support.statements import COSTS_ON_SQLITE, cost_of


@pytest.mark.parametrize("call", COSTS_ON_SQLITE)
def test_a_call_costs_so_many_statements_and_commits(shop: Shop, call: str) -> None:
    assert cost_of(shop, call) == COSTS_ON_SQLITE[call]
