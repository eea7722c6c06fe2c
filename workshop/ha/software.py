# SPDX-License-Identifier: Apache-2.0
"""Where the programs are that a rehearsal starts: what `scripts/bootstrap ha` has put beside this checkout."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pengpos.core.errors import ConfigError

_CURE = "Say `make ha`, which fetches what it needs"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """Paths of programs; `account`: the user that runs the database where we are root, which PostgreSQL refuses."""

    etcd: Path
    haproxy: Path
    patroni: Path
    postgres: Path
    """The directory of PostgreSQL's programs."""
    environment: Mapping[str, str]
    account: str | None

    @classmethod
    def found(cls, root: Path = _ROOT) -> Self:
        """What is there. Raises ConfigError."""
        beside = root / ".make" / "ha"
        unpacked = beside / "debian"
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        libraries = sorted({str(path.parent) for path in unpacked.glob("usr/lib/*/*.so*")})
        made = cls(
            etcd=unpacked / "usr/bin/etcd",
            haproxy=unpacked / "usr/sbin/haproxy",
            patroni=beside / "venv/bin/patroni",
            postgres=versions[-1] if versions else Path("/usr/lib/postgresql"),
            environment={"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {},
            account="postgres" if os.geteuid() == 0 else None,
        )
        for program in (made.etcd, made.haproxy, made.patroni, made.postgres / "initdb"):
            if not program.exists():
                raise ConfigError(str(program), "is not there", _CURE)
        if made.account is not None:
            pwd.getpwnam(made.account)
        return made
