# SPDX-License-Identifier: Apache-2.0
"""Tables: a column that holds money says so by its name, a lifecycle is stored as its word, 64 bits are kept."""

import re
from enum import StrEnum

import pytest
from sqlalchemy import Enum, Integer, select, text, update
from sqlalchemy.exc import StatementError

from sandbox.backend.records import tables
from sandbox.backend.records.tables import Base, IntentRow, IntentStatus, PaymentRow, TerminalCounterRow
from tests.support.backend import Shop

COUNTED = re.compile(
    r"(^at|_at|_until|_s|_hour|_minor|not_before|not_after|seq|version|epoch|counter|reason|purpose|answers|times|visit|status|^id|_id)$"
)
"""Names of whole numbers: times, numbers in an order, enumerations of the protocol; and money, in minor units."""


def test_a_whole_number_is_money_only_where_its_name_says_so() -> None:
    odd = [f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns
           if isinstance(column.type, Integer) and not COUNTED.search(column.name)]  # fmt: skip
    assert odd == []


def test_every_lifecycle_is_stored_somewhere() -> None:
    stored = {column.type.enum_class for table in Base.metadata.sorted_tables for column in table.columns
              if isinstance(column.type, Enum)}  # fmt: skip
    lifecycles = {value for value in vars(tables).values() if isinstance(value, type) and issubclass(value, StrEnum)}
    assert stored == lifecycles


def test_a_lifecycle_is_stored_as_its_word_and_read_as_its_member(shop: Shop) -> None:
    till = shop.till()
    till.put(till.sale(1_00))
    with shop.backend.db.read() as session:
        assert session.scalar(text("SELECT status FROM intents")) == "created"
        assert session.scalar(select(IntentRow.status)) is IntentStatus.CREATED


def test_a_word_of_no_lifecycle_is_never_stored(shop: Shop) -> None:
    with pytest.raises(StatementError, match="lost"):
        shop.backend.db.write(lambda session: session.execute(update(PaymentRow).values(status="lost")))


def test_a_counter_has_all_64_bits(shop: Shop) -> None:
    till = shop.till()
    till.epoch, till.counter = 2**64 - 1, 2**64 - 2
    till.put(till.sale(1_00))
    with shop.backend.db.read() as session:
        row = session.scalars(select(TerminalCounterRow)).one()
    assert (row.epoch, row.counter) == (2**64 - 1, 2**64 - 1)
