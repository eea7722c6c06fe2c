# SPDX-License-Identifier: Apache-2.0
"""Both journals, each held to the same promises: the one on the medium and the one in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_queue.journal.journal import Journal
from offline_queue.memory import MemoryJournal
from offline_queue.port import JournalPort
from workshop.samples.journal import HeldClock, SaleMaker


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["medium", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path, clock: HeldClock) -> Iterator[JournalPort]:
    journal: JournalPort = (
        Journal.open(tmp_path / "journal.db", key=bytes(32), clock=clock)
        if request.param == "medium"
        else MemoryJournal(clock)
    )
    yield journal
    journal.close()


@pytest.fixture
def maker() -> SaleMaker:
    return SaleMaker()
