# SPDX-License-Identifier: Apache-2.0
"""Says to systemd how the service is (sd_notify(3)): ready, stopping, alive. Without systemd it says nothing.

Alive means: the event loop turns, and a thread that requests run in is free within the time.

Tests: tests/sandbox/backend/service/test_supervisor.py
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

log = logging.getLogger(__name__)

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


@dataclass(frozen=True, slots=True)
class Supervisor:
    """systemd, or none. `every_s`: how often it wants to hear that we live; None: it does not watch."""

    address: str | None = None
    every_s: float | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int | None = None) -> "Supervisor":
        """As `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` say."""
        watched = environment.get("WATCHDOG_USEC", "")
        is_ours = environment.get("WATCHDOG_PID") in {None, str(os.getpid() if pid is None else pid)}
        every_s = int(watched) / 1e6 / 2 if watched.isdecimal() and int(watched) and is_ours else None
        return cls(environment.get("NOTIFY_SOCKET") or None, every_s)

    def say(self, *states: str) -> None:
        """Send it; nothing is waited for, and that it cannot be heard ends nothing."""
        if self.address is None:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.sendto("\n".join(states).encode(), socket.MSG_DONTWAIT, address)
        except OSError as error:
            log.warning("systemd does not hear: %s", error.strerror)

    async def keep_alive(self, lives: Callable[[], Awaitable[object]]) -> None:
        """Say again and again that we live, each time after `lives` has ended; for ever. A task."""
        if self.every_s is None:
            return
        while True:
            await lives()
            self.say(ALIVE)
            await asyncio.sleep(self.every_s)
