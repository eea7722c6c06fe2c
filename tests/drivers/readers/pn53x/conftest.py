# SPDX-License-Identifier: Apache-2.0
"""Every test of a PN53x reader holds it to one thread: its own, never its worker's, writes its attributes."""

from collections.abc import Iterator

import pytest

from drivers.readers.pn53x.card import Pn53xCard
from drivers.readers.pn53x.reader import Pn53xReader
from tests.support.writers import Writers


@pytest.fixture(autouse=True)
def writers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Writers]:
    writers = Writers(monkeypatch)
    writers.watch(Pn53xReader, Pn53xCard)
    yield writers
    assert writers.shared() == {}
