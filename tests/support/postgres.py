# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for tests: started here, on a socket in a private directory, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_DEADLINE_S = 60
_PROGRAMS = "/usr/lib/postgresql"


def programs() -> Path:
    """Where Debian keeps the newest server's programs."""
    return max(Path(_PROGRAMS).glob("*/bin"), key=lambda path: int(path.parent.name))


@dataclass(frozen=True, slots=True)
class Server:
    """A server with an empty database: its URL (driver psycopg)."""

    url: str
    directory: Path
    owner: str | None

    def start(self) -> None:
        """Start it, again too; it takes connections when this returns."""
        options = f"-k {self.directory} -c listen_addresses='' -c fsync=off -c max_connections=100"
        self._control("-o", options, "-l", self.directory / "log", "-w", "start")

    def stop(self) -> None:
        """Stop it at once; open connections break."""
        self._control("-m", "immediate", "-w", "stop")

    def _control(self, *words: str | Path) -> None:
        _run(self.owner, [programs() / "pg_ctl", "-D", self.directory / "data", *words])


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server that ends with the context."""
    with restartable() as started:
        yield started.url


@contextmanager
def restartable() -> Iterator[Server]:
    """A server that runs, which a test may stop and start; it ends with the context."""
    directory = Path(tempfile.mkdtemp(prefix="pp-pg-"))  # short: a socket's path has at most 107 bytes
    owner = _unprivileged()
    try:
        if owner is not None:
            shutil.chown(directory, owner)
        data = directory / "data"
        _run(owner, [programs() / "initdb", "-D", data, "-U", "pengpos", "-A", "trust", "-E", "UTF8", "--no-sync"])
        url = f"postgresql+psycopg://pengpos@/postgres?host={quote(str(directory), safe='')}"
        started = Server(url, directory, owner)
        started.start()
        try:
            yield started
        finally:
            started.stop()
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
