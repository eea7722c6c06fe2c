# SPDX-License-Identifier: Apache-2.0
"""Where the programs of a rehearsal are, and what is said where they are not."""

from pathlib import Path

import pytest

from pengpos.core.errors import ConfigError
from workshop.ha.software import Software

PROGRAMS = ("debian/usr/bin/etcd", "debian/usr/sbin/haproxy", "venv/bin/patroni")
LIBRARY = "debian/usr/lib/somewhere/liblua.so.0"


def fetched(root: Path, *names: str) -> Path:
    for name in names:
        path = root / ".make" / "ha" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def test_what_was_unpacked_is_found_with_its_libraries(tmp_path: Path) -> None:
    found = Software.found(fetched(tmp_path, *PROGRAMS, LIBRARY))
    assert [path.name for path in (found.etcd, found.haproxy, found.patroni)] == ["etcd", "haproxy", "patroni"]
    assert found.environment == {"LD_LIBRARY_PATH": str((tmp_path / ".make/ha" / LIBRARY).parent)}
    assert (found.postgres / "initdb").exists()


@pytest.mark.parametrize("missing", PROGRAMS)
def test_what_is_missing_is_named_with_the_way_to_get_it(missing: str, tmp_path: Path) -> None:
    root = fetched(tmp_path, *(name for name in PROGRAMS if name != missing))
    with pytest.raises(ConfigError, match=r"make ha") as raised:
        Software.found(root)
    assert missing in str(raised.value)
