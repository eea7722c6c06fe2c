# SPDX-License-Identifier: Apache-2.0
"""What a terminal last heard, kept beside its enrolment: file, second copy, and neither."""

from pathlib import Path

import pytest

from pengpos.keys.last_heard import LastHeard, read_last_heard, write_last_heard
from pengpos.keys.two_copies import copy_of

HEARD = LastHeard(terminal_id="T-0001", policy="cG9saWN5", issuers=[{"kty": "EC"}], standing="revoked", since=5)
OTHER = LastHeard(terminal_id="T-0002", policy=None, issuers=[])
GONE, SOUND = None, "as written"


@pytest.mark.parametrize(
    ("file", "copy", "found"),
    [
        pytest.param(b"", SOUND, HEARD, id="torn file"),
        pytest.param(b"[]", SOUND, HEARD, id="no object"),
        pytest.param(b'{"terminal_id": "T-0001"}', SOUND, HEARD, id="not all members"),
        pytest.param(GONE, SOUND, HEARD, id="file gone"),
        pytest.param(SOUND, GONE, HEARD, id="copy gone"),
        pytest.param(SOUND, b"torn", HEARD, id="torn copy"),
        pytest.param(b"{", b"torn", None, id="both torn"),
        pytest.param(GONE, b"torn", None, id="file gone, torn copy"),
        pytest.param(GONE, GONE, None, id="both gone"),
    ],
)
def test_either_is_read(tmp_path: Path, file: bytes | str | None, copy: bytes | str | None, found: object) -> None:
    path = tmp_path / "last_heard.json"
    write_last_heard(path, HEARD)
    for place, content in ((path, file), (copy_of(path), copy)):
        if content is None:
            place.unlink()
        elif isinstance(content, bytes):
            place.write_bytes(content)
    assert read_last_heard(path, "T-0001") == found


def test_another_terminals_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "last_heard.json"
    write_last_heard(path, OTHER)
    assert read_last_heard(path, "T-0001") is None
    path.unlink()
    assert read_last_heard(path, "T-0001") is None


def test_what_stands_there_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "last_heard.json"
    write_last_heard(path, HEARD)
    files = [path.stat().st_ino, copy_of(path).stat().st_ino]
    write_last_heard(path, HEARD)
    assert [path.stat().st_ino, copy_of(path).stat().st_ino] == files
    assert path.stat().st_mode & 0o777 == 0o600
