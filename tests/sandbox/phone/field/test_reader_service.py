# SPDX-License-Identifier: Apache-2.0
"""The private PC/SC service: it starts, comes back as it was, leaves nothing, and says what is in the way."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pengpos.core.errors import ConfigError
from pengpos.serving.few_lines import FILE_SIZE_MOST
from sandbox.phone.field import reader_service
from sandbox.phone.field.reader_service import ReaderService


def listed(service: ReaderService) -> list[str]:
    """The readers a fresh PC/SC client sees."""
    script = "from drivers.readers.pcsc.discovery import list_readers; print(*list_readers(), sep='\\n')"
    return subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | service.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout.splitlines()


def test_it_offers_two_readers_at_ports_that_take_cards() -> None:
    with ReaderService("a shop") as service:
        assert listed(service) == ["a shop 00 00", "a shop 00 01"]
        assert [reader.name for reader in service.readers] == listed(service)
        for reader in service.readers:
            socket.create_connection(("127.0.0.1", reader.port), timeout=10).close()


def test_two_of_them_do_not_meet() -> None:
    with ReaderService("left") as left, ReaderService("right") as right:
        assert listed(left) == ["left 00 00", "left 00 01"]
        assert listed(right) == ["right 00 00", "right 00 01"]


@pytest.mark.parametrize("end", [ReaderService.stop, ReaderService.kill], ids=["stopped", "killed"])
def test_it_comes_back_at_the_same_place(end: object) -> None:
    assert callable(end)
    with ReaderService() as service:
        readers, environment = service.readers, service.environment
        end(service)
        assert not service.running
        service.start()
        assert (service.readers, service.environment) == (readers, environment)
        assert listed(service) == [reader.name for reader in readers]


def test_starting_what_runs_changes_nothing() -> None:
    with ReaderService() as service:
        readers = service.readers
        service.start()
        assert service.readers == readers


def test_nothing_is_left_behind() -> None:
    with ReaderService() as service:
        folder = Path(service.environment["PCSCLITE_CSOCK_NAME"]).parent.parent
        assert folder.stat().st_mode & 0o077 == 0, "nobody else may talk to it"
        with (folder / "run" / "pcscd.log").open("ab") as log:
            log.write(b"the same again\n" * (FILE_SIZE_MOST // 10))
        service.bound_log()
        assert sum(path.stat().st_size for path in folder.rglob("pcscd.log*")) == FILE_SIZE_MOST
    assert not folder.exists()
    assert not service.running
    service.close()


def test_the_machines_own_socket_is_not_used() -> None:
    with ReaderService() as service:
        assert not service.environment["PCSCLITE_CSOCK_NAME"].startswith("/run/pcscd")


def test_a_taken_port_is_an_error_and_no_other_is_taken_silently() -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            ReaderService(port=port).start(timeout_s=0.5)
    assert "no virtual readers" in caught.value.detail


def test_pcscd_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_kwargs: None)
    with pytest.raises(ConfigError) as caught:
        ReaderService().start()
    assert caught.value.where == "pcscd"
    assert "apt install pcscd vsmartcard-vpcd" in caught.value.way_out


@pytest.fixture
def odd_pcscd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pcscd of another build, whose folders are ours, on a machine that forbids namespaces."""
    drivers, ipc = tmp_path / "drivers", tmp_path / "ipc"
    drivers.mkdir()
    ipc.mkdir()
    program = tmp_path / "pcscd"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "usbdropdir={drivers} ipcdir={ipc}"\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(reader_service, "_unshare", lambda: None)
    return tmp_path


def test_vpcd_is_not_installed(odd_pcscd: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        ReaderService().start()
    assert caught.value.where == "vpcd"
    assert "apt install" in caught.value.way_out


def test_a_second_pcscd_in_the_same_place_is_refused(odd_pcscd: Path) -> None:
    (odd_pcscd / "drivers" / "libifdvpcd.so").touch()
    with socket.socket(socket.AF_UNIX) as running:
        running.bind(str(odd_pcscd / "ipc" / "pcscd.comm"))
        running.listen()
        with pytest.raises(ConfigError) as caught:
            ReaderService().start()
    assert "running already" in caught.value.detail


def test_a_pcscd_that_ends_at_once_is_noticed(odd_pcscd: Path) -> None:
    (odd_pcscd / "drivers" / "libifdvpcd.so").touch()
    with pytest.raises(ConfigError) as caught:
        ReaderService().start()
    assert caught.value.where == "pcscd"
