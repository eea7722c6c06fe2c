# SPDX-License-Identifier: Apache-2.0
"""The reader's own thread alone writes its attributes. `conftest` holds every test here to it; this one holds that."""

from collections.abc import Iterator

import pytest

from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.presence import Presence
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.pn532 import SimulatedPn532
from tests.support.writers import Writers


class HastyReader(Pn53xReader):
    """Keeps what it believes while it is still looking, in its worker's thread."""

    def _look(self, presence: Presence) -> Presence:
        self._presence = super()._look(presence)
        return self._presence


@pytest.fixture
def chip() -> Iterator[SimulatedPn532]:
    with SimulatedPn532() as chip:
        yield chip


def look(chip: SimulatedPn532, kind: type[Pn53xReader]) -> None:
    reader = kind("PN532", lambda: Pn53xLink("PN532", SerialPlace(chip.path)))
    reader.wait(0)
    reader.close()


def test_a_reader_writes_in_one_thread(chip: SimulatedPn532, writers: Writers) -> None:
    look(chip, Pn53xReader)
    assert ("Pn53xReader", "_presence") in writers.written
    assert writers.shared() == {}


def test_one_that_writes_in_its_workers_is_found(chip: SimulatedPn532, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        writers = Writers(patched)
        patched.setattr(Pn53xReader, "__setattr__", object.__setattr__)  # not the outer ones', which would fail
        writers.watch(HastyReader)
        look(chip, HastyReader)
    assert set(writers.shared()) == {("HastyReader", "_presence")}
