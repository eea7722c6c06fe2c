# SPDX-License-Identifier: Apache-2.0
"""Calls that cannot be timed out, and the one thread that is spent on them."""

import threading
from collections.abc import Iterator

import pytest

from drivers.readers.worker import OutlivedError, StuckError, Worker

LIMIT_S = 10.0


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker("test")
    yield worker
    worker.close(lambda: None, LIMIT_S)
    assert not worker.abandoned


@pytest.fixture
def let() -> Iterator[threading.Event]:
    let = threading.Event()
    yield let
    let.set()


def refuse() -> None:
    raise LookupError("no")


def test_a_result_comes_back(worker: Worker) -> None:
    assert worker.run(lambda: 42, LIMIT_S) == 42


def test_an_exception_comes_back_and_the_next_call_is_served(worker: Worker) -> None:
    with pytest.raises(LookupError):
        worker.run(refuse, LIMIT_S)
    assert worker.run(lambda: 1, LIMIT_S) == 1


def test_all_calls_share_one_thread(worker: Worker) -> None:
    threads = {worker.run(threading.get_ident, LIMIT_S) for _ in range(3)}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


def test_a_call_that_outlives_its_limit_is_left_alone(worker: Worker, let: threading.Event) -> None:
    with pytest.raises(OutlivedError):
        worker.run(let.wait, 0.01)
    assert worker.stuck_s is not None
    begun: list[int] = []
    with pytest.raises(StuckError):
        worker.run(lambda: begun.append(1), 0.01)
    let.set()
    assert worker.run(lambda: len(begun), LIMIT_S) == 0, "what was refused was begun all the same"
    assert worker.stuck_s is None


def test_a_time_that_grows_while_it_runs_is_heeded(worker: Worker, let: threading.Event) -> None:
    """And one that ends meanwhile: it is asked for again and again."""
    left_s = iter([0.2, 0.01, 0.2, 5.0])

    def time_left_s() -> float:
        left = next(left_s, 5.0)
        if left == 5.0:
            let.set()
        return left

    assert worker.run_while(lambda: let.wait(LIMIT_S), time_left_s)
    let.clear()
    lefts = iter([5.0, 5.0])
    with pytest.raises(OutlivedError):
        worker.run_while(lambda: let.wait(LIMIT_S), lambda: next(lefts, 0.0))


def test_closing_does_the_last_thing_after_the_late_one(worker: Worker, let: threading.Event) -> None:
    with pytest.raises(OutlivedError):
        worker.run(let.wait, 0.01)
    done = threading.Event()
    worker.close(done.set, 0.01)
    assert worker.abandoned
    assert not done.is_set()
    let.set()
    assert done.wait(LIMIT_S)


def test_closing_again_while_the_late_one_goes_on_is_harmless(worker: Worker, let: threading.Event) -> None:
    with pytest.raises(OutlivedError):
        worker.run(let.wait, 0.01)
    first = threading.Event()
    worker.close(first.set, 0.01)
    worker.close(lambda: None, 0.01)
    let.set()
    assert first.wait(LIMIT_S)
