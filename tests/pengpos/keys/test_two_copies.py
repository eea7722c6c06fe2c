# SPDX-License-Identifier: Apache-2.0
"""Of a small file and its copy one may be torn: the other is used, and told from it."""

from pathlib import Path

import pytest

from pengpos.core.errors import ConfigError
from pengpos.keys.two_copies import copy_of, mend, read_copy, read_either, write_copy


def parse(content: bytes) -> bytes:
    if not content.startswith(b"sound"):
        raise ConfigError("it", f"damaged: {content!r}", "Restore it")
    return content


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "small"
    mend(path, b"sound 1")
    return path


def test_both_are_private_and_the_copy_can_be_told(path: Path) -> None:
    assert path.read_bytes() == b"sound 1"
    assert read_copy(path) == b"sound 1"
    for file in (path, copy_of(path)):
        assert file.stat().st_mode & 0o777 == 0o600
    content = copy_of(path).read_bytes()
    for at in range(len(content)):
        copy_of(path).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert read_copy(path) is None
    copy_of(path).write_bytes(content[:-1])
    assert read_copy(path) is None


def test_a_damaged_file_is_read_from_its_copy_and_mended(path: Path) -> None:
    path.write_bytes(b"so")
    assert read_either(path, parse) == b"sound 1"
    mend(path, b"sound 1")
    assert path.read_bytes() == b"sound 1"


def test_of_two_that_are_sound_the_file_counts(path: Path) -> None:
    path.write_bytes(b"sound 2")  # and the power went before its copy was written
    assert read_either(path, parse) == b"sound 2"
    mend(path, b"sound 2")
    assert read_copy(path) == b"sound 2"


@pytest.mark.parametrize("copy", [None, b"rubbish", b"no sound"], ids=["none", "torn", "as bad"])
def test_of_two_that_are_not_the_files_own_trouble_is_said(path: Path, copy: bytes | None) -> None:
    path.write_bytes(b"bad")
    if copy is None:
        copy_of(path).unlink()
    elif copy == b"rubbish":
        copy_of(path).write_bytes(copy)
    else:
        write_copy(path, copy)
    with pytest.raises(ConfigError, match="damaged: b'bad'"):
        read_either(path, parse)


def test_a_file_that_is_gone_was_perhaps_taken_away(path: Path) -> None:
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read_either(path, parse)


def test_where_nothing_can_be_written_nothing_is_raised(tmp_path: Path) -> None:
    mend(tmp_path / "nowhere" / "small", b"sound")
    write_copy(Path("/proc/nowhere"), b"sound")
