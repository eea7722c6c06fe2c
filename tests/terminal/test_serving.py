# SPDX-License-Identifier: Apache-2.0
"""The daemon from its socket's first moment to its last."""

import asyncio
import json
import os
import socket
import stat
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from offline_queue.values import JournalBusyError
from pengpos.client import Home
from pengpos.core.errors import ConfigError, JournalError
from pengpos.keys.file import FileKey
from pengpos.keys.two_copies import copy_of
from sandbox.phone.phone import VirtualPhone
from terminal.app import Terminal
from terminal.serving import bind_socket
from tests.support.counter import Counter, until
from tests.support.loop_thread import LIMIT_S, LoopThread
from tests.support.road import never_answers
from tests.support.served import Daemon, served


def test_before_enrolment_it_says_so_and_sells_from_the_moment_it_is_enrolled(blank: Counter, loop: LoopThread) -> None:
    with served(blank.surroundings(), loop) as daemon, daemon.client() as till, ExitStack() as screen:
        assert till.get("/v1/status").json().get("terminal") is None
        events = screen.enter_context(till.stream("GET", "/v1/events")).iter_lines()
        assert [next(events).split(":")[0] for _ in range(3)] == ["id", "event", "data"]
        refused = till.post("/v1/sales", json={"idempotency_key": "a", "amount": 1, "currency": "CNY"})
        assert (refused.status_code, refused.json()["code"]) == (503, "not_enrolled")
        assert "pengpos enrol" in refused.json()["detail"]
        assert refused.headers["content-type"] == "application/problem+json"
        blank.enrol()
        daemon.until_ready()  # it says so again: now it can sell
        assert list(events) == [""]  # whoever followed comes again, and is told of an enrolled one
        sale = till.post("/v1/sales", json={"idempotency_key": "a", "amount": 1, "currency": "CNY"})
        assert sale.status_code == 201


def test_a_restart_that_the_operator_orders_begins_it_anew_in_the_same_process(
    enrolled: Counter, daemon: Daemon, phone: VirtualPhone
) -> None:
    terminal_id = json.loads(enrolled.home.enrolment.read_bytes())["terminal_id"]
    with daemon.client() as till, till.stream("GET", "/v1/events") as screen:
        events = screen.iter_lines()
        next(events)
        enrolled.sandbox.operator.call("POST", f"/terminals/{terminal_id}/commands", {"command": "restart"})
        list(events)  # whoever follows is let go
        sale = {"idempotency_key": "a", "amount": 1, "currency": "CNY"}
        until(lambda: till.post("/v1/sales", json=sale).status_code == 201, "it sells again")


def test_while_it_takes_up_its_journal_it_is_starting_and_not_unenrolled(
    enrolled: Counter, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    async def slowly(self: Terminal) -> ASGIApp:
        begun.set()
        await asyncio.to_thread(go_on.wait, LIMIT_S)
        return await start(self)

    start = Terminal.start
    monkeypatch.setattr(Terminal, "start", slowly)
    daemon = Daemon(enrolled.surroundings(), loop)
    assert begun.wait(LIMIT_S)
    with daemon.client() as till:
        for path in ("/v1/status", "/v1/events", "/v1/sales"):
            answer = till.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "starting")
        go_on.set()
        daemon.until_ready()
        assert till.get("/v1/status").json()["terminal"] is not None
    daemon.stop()


def test_it_leaves_nothing_behind(daemon: Daemon) -> None:
    assert daemon.home.socket.exists()
    daemon.stop()
    assert not daemon.home.socket.exists()
    assert not daemon.home.journal.with_name(daemon.home.journal.name + "-wal").exists()  # folded into the file


def test_a_second_daemon_takes_nothing_from_the_first(daemon: Daemon, enrolled: Counter, loop: LoopThread) -> None:
    second = Daemon(enrolled.surroundings(), loop)
    with pytest.raises(JournalBusyError):
        second.until_ready()
    with daemon.client() as till:
        assert till.get("/v1/status").status_code == 200


def test_a_second_daemon_that_is_not_enrolled_leaves_the_socket_too(blank: Counter, loop: LoopThread) -> None:
    with served(blank.surroundings(), loop) as first:
        second = Daemon(blank.surroundings(), loop)
        with pytest.raises(ConfigError, match="runs already"):
            second.until_ready()
        with first.client() as till:
            assert till.get("/v1/status").status_code == 200


def test_a_screen_that_listens_does_not_keep_it_from_ending(daemon: Daemon) -> None:
    with daemon.client() as screen, screen.stream("GET", "/v1/events") as events:
        lines = events.iter_lines()
        next(lines)
        daemon.stop()
        assert list(lines)[-1:] == [""]  # the last event was finished


def test_a_phone_that_is_kept_for_its_receipt_does_not_keep_it_from_ending(
    enrolled: Counter, loop: LoopThread, phone: VirtualPhone
) -> None:
    enrolled.open()
    enrolled.until_status(lambda status: status.link.online and status.readers)
    enrolled.road.put(never_answers(), "POST", "/v1/payments")
    sale = enrolled.present("18.80")
    with enrolled.held(phone):
        enrolled.until(sale, "authorised")
        loop.run(enrolled.terminal.stop(), limit_s=3.0)  # the phone would be kept for five seconds
    enrolled._terminal = None


def test_a_part_that_breaks_ends_the_daemon_and_says_what_it_was(
    enrolled: Counter, loop: LoopThread, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_self: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("terminal.backend.upkeep.Upkeep.run", breaks)
    daemon = Daemon(enrolled.surroundings(), loop)
    with pytest.raises(ZeroDivisionError):
        daemon.ended.result(LIMIT_S)
    assert "upkeep broke" in caplog.text
    assert not enrolled.home.socket.exists()
    monkeypatch.undo()
    with served(enrolled.surroundings(), loop) as again, again.client() as till:
        assert till.get("/v1/status").status_code == 200


def test_a_journal_whose_thread_has_stopped_ends_the_daemon(enrolled: Counter, loop: LoopThread) -> None:
    with served(enrolled.surroundings(), loop) as daemon, daemon.client() as till:
        enrolled.journal._stopped = ZeroDivisionError("a bug")
        order = {"idempotency_key": "a", "amount": 1, "currency": "CNY"}
        assert till.post("/v1/sales", json=order).status_code == 503
        with pytest.raises(JournalError):
            daemon.ended.result(LIMIT_S)
        enrolled.journal._stopped = None


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def of_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("spoil", [torn, emptied, of_zeros])
@pytest.mark.parametrize("name", ["journal.key", "terminal.json", "journal.key.copy", "terminal.json.copy"])
def test_of_a_small_file_that_is_torn_there_is_another(
    counter: Counter, loop: LoopThread, phone: VirtualPhone, name: str, spoil: Callable[[Path], None]
) -> None:
    """It sells on with what it had stored, and mends the file. Row 64 of 2026-11."""
    counter.lose_the_backend()
    sale = counter.tap(counter.present("6.00"), phone, "accepted_offline")
    counter.close()
    path = counter.home.root / name
    sound = path.read_bytes()
    spoil(path)
    with served(counter.surroundings(), loop) as again, again.client() as till:
        assert till.get(f"/v1/sales/{sale.id}").status_code == 200
        assert till.get("/v1/status").json()["terminal"]["terminal_id"]
    assert path.read_bytes() == sound


def test_a_key_that_is_gone_with_its_copy_is_not_drawn_anew(counter: Counter, loop: LoopThread) -> None:
    """The journal would be lost with the old one, which may yet be found."""
    counter.close()
    counter.home.journal_key.unlink()
    copy_of(counter.home.journal_key).unlink()
    daemon = Daemon(counter.surroundings(), loop)
    with pytest.raises(ConfigError, match=r"journal\.key: missing"):
        daemon.until_ready()
    assert not counter.home.journal_key.exists()


DAMAGED = [
    ("terminal.json", b"{", "not JSON"),
    ("terminal.json", b"[]", "not a JSON object"),
    ("terminal.json", b"{}", "damaged"),
    ("terminal.json", b'"\xff"', "not JSON"),
    ("device.key", b"no key", "PKCS #8"),
    ("journal.key", b"short", "32 bytes"),
    ("journal.db", b"x" * 4096, ""),
    ("pengpos.toml", b"[mirror", "not readable"),
]


@pytest.mark.parametrize(("name", "content", "says"), DAMAGED, ids=[f"{row[0]} {row[2]}" for row in DAMAGED])
def test_a_damaged_file_is_named(enrolled: Counter, loop: LoopThread, name: str, content: bytes, says: str) -> None:
    path = enrolled.home.root / name
    copy_of(path).unlink(missing_ok=True)
    if path.exists():
        path.write_bytes(content)
    else:
        path.touch(mode=0o600)
        path.write_bytes(content)
    daemon = Daemon(enrolled.surroundings(), loop)
    with pytest.raises((ConfigError, JournalError)) as raised:
        daemon.until_ready()
    assert name in str(raised.value)
    assert says in str(raised.value)
    assert not enrolled.home.socket.exists()


def test_another_devices_key_is_not_ours(enrolled: Counter, loop: LoopThread) -> None:
    enrolled.home.device_key.unlink()
    FileKey.load_or_create(enrolled.home.device_key)
    with pytest.raises(ConfigError, match="another device key"):
        Daemon(enrolled.surroundings(), loop).until_ready()


# --- the socket -------------------------------------------------------------------------------------------------------


def test_a_socket_that_nobody_answers_at_is_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.socket.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(home.socket))
    with bind_socket(home) as bound, socket.socket(socket.AF_UNIX) as somebody:
        bound.listen()
        somebody.connect(str(home.socket))
        assert somebody.getpeername() == str(home.socket)


def test_no_other_user_can_put_a_socket_in_its_place(tmp_path: Path) -> None:
    """Whatever the mask of who starts it: who may write there could answer in the terminal's stead."""
    before = os.umask(0)
    try:
        bind_socket(Home(tmp_path)).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(Home(tmp_path).socket.parent.stat().st_mode) & 0o022 == 0


@pytest.mark.parametrize("taken", ["file", "directory"])
def test_what_is_in_the_way_of_the_socket(tmp_path: Path, taken: str) -> None:
    home = Home(tmp_path)
    home.socket.parent.mkdir()
    if taken == "file":
        home.socket.write_text("")
        bind_socket(home).close()
    else:
        home.socket.mkdir()
        with pytest.raises(ConfigError):
            bind_socket(home)


def test_a_path_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    home = Home(tmp_path / ("x" * 100))
    with pytest.raises(ConfigError, match="shorter PENGPOS_HOME"):
        bind_socket(home)
