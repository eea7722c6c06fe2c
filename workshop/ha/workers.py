# SPDX-License-Identifier: Apache-2.0
"""Two workers of the backend on one database, behind a balancer: `pengpos sandbox` as it is.

They share issuer key and operator's token, as the workers of one backend must.
"""

import contextlib
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from workshop.ha.child import Child
from workshop.ha.configuration import LOOPBACK, balancer_text
from workshop.ha.software import Software
from workshop.processes import Program, ProgramFailedError

READY_LIMIT_S: Final = 120.0


@dataclass(slots=True)
class Workers:
    """Opened by `open`, ended by `close`; `origin` is where clients come."""

    software: Software
    directory: Path
    database_url: str
    origin: str = ""
    admin_token: str = ""
    programs: dict[int, Program] = field(default_factory=dict)
    _ports: list[int] = field(default_factory=list)
    _balancer: Child | None = None

    def open(self, count: int = 2) -> None:
        """Start all of them at once on what may be an empty database, then the balancer. Raises ProgramFailedError."""
        port, *self._ports = free_ports(count + 1)
        self.origin = f"http://{LOOPBACK}:{port}"
        configured = self.directory / "haproxy.cfg"
        configured.write_text(balancer_text(port, self._ports), encoding="utf-8")
        self._start(0)
        self.await_ready(0)  # it makes the secrets that all of them use
        for number in range(1, count):
            self._start(number)
        for number in range(1, count):
            self.await_ready(number)
        self._balancer = Child(
            "haproxy",
            [self.software.haproxy, "-db", "-f", configured],
            log=self.directory / "haproxy.log",
            environment=self.software.environment,
        )
        self._await_balancer()

    def _await_balancer(self) -> None:
        """Until a worker answers through it. Raises ProgramFailedError."""
        latest_s = time.monotonic() + READY_LIMIT_S
        while time.monotonic() < latest_s:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.origin}/v1/health", timeout=2.0, trust_env=False).is_success:
                    return
            time.sleep(0.2)
        raise ProgramFailedError(
            f"no worker answers through the balancer: {self._balancer and self._balancer.last_words()}"
        )

    def kill(self, number: int) -> None:
        """SIGKILL one."""
        self.programs[number].kill()

    def restart(self, number: int) -> None:
        """Start one again that was killed, at the port where it was."""
        self.programs[number].stop()
        self._start(number)

    def await_ready(self, number: int) -> None:
        """Until it serves."""
        self.admin_token = self.programs[number].json_line(READY_LIMIT_S)["admin_token"]

    def close(self) -> None:
        """End all."""
        if self._balancer is not None:
            self._balancer.stop()
        for program in self.programs.values():
            program.stop()

    def _start(self, number: int) -> None:
        arguments = ["sandbox", "--port", str(self._ports[number]), "--database", self.database_url]
        arguments += ["--origin", self.origin, "--trusted-proxy", LOOPBACK]
        home = {"PENGPOS_HOME": str(self.directory / "home")}
        log = self.directory / f"worker-{number + 1}.log"
        self.programs[number] = Program(f"worker {number + 1}", arguments, environment=home, log=log)


def free_ports(count: int) -> list[int]:
    """So many ports of this machine that nothing uses now."""
    listeners = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
