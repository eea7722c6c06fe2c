# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench soak`: a few taps with faults and a reader pulled out; the report counts them and the memory."""

import re
from pathlib import Path

import pytest

from drivers.simulated.pn532 import SimulatedPn532
from workshop.bench import soak
from workshop.bench.soak import run

TAPS = 50
LINE = re.compile(r" +(\d+) taps +\d+/s +(\d+) KiB  (\d+) faults, (\d+) torn, opened (\d+) times")


def test_it_says_how_it_goes_and_what_it_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "_PULLED_OUT_EVERY", 20)
    *reports, last = run(tmp_path, taps=TAPS)
    found = [LINE.fullmatch(report) for report in reports]
    assert all(found), reports
    taps, kib, faults, _torn, openings = zip(*(map(int, one.groups()) for one in found if one), strict=True)
    assert taps == tuple(range(5, TAPS + 1, 5))
    assert min(kib) > 1024
    assert faults[-1] > 0
    assert list(faults) == sorted(faults)
    assert openings[-1] >= 1 + TAPS // 20
    assert re.fullmatch(r"memory from the first tenth to the last: [+-]\d+ KiB, [+-]\d+ bytes a tap", last), last


def test_fewer_taps_than_reports_are_each_reported(tmp_path: Path) -> None:
    assert len(list(run(tmp_path, taps=2))) == 3


def test_a_reader_that_is_dead_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "LIMIT_S", 0.2)

    class Dead(SimulatedPn532):
        """Pulled out before anything asks it."""

        def __init__(self) -> None:
            super().__init__()
            self.unplug()

    monkeypatch.setattr(soak, "SimulatedPn532", Dead)
    with pytest.raises(RuntimeError, match="dead"):
        list(run(tmp_path, taps=1))
