# SPDX-License-Identifier: Apache-2.0
"""What a running terminal says of itself is read, or is missing or damaged and said in one sentence."""

import json
from pathlib import Path

import pytest

from pengpos.core.errors import ConfigError
from pengpos.home import Home
from sandbox.phone.parts import Parts, phone_directory, read_parts


def write(home: Home, content: bytes) -> None:
    home.parts.parent.mkdir()
    home.parts.write_bytes(content)


@pytest.mark.parametrize("ports", [(), (35963,), (35963, 35964)], ids=["real readers", "one", "two"])
def test_a_terminal_that_runs_is_found(ports: tuple[int, ...], tmp_path: Path) -> None:
    home = Home(tmp_path)
    write(home, json.dumps({"backend": "http://127.0.0.1:8480", "vpcd_ports": ports, "of_a_later_version": 1}).encode())
    assert read_parts(home) == Parts(backend="http://127.0.0.1:8480", vpcd_ports=ports)


def test_where_no_terminal_runs_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no terminal is running here") as caught:
        read_parts(Home(tmp_path))
    assert "pengpos run" in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff\xfe", b"[]", b'{"backend": "http://127.0.0.1:1"}', b'{"backend": "", "vpcd_ports": []}',
        b'{"backend": "http://127.0.0.1:1", "vpcd_ports": ["reader"]}',
    ],
    ids=["empty", "cut", "no text", "a list", "without ports", "without a backend", "no port"],
)  # fmt: skip
def test_a_damaged_file_is_said_with_its_path_and_the_cure(content: bytes, tmp_path: Path) -> None:
    home = Home(tmp_path)
    write(home, content)
    with pytest.raises(ConfigError, match="not readable") as caught:
        read_parts(home)
    assert str(home.parts) in str(caught.value)
    assert "Start the terminal again" in str(caught.value)


def test_a_directory_in_its_place_is_said_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.parts.mkdir(parents=True)
    with pytest.raises(ConfigError, match="not readable"):
        read_parts(home)


@pytest.mark.parametrize("name", ["shopper", "Lin", "小林", "a-b_3", "x" * 32])
def test_a_phone_has_a_directory_by_its_name(name: str, tmp_path: Path) -> None:
    assert phone_directory(Home(tmp_path), name) == tmp_path / "phone" / name


@pytest.mark.parametrize("name", ["", ".", "..", "../keys", "/etc", "a/b", "a b", "Lin\n", "x" * 33])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a phone's name"):
        phone_directory(Home(tmp_path), name)
