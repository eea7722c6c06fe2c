# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench backend`: what a payment costs the backend, beside its floor: verifying, signing and syncing alone.

The backend is a process of its own; payments are signed before and go over raw sockets, so that nearly all that is
measured is its own. How many statements and commits a payment takes, a test counts
(`tests/sandbox/backend/payments/test_statements.py`).

Tests: tests/workshop/bench/test_backend.py
"""

import asyncio
import os
import sqlite3
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import PublicKey
from workshop.bench.backend_parties import Parties
from workshop.processes import Program

TERMINALS, WALLETS = 20, 50
WARM_UP = 100
BATCH = 200
FLOOR_ROUNDS = 300
GOAL_PER_S = 300
GOAL_OF_FLOOR = 0.15
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What no backend can do without, one payment at a time: seconds of the clock and of the processor."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What payments cost: each one's seconds until its answer, and what the backend's process used for all of them."""

    took_s: Sequence[float]
    wall_s: float
    cpu_s: float
    written_bytes: int

    def lines(self, what: str, payments: int, floor: Floor) -> Iterator[str]:
        """For people; each figure beside what it is held against."""
        cpu_s = max(self.cpu_s, 1 / _TICKS_PER_S)  # the kernel counts by ticks: a few payments may be less than one
        per_s, cpu_ms = payments / self.wall_s, cpu_s / payments * 1000
        ordered = sorted(self.took_s)
        p50, p99 = statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.99)] * 1000
        yield (
            f"  {what:<22} {per_s:6.0f}/s   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   {cpu_ms:6.2f} ms CPU = "
            f"{1000 / cpu_ms:.0f}/s a core, {floor.cpu_s / cpu_s * payments:.2f} of the floor   "
            f"{self.written_bytes / payments / 1024:.0f} KiB written to files"
        )


def run(directory: Path, *, payments: int, database: str | None) -> Iterator[str]:
    """Measure, line by line. `database`: a URL of an empty one; None: SQLite. Raises ProgramFailedError."""
    floor = _floor(directory / "floor.db")
    yield (
        f"  {'the floor':<22} {1 / floor.wall_s:6.0f}/s   {floor.wall_s * 1000:.2f} ms, {floor.cpu_s * 1000:.2f} ms CPU"
        ": three verifications, one signature, one commit with its sync"
    )
    arguments = ["sandbox", "--port", "0", *(["--database", database] if database is not None else [])]
    home = {"PENGPOS_HOME": str(directory / "home")}
    with Program("sandbox", arguments, environment=home, log=directory / "sandbox.log") as program:
        said = program.json_line()
        with httpx.Client(base_url=said["url"], timeout=30) as http:
            parties = Parties.of(http, said["admin_token"], terminals=TERMINALS, wallets=WALLETS)
            _pay(program.pid, said["url"], parties.payments(WARM_UP), clients=1)
            for clients in (1, 8, 32):
                paid = _pay(program.pid, said["url"], parties.payments(payments), clients=clients)
                yield from paid.lines(f"{clients} at a time", payments, floor)
            paid = _pay(program.pid, said["url"], [parties.batch(BATCH)], clients=1)
            yield from paid.lines(f"a batch of {BATCH}", BATCH, floor)
    yield f"  goals: {GOAL_PER_S}/s by one process, {GOAL_OF_FLOOR} of the floor"


def _floor(path: Path) -> Floor:
    """Measured here, in one thread: the library's P-256 over 200 bytes, and a row of 4 KiB in SQLite's log."""
    key = SoftwareKey.generate()
    public, message, page = PublicKey.of(key), bytes(200), bytes(4096)
    signature = key.sign(message)
    with closing(sqlite3.connect(str(path), isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("PRAGMA synchronous=FULL")
        plain.execute("CREATE TABLE pages (page BLOB)")
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        for _ in range(FLOOR_ROUNDS):
            for _ in range(3):
                public.verify(signature, message)
            key.sign(message)
            plain.execute("INSERT INTO pages VALUES (?)", (page,))
        wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    return Floor(wall_s=wall_s / FLOOR_ROUNDS, cpu_s=cpu_s / FLOOR_ROUNDS)


def _pay(pid: int, url: str, requests: Sequence[bytes], *, clients: int) -> Paid:
    before_cpu_s, before_bytes, started_s = _cpu_s(pid), _written_bytes(pid), time.perf_counter()
    took_s = asyncio.run(_send_all(url, requests, clients))
    return Paid(
        took_s=took_s,
        wall_s=time.perf_counter() - started_s,
        cpu_s=_cpu_s(pid) - before_cpu_s,
        written_bytes=_written_bytes(pid) - before_bytes,
    )


async def _send_all(url: str, requests: Sequence[bytes], clients: int) -> list[float]:
    waiting, took_s = iter(requests), list[float]()
    host, port = url.removeprefix("http://").rsplit(":", 1)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            for request in waiting:  # one after the other, from what all clients share
                started_s = time.perf_counter()
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                took_s.append(time.perf_counter() - started_s)
                if not head.startswith(b"HTTP/1.1 200") or b'"approved"' not in body:
                    raise RuntimeError(f"the backend did not approve: {head[:40]!r} {body[:300]!r}")
        finally:
            writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return took_s


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _written_bytes(pid: int) -> int:
    """What the process has written to files: of SQLite nearly all. A server of PostgreSQL writes its own."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("wchar:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has no wchar")
