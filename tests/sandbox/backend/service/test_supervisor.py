# SPDX-License-Identifier: Apache-2.0
"""sd_notify: what is said, to whom, and that nothing hangs on it."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.backend.service.supervisor import ALIVE, READY, STOPPING, Supervisor


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(20)
        receiver.bind(str(tmp_path / "notify"))
        yield receiver


@pytest.mark.parametrize(
    ("environment", "every_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_how_often_it_wants_to_hear(environment: dict[str, str], every_s: float | None) -> None:
    assert Supervisor.of(environment, pid=7).every_s == every_s


def test_what_is_said_is_heard(systemd: socket.socket) -> None:
    Supervisor(systemd.getsockname()).say(READY, "STATUS=selling")
    assert systemd.recv(100) == b"READY=1\nSTATUS=selling"


def test_an_abstract_address(tmp_path: Path) -> None:
    name = f"pengpos test {tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(20)
        receiver.bind(f"\0{name}")
        Supervisor(f"@{name}").say(STOPPING)
        assert receiver.recv(100) == b"STOPPING=1"


def test_who_does_not_listen_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Supervisor(None).say(READY)
    assert caplog.messages == []
    Supervisor(str(tmp_path / "nobody")).say(READY)
    assert caplog.messages == ["systemd does not hear: No such file or directory"]


def test_it_is_alive_only_while_what_must_live_lives(systemd: socket.socket) -> None:
    async def a_life(turns: int) -> None:
        left = turns

        async def lives() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                over.set()
                await asyncio.Event().wait()

        over = asyncio.Event()
        task = asyncio.create_task(Supervisor(systemd.getsockname(), every_s=0.0).keep_alive(lives))
        await over.wait()
        task.cancel()

    asyncio.run(a_life(3))
    systemd.setblocking(False)
    assert [systemd.recv(100).decode() for _ in range(3)] == [ALIVE] * 3
    with pytest.raises(BlockingIOError):
        systemd.recv(100)
