# SPDX-License-Identifier: Apache-2.0
"""A PC/SC service of one's own with two virtual readers, to develop, show and test where no reader is plugged in.

It is pcscd with vsmartcard's vpcd, in a mount namespace of its own: it never meets the machine's pcscd, its socket or
its USB readers. Cards enter through TCP ports (`sandbox.phone.field.vpcd`). **vpcd listens on every interface,
0.0.0.0**: a host that reaches the port can lay a card on this reader; on a shared network close it with a firewall.

Needs Debian's `pcscd` and `vsmartcard-vpcd`, and unshare(1) as root or with user namespaces. Where neither is allowed
it falls back to an ordinary pcscd, if none runs and we may start one; that one opens USB readers too.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pengpos.core.errors import ConfigError
from pengpos.serving.few_lines import bound_file

_INSTALL = "Install it: apt install pcscd vsmartcard-vpcd"
_SYSTEM_PATH = f"{os.defpath}:/usr/sbin:/sbin"
_ATTEMPTS = 3  # other ports each time: someone may take them between our look and vpcd's bind
_STOP_S = 5.0
_MAX_SOCKET_PATH = 107  # sun_path, less its final zero

_PRIVATE = """
set -e
library="$1" drop_dir="$2" shared="$3" ipc_dir="$4"; shift 4
exec 3<"$library"
mount -t tmpfs pengpos "$drop_dir"   # no bundle, no USB reader
cat <&3 >"$drop_dir/libifdvpcd.so"   # here, for /tmp may be mounted noexec
mkdir "$drop_dir/shared"
mount --bind "$shared" "$drop_dir/shared"
[ -d "$ipc_dir" ] || { mount -t tmpfs pengpos /run; mkdir -p "$ipc_dir"; }
mount --bind "$drop_dir/shared" "$ipc_dir"
exec 3<&- "$@"
"""
"""Covers pcscd's socket folder by one that the outside sees, and the drivers of real readers by vpcd alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualReader:
    """One slot: the name PC/SC gives it, and the port where its card connects."""

    name: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pcscd:
    """The pcscd of this machine, as it describes itself."""

    program: str
    library: str
    drop_dir: str
    ipc_dir: str
    has_polkit: bool

    @classmethod
    def find(cls) -> Self:
        """Raises ConfigError if pcscd or vpcd is not installed."""
        program = shutil.which("pcscd") or shutil.which("pcscd", path=_SYSTEM_PATH)
        if program is None:
            raise ConfigError("pcscd", "it is not installed", _INSTALL)
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
        usage = subprocess.run([program, "--help"], capture_output=True, text=True, check=False, timeout=10).stdout
        drop_dir = _word(version, "usbdropdir", "/usr/lib/pcsc/drivers")
        library = next(iter(sorted(Path(drop_dir).rglob("libifdvpcd.so"))), None)
        if library is None:
            raise ConfigError("vpcd", f"there is no libifdvpcd.so under {drop_dir}", _INSTALL)
        ipc_dir = _word(version, "ipcdir", "/run/pcscd")
        has_polkit = "--disable-polkit" in usage
        return cls(program=program, library=str(library), drop_dir=drop_dir, ipc_dir=ipc_dir, has_polkit=has_polkit)

    def command(self, conf_dir: str) -> list[str]:
        """The command that runs it in the foreground, open to every local user (pcscd 2 would ask polkit)."""
        polkit = ["--disable-polkit"] if self.has_polkit else []
        # So that a killed owner leaves no pcscd behind.
        guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        return [*guard, self.program, "--foreground", "--error", *polkit, "--config", conf_dir]


class ReaderService:
    """One running pcscd with two virtual readers; a context manager. Not for use by several threads.

    `start()` after `stop()` or `kill()` brings the same readers back at the same ports and socket. The thread that
    starts it must live as long as it: the kernel ends pcscd with that thread.
    """

    def __init__(self, name: str = "pengpos virtual reader", *, port: int | None = None) -> None:
        """`port`: the first of two TCP ports, next to each other, where cards connect; None: any free pair."""
        self._name = name
        self._port = port
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_path = Path()
        self.readers: tuple[VirtualReader, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """What a PC/SC client must find in its environment, before its first call, to meet this service."""
        return {"PCSCLITE_CSOCK_NAME": str(self._socket_path)}

    @property
    def running(self) -> bool:
        """Whether pcscd is alive."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, timeout_s: float = 10.0) -> None:
        """Start pcscd and wait until it offers both readers. Raises ConfigError, which says what is in the way."""
        if self.running:
            return
        pcscd = _Pcscd.find()
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="pengpos-pcsc-")) / "run"  # which pcscd opens to all
            self._directory.mkdir()
        for attempt in range(1, _ATTEMPTS + 1):
            readers = self.readers or self._free_readers()
            try:
                self._launch(pcscd, self._directory, readers)
                self._await(readers, timeout_s)
            except ConfigError:
                self.stop()
                if self.readers:  # a restart keeps its ports, or fails
                    raise
                if self._port is not None or attempt == _ATTEMPTS:
                    self.close()
                    raise
            else:
                self.readers = readers
                return

    def stop(self) -> None:
        """End pcscd in order; sockets and ports stay ours for the next `start()`. Ends within 10 s."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def bound_log(self) -> None:
        """Put aside what pcscd has said, if that is much: without a reader's driver it may say the same for ever."""
        if self._directory is not None:
            bound_file(self._directory / "pcscd.log")

    def kill(self) -> None:
        """End pcscd as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_STOP_S)

    def close(self) -> None:
        """End pcscd and remove its folder."""
        self.stop()
        if self._directory is not None:
            shutil.rmtree(self._directory.parent, ignore_errors=True)
            self._directory = None

    def _free_readers(self) -> tuple[VirtualReader, ...]:
        port = self._port or _free_port_pair()
        return tuple(VirtualReader(name=f"{self._name} 00 {slot:02}", port=port + slot) for slot in range(2))

    def _launch(self, pcscd: _Pcscd, directory: Path, readers: tuple[VirtualReader, ...]) -> None:
        for leftover in ("pcscd.comm", "pcscd.pid", "pcscd.log"):  # of one that was killed
            (directory / leftover).unlink(missing_ok=True)
        conf_dir = directory / "conf.d"
        conf_dir.mkdir(exist_ok=True)
        unshare = _unshare()
        if unshare is not None:
            library, conf = f"{pcscd.drop_dir}/libifdvpcd.so", f"{pcscd.ipc_dir}/conf.d"
            script = ["sh", "-c", _PRIVATE, "sh", pcscd.library, pcscd.drop_dir, str(directory), pcscd.ipc_dir]
            command = [*unshare, *script, *pcscd.command(conf)]
            self._socket_path = directory / "pcscd.comm"
        else:
            library, command = pcscd.library, pcscd.command(str(conf_dir))
            self._socket_path = Path(pcscd.ipc_dir, "pcscd.comm")
            _refuse_a_second(self._socket_path)
        if len(os.fsencode(self._socket_path)) > _MAX_SOCKET_PATH:
            raise ConfigError("TMPDIR", f"{directory} is too long a path for a socket", "Set TMPDIR to a shorter one")
        (conf_dir / "vpcd").write_text(
            f'FRIENDLYNAME "{self._name}"\n'
            f"DEVICENAME /dev/null:0x{readers[0].port:X}\n"
            f"LIBPATH {library}\n"
            f"CHANNELID 0x{readers[0].port:X}\n"
        )
        with (directory / "pcscd.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _await(self, readers: tuple[VirtualReader, ...], timeout_s: float) -> None:
        """Return once a client of its own process sees both readers."""
        command = [sys.executable, "-m", "sandbox.phone.field.reader_probe", str(timeout_s), *(r.name for r in readers)]
        environment = os.environ | self.environment
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as probe:
            while (status := _status_within(probe, 0.05)) is None:
                if not self.running:
                    probe.kill()
            said = probe.stderr.read().strip() if probe.stderr is not None else ""
        if status != 0 or not self.running:
            log = self._log_tail()
            way_out = "See what it said; `unshare -m pcscd --foreground --debug` says more"
            raise ConfigError("pcscd", "; ".join(filter(None, ("no virtual readers", said, log))), way_out)

    def _log_tail(self) -> str:
        if self._directory is None:
            return ""
        return (self._directory / "pcscd.log").read_text(errors="replace")[-500:].strip()


def _word(version: str, key: str, default: str) -> str:
    found = re.search(rf"\b{key}=(\S+)", version)
    return found[1] if found else default


def _status_within(process: subprocess.Popen[str], timeout_s: float) -> int | None:
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None


def _unshare() -> list[str] | None:
    """How to start a program in a mount namespace of its own, as whom we are; None where that is forbidden."""
    command = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None:
        return None
    probe = subprocess.run(
        [*command, "mount", "-t", "tmpfs", "probe", "/mnt"], capture_output=True, check=False, timeout=10
    )
    return command if probe.returncode == 0 else None


def _refuse_a_second(socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        if client.connect_ex(str(socket_path)) == 0:
            raise ConfigError(
                "pcscd",
                "one is running already, and this account may not start another in a namespace of its own",
                "Run as root, or allow user namespaces, or use the readers of the running one",
            )
    if not os.access(socket_path.parent if socket_path.parent.exists() else socket_path.parent.parent, os.W_OK):
        raise ConfigError("pcscd", f"{socket_path.parent} is not writable", "Run as root, or allow user namespaces")


def _free_port_pair() -> int:
    """Find two free ports in a row, below the range from which the kernel serves outgoing connections."""
    deadline_s = time.monotonic() + 5
    while time.monotonic() < deadline_s:
        port = 20_000 + 2 * secrets.randbelow(6_000)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("0.0.0.0", port))  # noqa: S104 - as vpcd will
                second.bind(("0.0.0.0", port + 1))  # noqa: S104 - as vpcd will
            except OSError:
                continue
            return port
    raise ConfigError("vpcd", "no two free TCP ports between 20000 and 32000", "End some programs")
