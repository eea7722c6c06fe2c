# SPDX-License-Identifier: Apache-2.0
"""Linux's I2C bus, as far as a machine without one shows it: which system calls are made, on a file in its place."""

import fcntl
import os
from pathlib import Path

import pytest

from drivers.tags.i2c import LinuxI2c

I2C_SLAVE = 0x0703


@pytest.fixture
def selected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Every ioctl: its request and its argument."""
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(fcntl, "ioctl", lambda _file, request, argument: calls.append((request, argument)))
    return calls


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "i2c-1"
    path.touch()
    return path


def test_a_transaction_goes_to_its_address(file: Path, selected: list[tuple[int, int]]) -> None:
    bus = LinuxI2c(str(file))
    bus.write(0x55, b"\xfe\x06")
    assert file.read_bytes() == b"\xfe\x06"
    assert selected == [(I2C_SLAVE, 0x55)]
    bus.close()


def test_the_address_is_set_once_for_each_change(file: Path, selected: list[tuple[int, int]]) -> None:
    bus = LinuxI2c(str(file))
    for address in (0x55, 0x55, 0x20, 0x55):
        bus.write(address, b"\x00")
    bus.read(0x55, 1)
    assert [argument for _, argument in selected] == [0x55, 0x20, 0x55]
    bus.close()


def test_so_many_bytes_are_read_as_were_asked_for(file: Path, selected: list[tuple[int, int]]) -> None:
    file.write_bytes(bytes(range(16)))
    bus = LinuxI2c(str(file))
    assert [bus.read(0x55, 4), bus.read(0x55, 12)] == [bytes(range(4)), bytes(range(4, 16))]
    assert bus.read(0x55, 1) == b"", "nothing more: the caller counts"
    assert len(selected) == 1
    bus.close()


def test_an_address_that_is_taken_by_a_driver_is_tried_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def busy_once(_file: int, _request: int, address: int) -> None:
        calls.append(address)
        if len(calls) == 1:
            raise OSError(16, os.strerror(16))

    monkeypatch.setattr(fcntl, "ioctl", busy_once)
    bus = LinuxI2c(str(file))
    with pytest.raises(OSError, match="busy"):
        bus.write(0x55, b"\x00")
    bus.write(0x55, b"\x00")
    assert calls == [0x55, 0x55]
    bus.close()


def test_a_file_that_is_no_bus(file: Path) -> None:
    bus = LinuxI2c(str(file))
    with pytest.raises(OSError, match="ioctl"):
        bus.write(0x55, b"\x00")
    assert file.read_bytes() == b""
    bus.close()


def test_no_such_bus(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LinuxI2c(str(tmp_path / "i2c-9"))


def test_closed_is_closed(file: Path, selected: list[tuple[int, int]]) -> None:
    bus = LinuxI2c(str(file))
    bus.close()
    with pytest.raises(OSError, match="descriptor"):
        bus.write(0x55, b"\x00")
    assert len(selected) == 1
