# SPDX-License-Identifier: Apache-2.0
"""Work of several threads in one transaction: each has its own fate, and nobody hears of it before the commit."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from sandbox.backend.records.together import TOGETHER_MOST, Together, TransactionGoneError
from sandbox.backend.records.turns import NoTurnError

LIMIT_S = 20.0


class RefusedError(Exception):
    """What a piece of work may raise."""


class LostError(Exception):
    """What a database raises of a whole transaction."""


@dataclass(slots=True)
class Store:
    """A list, in place of a database. `commits`: what each commit added to it."""

    commits: list[list[str]] = field(default_factory=list)
    may_begin: threading.Event = field(default_factory=threading.Event)
    began: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    fails_at_commit: bool = False
    _new: list[str] = field(default_factory=list)

    def together(self, limit_s: float = LIMIT_S) -> Together[list[str]]:
        return Together(self.transaction, savepoint, limit_s)

    @contextmanager
    def transaction(self) -> Iterator[list[str]]:
        self.began.release()
        assert self.may_begin.wait(LIMIT_S)
        self._new = []
        yield self._new
        if self.fails_at_commit:
            raise LostError
        self.commits.append(self._new)


@contextmanager
def savepoint(rows: list[str]) -> Iterator[None]:
    before = len(rows)
    try:
        yield
    except LostError as error:
        raise TransactionGoneError from error
    except Exception:
        del rows[before:]
        raise


def adding(*names: str) -> list[Callable[[list[str]], str]]:
    """Works that add a row each; `!`: it raises once it has; `x`: all is lost."""

    def work(name: str) -> Callable[[list[str]], str]:
        def add(rows: list[str]) -> str:
            rows.append(name)
            if name.startswith("!"):
                raise RefusedError(name)
            if name.startswith("x"):
                raise LostError(name)
            return f"row {name}"

        return add

    return [work(name) for name in names]


def wait_until(together: Together[list[str]], *, waiting: int) -> None:
    while len(together._waiting) < waiting:
        threading.Event().wait(0.001)


def all_at_once(store: Store, *works: tuple[str, ...]) -> list["Future[tuple[list[str], Exception | None]]"]:
    """Brought in this order, the others while the first one begins."""
    together = store.together()
    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(together.do, adding(*works[0]))]
        assert store.began.acquire(timeout=LIMIT_S)
        for place, names in enumerate(works[1:], 1):
            futures.append(pool.submit(together.do, adding(*names)))
            wait_until(together, waiting=place + 1)
        store.may_begin.set()
    assert not together._waiting
    assert not together._is_led
    return futures


def test_what_comes_meanwhile_shares_the_commit() -> None:
    store = Store()
    done = all_at_once(store, ("a",), ("b", "c"), ("d",))
    assert [one.result() for one in done] == [(["row a"], None), (["row b", "row c"], None), (["row d"], None)]
    assert store.commits == [["a", "b", "c", "d"]]


def test_what_raises_is_undone_alone_and_what_is_behind_it_is_not_begun() -> None:
    store = Store()
    first, second, third = [one.result() for one in all_at_once(store, ("a",), ("b", "!c", "d"), ("e",))]
    assert (first, third) == ((["row a"], None), (["row e"], None))
    assert second[0] == ["row b"]
    assert isinstance(second[1], RefusedError)
    assert store.commits == [["a", "b", "e"]]


@pytest.mark.parametrize(("fails_at_commit", "names"), [(True, ("b",)), (False, ("xb",))])
def test_of_a_transaction_that_is_lost_everybody_hears(fails_at_commit: bool, names: tuple[str, ...]) -> None:
    store = Store(fails_at_commit=fails_at_commit)
    done = all_at_once(store, ("a",), names)
    assert [type(one.exception()) for one in done] == [LostError, LostError]
    assert store.commits == []


def test_a_transaction_has_a_bound_and_the_next_goes_on() -> None:
    store = Store()
    many = [(str(number),) for number in range(TOGETHER_MOST + 2)]
    done = all_at_once(store, *many)
    assert [one.result()[0] for one in done] == [[f"row {number}"] for number in range(TOGETHER_MOST + 2)]
    assert [len(commit) for commit in store.commits] == [TOGETHER_MOST, 2]


def test_where_everything_is_undone_nothing_is_committed() -> None:
    store = Store()
    done = [one.result() for one in all_at_once(store, ("!a",), ("!b",))]
    assert [(rows, type(error)) for rows, error in done] == [([], RefusedError)] * 2
    assert store.commits == []


def test_who_waits_too_long_gives_up_and_nothing_of_it_is_done() -> None:
    store = Store()
    together = store.together(limit_s=0.01)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(together.do, adding("a"))
        assert store.began.acquire(timeout=LIMIT_S)
        with pytest.raises(NoTurnError):
            together.do(adding("b"))
        store.may_begin.set()
        assert first.result() == (["row a"], None)
    assert store.commits == [["a"]]


def test_one_that_cannot_begin_keeps_nobody_from_it() -> None:
    store = Store()
    store.may_begin.set()
    begins = iter([NoTurnError(), None])

    @contextmanager
    def transaction() -> Iterator[list[str]]:
        if (error := next(begins)) is not None:
            raise error
        with store.transaction() as rows:
            yield rows

    together = Together(transaction, savepoint, LIMIT_S)
    with pytest.raises(NoTurnError):
        together.do(adding("a"))
    assert together.do(adding("b")) == (["row b"], None)
    assert store.commits == [["b"]]
