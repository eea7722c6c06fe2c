# SPDX-License-Identifier: Apache-2.0
"""What a machine says of itself, on a Pi, on a PC, and where it says nothing."""

import platform
from pathlib import Path

import pytest

from provisioning.machine import serial_and_model

PI = {"proc/device-tree/serial-number": b"10000000abcdef01\0", "proc/device-tree/model": b"Raspberry Pi 4 Model B\0"}
PC = {"sys/class/dmi/id/product_serial": b"SN-7\n", "sys/class/dmi/id/product_name": "终端 X\n".encode()}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (PI, ("10000000abcdef01", "Raspberry Pi 4 Model B")),
        (PC, ("SN-7", "终端 X")),
        ({**PC, "proc/device-tree/model": b"\0"}, ("SN-7", "终端 X")),
        ({"sys/class/dmi/id/product_name": b"a\x07b"}, (platform.node(), platform.machine())),
        ({"sys/class/dmi/id/product_name": "a\u200bb".encode()}, (platform.node(), platform.machine())),
        ({"proc/device-tree/model": b"x" * 200}, (platform.node(), "x" * 80)),
        ({}, (platform.node(), platform.machine())),
    ],
    ids=["Pi", "PC", "empty string", "control character", "format character", "too long", "nothing"],
)
def test_serial_and_model(tmp_path: Path, files: dict[str, bytes], expected: tuple[str, str]) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert serial_and_model(tmp_path) == expected
