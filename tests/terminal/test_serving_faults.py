# SPDX-License-Identifier: Apache-2.0
"""A fault of our own is said to be one: no answer, alarm or screen speaks of storage, and the next process tells it.

Module under test: `terminal.serving`, with the whole terminal behind it.
"""

import re
import socket
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import closing, suppress

import httpx
import msgspec
import pytest

from offline_queue.journal.connection import Connection, connect
from offline_queue.journal.files import load_key
from pengpos.client import Home, Problem, Status
from pengpos.core.errors import (
    JournalDamagedError,
    JournalError,
    JournalFaultError,
    JournalFullError,
    JournalUnusableError,
)
from pengpos.i18n import LANGUAGES
from tests.support.counter import Counter, FillingJournal
from tests.support.loop_thread import LIMIT_S, LoopThread
from tests.support.served import Daemon, served
from tests.ui.scenes import typesetter
from ui.projection import project
from ui.state.local import Page, Trouble
from workshop.samples.screens import local

OF_STORAGE = re.compile(r"\b(?:storage|card|make room|disk|full)\b|存储|儲存|存满|存滿|空间|空間", re.IGNORECASE)
LOOK_AGAIN_S = 0.01
ORDER = {"idempotency_key": "a", "amount": 18_80, "currency": "CNY"}


@pytest.fixture
def enrolled(counter: Counter) -> Counter:
    """Enrolled, and switched off: the test serves it."""
    counter.close()
    return counter


def alter(home: Home, *statements: str) -> None:
    """Change a journal behind its terminal's back."""
    with closing(connect(home.journal, load_key(home.journal_key))) as connection:
        run: Connection = connection
        for statement in statements:
            run.execute(statement)


def rename(table: str, *, back: bool = False) -> str:
    names = (f"{table}_away", table) if back else (table, f"{table}_away")
    return f"ALTER TABLE {names[0]} RENAME TO {names[1]}"


def words_on_screens(status: Status | None, problem: Problem) -> str:
    """Everything the screen would show of it, on each of its pages in each language."""
    trouble = Trouble(problem.code, problem.detail or "")
    scenes = (
        project(status, local(language=language, page=page, trouble=trouble), typesetter())
        for language in LANGUAGES
        for page in Page
    )
    return "\n".join(word for scene in scenes for word in scene.words)


def refusal(answer: httpx.Response) -> Problem:
    return msgspec.json.decode(answer.content, type=Problem)


@pytest.mark.parametrize("table", ["sale", "journal", "intent"])
def test_a_renamed_table_is_a_fault_of_the_software(enrolled: Counter, loop: LoopThread, table: str) -> None:
    """It shows the fault, ends, tells the next one; and that one sells again once the table is back."""
    with served(enrolled.surroundings(), loop) as daemon:
        with daemon.client() as till, till.stream("GET", "/v1/events?only=status") as events:
            lines = events.iter_lines()
            next(lines)
            alter(daemon.home, rename(table))
            refused = refusal(till.post("/v1/sales", json=ORDER))
            told = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
        with pytest.raises(JournalFaultError, match="no such table"):
            daemon.ended.result(LIMIT_S)
    last = msgspec.json.decode(told[-1], type=Status)
    assert [alarm.kind for alarm in last.alarms] == ["software"]
    assert refused.code == "software"
    assert OF_STORAGE.findall(words_on_screens(last, refused)) == []

    waiting = Daemon(enrolled.surroundings(), loop, shows_why_s=LIMIT_S)
    status, refused = while_it_cannot_start(waiting)
    assert [alarm.kind for alarm in status.alarms] == ["software"]
    assert status.terminal is not None
    assert OF_STORAGE.findall(words_on_screens(status, refused)) == []
    with pytest.raises(JournalFaultError):
        waiting.stop()

    alter(enrolled.home, rename(table, back=True))
    with served(enrolled.surroundings(), loop) as again, again.client() as till:
        assert till.post("/v1/sales", json=ORDER).status_code == 201
        status = msgspec.json.decode(till.get("/v1/status").content, type=Status)
        (alarm,) = [alarm for alarm in status.alarms if alarm.kind == "software"]
        assert "no such table" in alarm.text
        assert OF_STORAGE.findall(f"{alarm.text_in} {alarm.cure_in}") == []
        assert till.post(f"/v1/alarms/{alarm.id}/seen").status_code == 200
    assert not enrolled.home.last_fault.exists()


def while_it_cannot_start(daemon: Daemon) -> tuple[Status, Problem]:
    """What a daemon says at its socket that is not ready to sell, once it says so; raises what it ended of instead."""

    def until(holds: Callable[[], bool]) -> None:
        while not holds():
            if wait([daemon.ended], LOOK_AGAIN_S).done:
                daemon.ended.result()

    until(lambda: listens(daemon.home))
    with daemon.client() as till:
        until(lambda: till.get("/v1/status").status_code == 200)  # until then it is starting
        status = msgspec.json.decode(till.get("/v1/status").content, type=Status)
        return status, refusal(till.post("/v1/sales", json=ORDER))


def listens(home: Home) -> bool:
    """Whether something listens at its socket; httpx leaves a connection open that is refused."""
    with socket.socket(socket.AF_UNIX) as one, suppress(OSError):
        one.connect(str(home.socket))
        return True
    return False


def cut_short(home: Home) -> None:
    with home.journal.open("r+b") as file:
        file.truncate(8_192)


@pytest.mark.parametrize("spoil", [cut_short], ids=["cut short"])
def test_a_damaged_journal_is_said_to_be_one(
    enrolled: Counter, loop: LoopThread, spoil: Callable[[Home], None]
) -> None:
    spoil(enrolled.home)
    daemon = Daemon(enrolled.surroundings(), loop, shows_why_s=LIMIT_S)
    status, refused = while_it_cannot_start(daemon)
    assert [alarm.kind for alarm in status.alarms] == ["journal_damaged"]
    assert (refused.code, refused.status) == ("journal", 503)
    with pytest.raises(JournalUnusableError):
        daemon.stop()


def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was under way cannot be written."""
    monkeypatch.setattr(FillingJournal, "refuses", staticmethod(lambda _changes: True))


def damaged_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was under way cannot be read, though the journal opens."""

    def damaged(_self: object) -> None:
        raise JournalDamagedError("journal.db", "the database is damaged or cut short", "Keep it")

    monkeypatch.setattr(FillingJournal, "open_sales", damaged)


@pytest.mark.parametrize(
    ("fails", "error", "alarm", "code"),
    [(full, JournalFullError, "journal", "journal_full"),
     (damaged_page, JournalDamagedError, "journal_damaged", "journal")],
    ids=["full card", "damaged page"],
)  # fmt: skip
def test_what_fails_after_the_journal_has_opened_is_said_too(
    counter: Counter, loop: LoopThread, monkeypatch: pytest.MonkeyPatch,
    fails: Callable[[pytest.MonkeyPatch], None], error: type[JournalError], alarm: str, code: str,
) -> None:  # fmt: skip
    """A sale whose life ran out while the terminal was off has to be taken up: until it can be, the screen says why."""
    sale = counter.present("18.80")
    counter.close()
    counter.pass_time(3_600)
    fails(monkeypatch)
    waiting = Daemon(counter.surroundings(), loop, shows_why_s=LIMIT_S)
    status, refused = while_it_cannot_start(waiting)
    assert [shown.kind for shown in status.alarms] == [alarm]
    assert status.terminal is not None
    assert refused.code == code
    with pytest.raises(error):
        waiting.stop()

    monkeypatch.undo()
    with served(counter.surroundings(), loop) as again, again.client() as till:
        assert till.get(f"/v1/sales/{sale.id}").json()["state"] != "presented"
        assert till.post("/v1/sales", json=ORDER).status_code == 201


def test_a_bug_that_ends_it_is_told_by_the_next_one(
    enrolled: Counter, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_self: object) -> None:
        raise ZeroDivisionError("with a secret in it")

    monkeypatch.setattr("terminal.backend.upkeep.Upkeep.run", breaks)
    with pytest.raises(ZeroDivisionError):
        Daemon(enrolled.surroundings(), loop).ended.result(LIMIT_S)
    monkeypatch.undo()
    with served(enrolled.surroundings(), loop) as again, again.client() as till:
        status = msgspec.json.decode(till.get("/v1/status").content, type=Status)
    (alarm,) = [alarm for alarm in status.alarms if alarm.kind == "software"]
    assert "ZeroDivisionError" in alarm.text
    assert "secret" not in alarm.text
