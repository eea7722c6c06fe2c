# SPDX-License-Identifier: Apache-2.0
"""A medium that takes nothing at the start, or a damaged journal: said, and what is stored is delivered all the same.

Rows 57 and 63 of 2026-11.
"""

import errno
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from offline_queue.export import unsent
from pengpos.client import Home, Status
from pengpos.core.errors import JournalError, JournalMediumError, JournalUnusableError
from pengpos.core.ports import Clock
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Sign1
from sandbox.phone.phone import VirtualPhone
from terminal import delivery, serving
from terminal.wiring import Surroundings
from tests.support.counter import Counter, until
from tests.support.eavesdropper import edits
from tests.support.loop_thread import LIMIT_S, LoopThread
from tests.support.road import Road
from tests.support.served import Daemon

READ_ONLY = JournalMediumError("journal.db: Read-only file system", "Replace the card")
ORDER = {"idempotency_key": "a", "amount": 18_80, "currency": "CNY"}


def booked(counter: Counter) -> list[int]:
    """What the backend has of this terminal."""
    terminal_id = json.loads(counter.home.enrolment.read_bytes())["terminal_id"]
    return sorted(counter.sandbox.booked(terminal_id).values())


@pytest.fixture
def stored(counter: Counter, phone: VirtualPhone) -> Counter:
    """Two payments are stored, and the terminal is off."""
    counter.lose_the_backend()
    for amount in ("6.00", "7.00"):
        counter.tap(counter.present(amount), phone, "accepted_offline")
    counter.close()
    counter.road = Road()  # the line is back
    assert booked(counter) == []
    return counter


def takes_nothing(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """Neither a row, nor the index beside the log by which SQLite would read it."""

    def refuses(_path: Path, _key: bytes, _clock: Clock) -> object:
        raise READ_ONLY

    def cannot_be_read(_path: Path, _key: bytes) -> object:
        raise READ_ONLY

    monkeypatch.setattr(unsent, "JournalReader", cannot_be_read)
    return replace(counter.surroundings(), open_journal=refuses)  # type: ignore[arg-type]  # it returns nothing


def damaged(counter: Counter, _monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """Its fourth page is zeros: the journal's own."""
    content = bytearray(counter.home.journal.read_bytes())
    content[3 * 4_096 : 4 * 4_096] = bytes(4_096)
    counter.home.journal.write_bytes(content)
    return counter.surroundings()


def status_of(daemon: Daemon, wanted: Callable[[Status], bool]) -> Status:
    found: list[Status] = []

    def look() -> bool:
        with daemon.client() as till:
            answer = till.get("/v1/status")
            if answer.status_code == 200:
                found.append(msgspec.json.decode(answer.content, type=Status))
        return bool(found) and wanted(found[-1])

    until(lambda: daemon.home.socket.exists() and look(), "what it says")
    return found[-1]


def all_delivered(seen: Status) -> bool:
    return any("2 have been sent" in alarm.text for alarm in seen.alarms)


@pytest.mark.parametrize(
    ("trouble", "error", "alarm"),
    [(takes_nothing, JournalMediumError, "journal"), (damaged, JournalUnusableError, "journal_damaged")],
    ids=["read-only", "damaged"],
)
def test_what_is_stored_is_delivered_and_nothing_is_sold(
    stored: Counter, loop: LoopThread, monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Counter, pytest.MonkeyPatch], Surroundings], error: type[JournalError], alarm: str,
) -> None:  # fmt: skip
    daemon = Daemon(trouble(stored, monkeypatch), loop, shows_why_s=LIMIT_S)
    status = status_of(daemon, all_delivered)
    assert [one.kind for one in status.alarms] == ["stranded", alarm]
    assert status.queue.count == 0
    assert status.terminal is not None
    assert booked(stored) == [6_00, 7_00]
    with daemon.client() as till:
        assert till.post("/v1/sales", json=ORDER).status_code == 503
    with pytest.raises(error):
        daemon.stop()


def test_once_the_card_takes_rows_again_nothing_is_paid_twice(
    stored: Counter, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Daemon(takes_nothing(stored, monkeypatch), loop, shows_why_s=LIMIT_S)
    status_of(daemon, all_delivered)
    with pytest.raises(JournalMediumError):
        daemon.stop()
    monkeypatch.undo()
    stored.open()
    until(lambda: stored.status.queue.count == 0, "delivered again")
    assert booked(stored) == [6_00, 7_00]


def test_what_nobody_has_signed_delivers_nothing(
    stored: Counter, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TLS end says no in the backend's place: the payments are sent again."""
    monkeypatch.setattr(delivery, "AGAIN_S", 0.05)
    policy = json.loads(stored.home.last_heard.read_bytes())["policy"]
    assert json.loads(Sign1.parse(unb64u(policy), max_size=10**6).payload)["signs_answers"] is True
    stored.road.put(edits(all_declined), "POST", "/v1/payments/batch", times=2)
    daemon = Daemon(takes_nothing(stored, monkeypatch), loop, shows_why_s=LIMIT_S)
    status_of(daemon, all_delivered)
    assert stored.road.count("POST", "/v1/payments/batch") == 3
    assert booked(stored) == [6_00, 7_00]
    with pytest.raises(JournalMediumError):
        daemon.stop()


def all_declined(body: bytes) -> bytes:
    """As the backend writes it, but for what counts."""
    answer = json.loads(body)
    for verdict in answer["verdicts"]:
        verdict |= {"status": "declined", "code": "insufficient_funds", "reason": 23, "receipt": None}
    return json.dumps(answer).encode()


def test_on_a_medium_that_takes_no_socket_it_listens_in_memory(
    stored: Counter, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = serving._bound

    def takes_no_socket(path: Path) -> object:
        if path == stored.home.usual_socket:
            raise OSError(errno.EROFS, "Read-only file system")
        return bound(path)

    monkeypatch.setattr(serving, "_bound", takes_no_socket)
    daemon = Daemon(takes_nothing(stored, monkeypatch), loop, shows_why_s=LIMIT_S)
    status_of(daemon, lambda seen: bool(seen.alarms))
    assert stored.home.socket == stored.home.spare_socket
    assert stored.home.socket.parent.stat().st_mode & 0o077 == 0
    with pytest.raises(JournalMediumError):
        daemon.stop()
    assert stored.home.socket == stored.home.usual_socket


def test_a_socket_of_another_users_is_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    monkeypatch.setattr("os.getuid", lambda: 4_711)
    assert home.socket == home.usual_socket
