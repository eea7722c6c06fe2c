# SPDX-License-Identifier: Apache-2.0
"""Where an installation keeps its state."""

import os
from pathlib import Path

import pytest

import pengpos.client
from pengpos.home import Home

PATHS = {
    "socket": "run/terminal.sock",
    "usual_socket": "run/terminal.sock",
    "parts": "run/parts.json",
    "sandbox": "sandbox",
    "phones": "phone",
    "enrolment": "terminal.json",
    "last_heard": "last_heard.json",
    "device_key": "device.key",
    "journal": "journal.db",
    "journal_key": "journal.key",
    "settings": "pengpos.toml",
    "items": "items.toml",
    "last_fault": "last_fault",
    "last_event": "last_event",
}


def test_every_path_is_below_the_root() -> None:
    home = Home(Path("/somewhere"))
    properties = {name for name, member in vars(Home).items() if isinstance(member, property)}
    properties.remove("spare_socket")  # for where nothing below the root can be made
    assert home.spare_socket.parent.parent == Path("/dev/shm")
    assert {name: str(getattr(home, name)) for name in properties} == {
        name: f"/somewhere/{path}" for name, path in PATHS.items()
    }


@pytest.mark.parametrize(
    ("said", "root"),
    [
        (None, "/home/shop/.local/state/pengpos"),
        ("", "/home/shop/.local/state/pengpos"),
        ("/var/lib/pengpos", "/var/lib/pengpos"),
        ("~/elsewhere", "/home/shop/elsewhere"),
    ],
    ids=["unset", "empty", "set", "under the user's own"],
)
def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch, said: str | None, root: str) -> None:
    monkeypatch.setenv("HOME", "/home/shop")
    monkeypatch.delenv("PENGPOS_HOME", raising=False)
    if said is not None:
        monkeypatch.setenv("PENGPOS_HOME", said)
    assert Home.of_environment() == Home(Path(root))


def test_the_client_offers_it() -> None:
    assert pengpos.client.Home is Home


def test_a_home_may_have_any_name_that_a_file_may_have() -> None:
    """`b"\\xff"` is no UTF-8, and was a traceback of every command."""
    names = {Home(Path(os.fsdecode(name))).spare_socket.name for name in (b"/home/\xff", b"/home/\xfe", b"/home/\n a")}
    assert len(names) == 3
