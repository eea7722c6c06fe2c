# SPDX-License-Identifier: Apache-2.0
"""One whole shop as processes: sandbox backend, reader service, enrolled daemon; `run` and `demo` share it."""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pengpos.client import Home
from pengpos.core.errors import ConfigError, ReaderLostError
from terminal.device.settings import read_settings
from workshop.processes import Program, run_once
from workshop.simulator import SCREEN_URL

if TYPE_CHECKING:
    from sandbox.phone.field.reader_service import ReaderService
    from sandbox.simulator.line import Line

VPCD_PORTS = (0x8C7B, 0x8C7C)
"""Where vsmartcard's vpcd listens by default (35963, 35964): authors of wallets try these first."""

DEFAULT_SANDBOX_PORT = 8480


@dataclass(frozen=True, slots=True)
class ReaderRoad:
    """How the daemon reaches PC/SC, and the readers there are."""

    environment: Mapping[str, str]
    readers: tuple[str, ...]
    vpcd_ports: tuple[int, ...]
    """Ports where virtual cards connect; empty: real readers only."""


@dataclass(slots=True)
class Shop:
    """What is running; `close` ends it in the reverse order."""

    home: Home
    backend: str = ""
    admin_token: str = ""
    activation_code: str = ""
    road: ReaderRoad = field(default_factory=lambda: ReaderRoad({}, (), ()))
    programs: dict[str, Program] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)
    line: "Line | None" = None
    """The terminal's line to the backend, where it has a switch."""
    reader_service: "ReaderService | None" = None
    """Our own readers; a machine's are not ours to start and stop."""
    readers_are_off: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """What our programs find in their environment."""
        return {"PENGPOS_HOME": str(self.home.root), **self.road.environment}

    def start(self, name: str, arguments: Sequence[str], **environment: str) -> Program:
        """Start one of our programs, with more in its environment if need be; it is ended with the shop."""
        self.home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self.home.root / "log" / f"{name}.log"
        more = {**self.environment, **environment}
        program = self.stack.enter_context(Program(name, arguments, environment=more, log=log))
        self.programs[name] = program
        return program

    def close(self) -> None:
        """End everything, the youngest first."""
        self.stack.close()

    # --- the parts ----------------------------------------------------------------------------------------------------

    def sandbox_ports(self) -> tuple[int, ...]:
        """Where the terminal is enrolled; else the usual port, then 0 for any free one. Raises ConfigError."""
        if self.home.enrolment.exists():
            from terminal.device.identity import read_enrolment

            parts = urlsplit(str(read_enrolment(self.home.enrolment).get("backend")))
            if parts.hostname == "127.0.0.1" and parts.port is not None:
                return (parts.port,)
        return (DEFAULT_SANDBOX_PORT, 0)

    def begin_sandbox_behind_a_line(self, ports: Sequence[int]) -> None:
        """Start the payment backend behind a line that can be cut, for everybody at the first free of these ports.

        Who connects is kept waiting until `await_sandbox`, and not refused.
        """
        from sandbox.simulator.line import Line

        self.line = self.stack.enter_context(Line(*ports))
        self.backend = f"http://127.0.0.1:{self.line.port}"
        self._begin_sandbox(origin=self.backend)

    def open_sandbox(self, *, port: int = 0, magic_amounts: bool = True) -> None:
        """Start the payment backend and keep what it says of itself."""
        self._begin_sandbox(port=port, magic_amounts=magic_amounts)
        self.await_sandbox()

    def _begin_sandbox(self, *, port: int = 0, magic_amounts: bool = True, origin: str | None = None) -> None:
        arguments = ["sandbox", "--port", str(port), *(["--magic-amounts"] if magic_amounts else [])]
        self.start("sandbox", [*arguments, *(["--origin", origin] if origin is not None else [])])

    def await_sandbox(self) -> None:
        """Keep what the payment backend says of itself as it is ready, and let through to it."""
        said = self.programs["sandbox"].json_line()
        try:
            self.backend, self.admin_token = said["url"], said["admin_token"]
            self.activation_code = said["activation_code"]
        except KeyError as error:
            raise ConfigError("sandbox", f"it did not say its {error}", f"See {self.programs['sandbox'].log}") from None
        if self.line is not None:
            self.line.start(int(said["port"]))

    def cut_link(self) -> None:
        """Take the backend away as a power cut would; what it knew is on its disk."""
        self.programs["sandbox"].kill()

    def restore_link(self) -> None:
        """Bring the same backend back at the same address."""
        self.open_sandbox(port=int(self.backend.rsplit(":", 1)[1]))

    def kill_daemon(self) -> None:
        """SIGKILL the daemon, in the middle of whatever it does."""
        self.programs["daemon"].kill()

    def open_readers(self, *, private: bool = False) -> None:
        """Use the machine's PC/SC readers if it has any, else start virtual ones."""
        road = None if private else machine_readers(read_settings(self.home.settings).readers.serial_ports)
        if road is None:
            from sandbox.phone.field.reader_service import ReaderService

            usual = not private and free_ports(VPCD_PORTS)
            service = self.stack.enter_context(ReaderService(port=VPCD_PORTS[0] if usual else None))
            self.reader_service = service
            road = ReaderRoad(
                service.environment,
                tuple(reader.name for reader in service.readers),
                tuple(reader.port for reader in service.readers),
            )
        self.road = road

    def revive_readers(self) -> bool:
        """Start our own reader service again if it has ended without being switched off; true if it had."""
        service = self.reader_service
        if service is None or service.running or self.readers_are_off:
            return False
        service.start()
        return True

    def switch(self, what: str, to: str) -> None:
        """Turn the terminal's line or our readers `on` or `off`; a line that `breaks` does so in the next payment."""
        if what == "link" and self.line is not None:
            {"on": self.line.mend, "off": self.line.cut, "breaks": self.line.break_in_payment}[to]()
        if what == "reader" and self.reader_service is not None:
            self.readers_are_off = to != "on"
            (self.reader_service.start if to == "on" else self.reader_service.stop)()

    def write_parts(self) -> None:
        """Tell the virtual phone where backend and virtual readers are."""
        self.home.parts.parent.mkdir(parents=True, exist_ok=True)
        parts = {"backend": self.backend, "vpcd_ports": list(self.road.vpcd_ports)}
        self.home.parts.write_text(json.dumps(parts))

    def is_enrolled(self) -> bool:
        """Whether the terminal is enrolled here. Raises ConfigError if it is elsewhere."""
        if not self.home.enrolment.exists():
            return False
        from terminal.device.identity import read_enrolment

        backend = read_enrolment(self.home.enrolment).get("backend")
        if backend != self.backend:
            raise ConfigError(
                str(self.home.enrolment),
                f"this terminal is enrolled at {backend}, not at the sandbox {self.backend}",
                "Stop whatever uses that port and try again, or use another PENGPOS_HOME",
            )
        return True

    def enrol(self) -> bool:
        """Enrol with the sandbox's code, unless the terminal is enrolled there; True if it is new."""
        if self.is_enrolled():
            return False
        self.once(["enrol", "--backend", self.backend], stdin=self.activation_code)
        return True

    def once(self, arguments: Sequence[str], limit_s: float = 30.0, *, stdin: str = "") -> str:
        """Run one of our programs to its end; its output. `stdin`: what it reads.

        Raises ConfigError with what it said when it fails.
        """
        return run_once(arguments, environment=self.environment, limit_s=limit_s, stdin=stdin)

    def open_daemon(self) -> Program:
        """Start the daemon and wait until it can sell."""
        self.begin_daemon()
        return self.await_daemon()

    def begin_daemon(self) -> None:
        """Start the daemon."""
        self.start("daemon", ["daemon"])

    def await_daemon(self) -> Program:
        """Wait until it can sell."""
        daemon = self.programs["daemon"]
        said = daemon.line()
        if said != "ready":
            raise ConfigError("daemon", f"it said {said!r}", f"See {daemon.log}")
        return daemon

    def begin_screen(self) -> None:
        """Start the screen, in a window or nowhere; it follows the daemon as soon as there is one."""
        self.start("screen", ["ui", "--remote", "0"])

    def await_screen(self) -> str:
        """Where a browser on this machine may look on."""
        return str(self.programs["screen"].json_line().get("url", ""))

    def open_counter(self, screen_url: str) -> str:
        """Start the counter's page; its address."""
        switches = [("link", self.line), ("reader", self.reader_service)]
        arguments = ["simulator", *(word for name, part in switches if part is not None for word in ("--switch", name))]
        return str(self.start("simulator", arguments, **{SCREEN_URL: screen_url}).json_line().get("url", ""))


def machine_readers(serial_ports: Sequence[str] = ()) -> ReaderRoad | None:
    """The readers of a PC/SC service that runs already, and those that nfcpy drives; None if there are none."""
    from drivers.readers.discovery import AllReaders
    from drivers.readers.pcsc.discovery import PcscReaders
    from drivers.readers.pn53x.discovery import Pn53xReaders

    pcsc = PcscReaders()
    try:
        readers = AllReaders(Pn53xReaders(serial_ports=serial_ports), pcsc).discover(0.0)
    except ReaderLostError:
        return None
    finally:
        pcsc.close()
    if not readers:
        return None
    virtual = all(name.startswith("Virtual PCD") for name in readers)
    return ReaderRoad({}, readers, VPCD_PORTS if virtual else ())


def free_ports(wanted: Sequence[int]) -> bool:
    """True if no process listens at any of these ports."""
    for port in wanted:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return True


def has_display() -> bool:
    """True if a window or a bare screen can be opened here."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or Path("/dev/dri/card0").exists())
