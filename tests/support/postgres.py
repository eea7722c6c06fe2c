# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for tests: started here, on a socket in a private directory, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_DEADLINE_S = 60
_PROGRAMS = "/usr/lib/postgresql"


def programs() -> Path:
    """Where Debian keeps the newest server's programs."""
    return max(Path(_PROGRAMS).glob("*/bin"), key=lambda path: int(path.parent.name))


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database (driver psycopg); the server ends with the context."""
    directory = Path(tempfile.mkdtemp(prefix="pp-pg-"))  # short: a socket's path has at most 107 bytes
    owner = _unprivileged()
    try:
        if owner is not None:
            shutil.chown(directory, owner)
        data = directory / "data"
        _run(owner, [programs() / "initdb", "-D", data, "-U", "pengpos", "-A", "trust", "-E", "UTF8", "--no-sync"])
        options = f"-k {directory} -c listen_addresses='' -c fsync=off -c max_connections=100"
        _run(owner, [programs() / "pg_ctl", "-D", data, "-o", options, "-l", directory / "log", "-w", "start"])
        try:
            yield f"postgresql+psycopg://pengpos@/postgres?host={quote(str(directory), safe='')}"
        finally:
            _run(owner, [programs() / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(directory)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: then the user that Debian made for it."""
    return pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None


def _run(owner: str | None, command: Sequence[str | Path]) -> None:
    whole = [*(["runuser", "-u", owner, "--"] if owner is not None else []), *map(str, command)]
    # To files, not pipes: the server would inherit a pipe and keep it open.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            whole, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", timeout=_DEADLINE_S, check=False
        )
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")
