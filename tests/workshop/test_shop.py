# SPDX-License-Identifier: Apache-2.0
"""The small looks of a shop: ports, displays, an enrolment that is somebody else's."""

import json
import socket
from pathlib import Path

import pytest

from pengpos.client import Home
from pengpos.core.errors import ConfigError
from sandbox.phone.field.reader_service import ReaderService
from sandbox.simulator.line import Line
from workshop.shop import DEFAULT_SANDBOX_PORT, Shop, free_ports, has_display


def test_a_port_that_somebody_listens_at_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not free_ports((port,))
        assert not free_ports((1, port))
    assert free_ports((port,))


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_is_one_that_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for known in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(known, raising=False)
    assert has_display() == Path("/dev/dri/card0").exists()
    monkeypatch.setenv(name, ":0")
    assert has_display()


def test_parts_are_for_the_phone_to_find(tmp_path: Path) -> None:
    shop = Shop(Home(tmp_path), backend="http://127.0.0.1:8480")
    shop.write_parts()
    assert json.loads(Home(tmp_path).parts.read_bytes()) == {"backend": "http://127.0.0.1:8480", "vpcd_ports": []}


def test_a_terminal_enrolled_here_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "terminal.json").write_text(json.dumps({"backend": "http://127.0.0.1:8480"}))
    assert not Shop(Home(tmp_path), backend="http://127.0.0.1:8480").enrol()


BAD = [
    ("elsewhere", json.dumps({"backend": "https://pay.example"}), "enrolled at https://pay.example"),
    ("nowhere", "{}", "enrolled at None"),
    ("damaged", "{", "not JSON"),
]


@pytest.mark.parametrize(("content", "says"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_an_enrolment_that_does_not_fit_is_said(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "terminal.json").write_text(content)
    with pytest.raises(ConfigError, match=says) as raised:
        Shop(Home(tmp_path), backend="http://127.0.0.1:8480").enrol()
    assert raised.value.way_out


def test_the_sandbox_goes_where_the_terminal_is_enrolled(tmp_path: Path) -> None:
    """It may have got another port than the usual one the first time; its address is part of the enrolment."""
    (tmp_path / "terminal.json").write_text(json.dumps({"backend": "http://127.0.0.1:35697"}))
    assert Shop(Home(tmp_path)).sandbox_ports() == (35697,)


def test_a_new_home_takes_the_usual_port_if_it_is_free(tmp_path: Path) -> None:
    assert Shop(Home(tmp_path)).sandbox_ports() == (DEFAULT_SANDBOX_PORT, 0)


def test_a_reader_service_that_ended_is_started_again(reader_service: ReaderService, tmp_path: Path) -> None:
    shop = Shop(Home(tmp_path), reader_service=reader_service)
    assert not shop.revive_readers()
    before = reader_service.readers
    reader_service.kill()
    assert shop.revive_readers()
    assert reader_service.running
    assert reader_service.readers == before


def test_readers_that_somebody_switched_off_stay_off_until_they_are_on(
    reader_service: ReaderService, tmp_path: Path
) -> None:
    shop = Shop(Home(tmp_path), reader_service=reader_service)
    shop.switch("reader", "off")
    assert not reader_service.running
    assert not shop.revive_readers()
    shop.switch("reader", "on")
    assert reader_service.running


def test_the_line_is_switched_and_what_has_no_switch_is_left(tmp_path: Path) -> None:
    shop = Shop(Home(tmp_path))
    shop.switch("link", "off")
    shop.switch("reader", "off")
    with Line() as line:
        shop.line = line
        shop.switch("link", "off")
        assert not line.is_up
        shop.switch("link", "on")
        assert line.is_up
