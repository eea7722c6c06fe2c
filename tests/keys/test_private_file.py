# SPDX-License-Identifier: Apache-2.0
"""Private files: whole or not at all, one winner of two, mode 0600."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from terminal.keys.private_file import create_private


def test_a_secret_is_written_once_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert create_private(path, b"first")
    assert not create_private(path, b"second")
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_of_many_at_once_exactly_one_is_told_that_it_wrote(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda number: create_private(path, b"%d" % number), range(8)))
    assert told.count(True) == 1
    assert path.read_bytes() == b"%d" % told.index(True)


def test_no_directory_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        create_private(tmp_path / "absent" / "secret", b"")
