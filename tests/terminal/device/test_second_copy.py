# SPDX-License-Identifier: Apache-2.0
"""The second copy as the terminal has it: an alarm while the medium is not well, and none where none is named."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, cast

from offline_queue.export.mirror_file import read_mirror
from offline_queue.memory import MemoryJournal
from pengpos.core.sale import SaleState
from pengpos.home import Home
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import Issuers, PublicKey
from terminal.device.alarms import Alarms
from terminal.device.second_copy import SecondCopy
from terminal.device.settings import MirrorSettings, Settings
from tests.support.parts import HandClock, run
from workshop.samples import sales as samples

BACKEND = SoftwareKey.generate()
SALE = samples.sale_in(SaleState.ACCEPTED_OFFLINE)


class _Identity:
    terminal_id = "T-0001"
    issuers = Issuers([PublicKey.of(BACKEND)])


class Bench:
    """A second copy over a folder, and the alarms it raises."""

    def __init__(self, tmp_path: Path, directory: Path | None) -> None:
        clock = HandClock()
        self.changes = 0
        journal = MemoryJournal(clock)
        self.alarms = Alarms(journal, clock, self._changed)
        home = Home(tmp_path / "home")
        home.journal.parent.mkdir(parents=True, exist_ok=True)
        settings = Settings(mirror=None if directory is None else MirrorSettings(directory=str(directory)))
        self.copy = SecondCopy(settings, home, cast("Any", _Identity()), self.alarms, journal)

    def _changed(self) -> None:
        self.changes += 1

    @property
    def kinds(self) -> list[str]:
        return [alarm.kind for alarm in self.alarms.shown]


def scene(tmp_path: Path, directory: Path | None) -> list[str]:
    """Copy one sale, close, and say which alarms stand: closing lets the copy under way be finished."""
    kinds: list[str] = []

    async def work() -> None:
        bench = Bench(tmp_path, directory)
        bench.copy.copy([SALE])
        await bench.copy.close()
        await asyncio.sleep(0)  # what the mirror's thread has posted
        kinds.extend(bench.kinds)

    run(work())
    return kinds


def test_without_a_medium_nothing_is_copied_and_nothing_rings(tmp_path: Path) -> None:
    assert scene(tmp_path, None) == []


def test_a_folder_on_the_journals_own_medium_rings(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    assert scene(tmp_path, tmp_path / "stick") == ["mirror"]


def test_a_medium_that_is_not_there_rings(tmp_path: Path) -> None:
    assert scene(tmp_path, tmp_path / "pulled out") == ["mirror"]


def test_a_medium_of_its_own_gets_each_payment(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as stick:
        assert scene(tmp_path, Path(stick)) == []
        copied = list(read_mirror(Path(stick) / "pengpos-T-0001.mirror", BACKEND.private))
    assert [payment.number for payment in copied] == [SALE.number]
