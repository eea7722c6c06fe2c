# SPDX-License-Identifier: Apache-2.0
"""Why the last process ended is told once, and costs nothing where it cannot be noted."""

from pathlib import Path

import pytest

from terminal.device.last_fault import SIZE_MOST, note_fault, take_fault


@pytest.mark.parametrize("detail", ["no such table: sale", "", "表", "\udcff", "x" * 10_000])
def test_it_is_taken_once_and_bounded(tmp_path: Path, detail: str) -> None:
    path = tmp_path / "last_fault"
    note_fault(path, detail)
    assert path.stat().st_mode & 0o777 == 0o600
    taken = take_fault(path)
    assert taken is not None
    assert taken.startswith(detail[:1].replace("\udcff", "?"))
    assert len(taken) <= SIZE_MOST
    assert take_fault(path) is None


def test_a_newer_one_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "last_fault"
    for detail in ("older", "newer"):
        note_fault(path, detail)
    assert take_fault(path) == "newer"


def test_a_medium_that_takes_no_file_leaves_it_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    path = Path("/proc/nowhere/last_fault")
    note_fault(path, "no such table")
    assert "not noted" in caplog.text
    assert take_fault(path) is None
