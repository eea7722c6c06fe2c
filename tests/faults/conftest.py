# SPDX-License-Identifier: Apache-2.0
"""What the fault tests share: the shim below SQLite, worlds to play in, and a count of what they inject."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from tests.faults import iotrace
from tests.faults.campaign import Sweep, Tally, here_and_there, sweep_row
from tests.faults.journeys import Row
from tests.faults.world import World, world
from tests.support.counter_fixtures import blank, enrolled, loop, sandbox

__all__ = ["blank", "enrolled", "loop", "sandbox"]


class HoldsThrough(Protocol):
    """The fixture of that name."""

    def __call__(self, where: World, row: Row, sweeps: Sequence[Sweep], times: int = 0) -> None:
        """See there."""


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`iotrace.c` as a library to preload."""
    return iotrace.build(tmp_path_factory.mktemp("iotrace"))


@pytest.fixture(scope="module")
def street() -> Iterator[World]:
    """A world whose terminals call straight into the backend."""
    with world() as one:
        yield one


@pytest.fixture(scope="module")
def wired_street() -> Iterator[World]:
    """A world with real sockets and a fault proxy."""
    with world(wired=True) as one:
        yield one


@pytest.fixture(scope="session")
def everywhere(pytestconfig: pytest.Config) -> bool:
    """Whether this is the long form."""
    asked: bool = pytestconfig.getoption("--everywhere")
    return asked


@pytest.fixture
def holds_through(
    record_property: Callable[[str, object], None], caplog: pytest.LogCaptureFixture, *, everywhere: bool
) -> HoldsThrough:
    """Sweep a journey: nothing is lost, doubled, shown wrongly or left unfinished. `times`: in the short form only."""

    def sweep(where: World, row: Row, sweeps: Sequence[Sweep], times: int = 0) -> None:
        caplog.set_level(logging.CRITICAL + 1)  # a terminal that is killed a thousand times says a lot about it
        if times and not everywhere:
            tally = here_and_there(where, row, sweeps, times)
        else:
            tally = sweep_row(where, row, sweeps, short=not everywhere)
        count(record_property, tally)
        assert tally.examples == []

    return sweep


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage is of the tests of a line: a campaign runs the same ones ten thousand times, and pays for each."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.no_cover)


def count(record_property: Callable[[str, object], None], tally: Tally) -> None:
    """Have the run's summary count what was injected, and what was wrong."""
    record_property("faults", dict(tally.faults))
    record_property("wrong", dict(tally.wrong))
