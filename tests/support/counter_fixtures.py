# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the counter: one sandbox for each test process, a fresh terminal and a fresh phone for each test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pengpos.client import Home
from sandbox.backend.terminals import policy
from sandbox.phone.phone import VirtualPhone
from terminal.backend.gateway import Deadlines
from tests.support.counter import Counter, new_phone
from tests.support.live_sandbox import LiveSandbox, live_sandbox
from tests.support.loop_thread import LoopThread
from tests.support.served import Daemon, served

MakePhone = Callable[[str], VirtualPhone]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSandbox]:
    """The backend of this test process; every test judges by its own terminal."""
    with live_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running
        assert running.operator.ledger_is_balanced()


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    """The loop the terminal lives on."""
    running = LoopThread()
    yield running
    running.close()
    assert not running.broken, "\n".join(str(broken) for broken in running.broken)


@pytest.fixture
def signs_no_whole_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend's policy promises no signature over whole answers: what comes is judged by what is in it."""
    monkeypatch.setattr(policy, "SIGNED_DUTIES", {"signs_endings": True, "signs_settlements": True})


@pytest.fixture
def counter(tmp_path: Path, sandbox: LiveSandbox, loop: LoopThread) -> Iterator[Counter]:
    """An enrolled terminal with one reader, switched on."""
    with _open(Counter(Home(tmp_path / "home"), sandbox, loop)) as opened:
        yield opened


@pytest.fixture
def hasty(tmp_path: Path, sandbox: LiveSandbox, loop: LoopThread) -> Iterator[Counter]:
    """The same, but it waits for no answer longer than a moment."""
    deadlines = Deadlines(payment_s=0.5, question_s=0.5, batch_s=2.0)
    with _open(Counter(Home(tmp_path / "home"), sandbox, loop, deadlines=deadlines)) as opened:
        yield opened


@pytest.fixture
def two_readers(tmp_path: Path, sandbox: LiveSandbox, loop: LoopThread) -> Iterator[Counter]:
    """The same with two readers."""
    with _open(Counter(Home(tmp_path / "home"), sandbox, loop, readers=2)) as opened:
        yield opened


@pytest.fixture
def blank(tmp_path: Path, sandbox: LiveSandbox, loop: LoopThread) -> Counter:
    """A terminal that is not enrolled, and switched off."""
    return Counter(Home(tmp_path / "home"), sandbox, loop)


@pytest.fixture
def enrolled(blank: Counter) -> Counter:
    """Enrolled, and switched off: the test serves it."""
    blank.enrol()
    return blank


@pytest.fixture
def daemon(enrolled: Counter, loop: LoopThread) -> Iterator[Daemon]:
    """The enrolled terminal behind its own socket."""
    with served(enrolled.surroundings(), loop) as running:
        yield running


@contextmanager
def _open(counter: Counter) -> Iterator[Counter]:
    counter.enrol()
    counter.open()
    counter.until_status(lambda status: status.link.online and len(status.readers) == len(counter.fields))
    try:
        yield counter
    finally:
        counter.close()


@pytest.fixture
def phones(tmp_path: Path, sandbox: LiveSandbox) -> Iterator[MakePhone]:
    """Makes shoppers' phones."""
    made: list[VirtualPhone] = []

    def make(name: str) -> VirtualPhone:
        made.append(new_phone(tmp_path / name, sandbox))
        return made[-1]

    yield make
    for phone in made:
        phone.close()


@pytest.fixture
def phone(phones: MakePhone) -> VirtualPhone:
    """One shopper's phone."""
    return phones("shopper")
