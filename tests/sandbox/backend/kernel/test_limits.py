# SPDX-License-Identifier: Apache-2.0
"""Rates in memory: so many at once, then one by one, each key for itself, and bounded; the page has the whole table."""

import re
from pathlib import Path

import pytest

from sandbox.backend.errors import TooManyError
from sandbox.backend.kernel import limits
from sandbox.backend.kernel.limits import DURABLE, IN_MEMORY, KEYS_MOST, Limit, Rate
from tests.support.contract_page import cells, section

PAGE = (Path(__file__).parents[4] / "docs" / "spec" / "backend-api.md").read_text(encoding="utf-8")
THREE_A_MINUTE = Limit("calls", 3, 60)


class Held:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def taken(rate: Rate, key: str, times: int) -> int:
    """How many of so many tries were let through."""
    return sum(1 for _ in range(times) if wait_s(rate, key) == 0)


def wait_s(rate: Rate, key: str) -> int:
    """0: it was let through; else after how long it may be tried again."""
    try:
        rate.take(key)
    except TooManyError as error:
        return error.retry_after_s
    return 0


def test_so_many_come_at_once_and_then_one_by_one() -> None:
    clock = Held()
    rate = Rate(THREE_A_MINUTE, clock)
    assert taken(rate, "a", 10) == 3
    assert wait_s(rate, "a") == 21  # 20 s, and the fraction of one that is left
    clock.now_s += 20
    assert taken(rate, "a", 10) == 1
    clock.now_s += 3_600
    assert taken(rate, "a", 10) == 3


def test_what_was_refused_does_not_count() -> None:
    clock = Held()
    rate = Rate(THREE_A_MINUTE, clock)
    taken(rate, "a", 1_000)
    clock.now_s += 20
    assert wait_s(rate, "a") == 0


def test_each_key_is_for_itself_and_memory_is_bounded() -> None:
    rate = Rate(THREE_A_MINUTE, Held())
    taken(rate, "a", 3)
    assert (taken(rate, "b", 3), taken(rate, "a", 1)) == (3, 0)
    for number in range(KEYS_MOST):
        rate.take(str(number))
    assert len(rate._empty_at) == KEYS_MOST


@pytest.mark.parametrize(("there", "refused"), [(2, False), (3, True), (4, True)])
def test_a_limit_is_the_most_that_may_be_there(there: int, refused: bool) -> None:
    limit = Limit("things", 3)
    if refused:
        with pytest.raises(TooManyError, match="at most 3 things"):
            limit.check(there, retry_after_s=7)
    else:
        limit.check(there, retry_after_s=7)


def test_the_page_has_every_limit_of_the_table_and_no_other() -> None:
    rows = [row for line in section(PAGE, "### Limits").splitlines() if len(row := cells(line)) == 4]
    said = {row[0]: (int(row[1].replace(",", "")), row[2], row[3]) for row in rows if re.fullmatch(r"[\d,]+", row[1])}
    within = {None: "", limits.DAY_S: "a day", 3_600: "an hour", 600: "10 minutes", 60: "a minute"}
    table = {
        limit.what: (limit.most, within[limit.within_s], "durable" if limit in DURABLE else "")
        for limit in (*DURABLE, *IN_MEMORY)
    }
    assert said == table


def test_every_limit_is_in_the_table() -> None:
    named = {value for value in vars(limits).values() if isinstance(value, Limit)}
    assert named == {*DURABLE, *IN_MEMORY}
