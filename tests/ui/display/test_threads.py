# SPDX-License-Identifier: Apache-2.0
"""The two threads beside the screen's: what they say of a daemon, that they come back and end."""

import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from pengpos.client import ApiProblem, Problem, Status
from tests.ui.fake_daemon import FakeDaemon
from ui.display import threads
from ui.display.threads import CALLS_MOST, INBOX_MOST, Answer, Away, Caller, Follower, Inbox, Message, Snapshot
from ui.state.calls import AlarmSeen, Call, SaleCall, Sync, Verb
from ui.state.local import Trouble
from workshop.samples.screens import IDLE, OFFLINE, SALE_ID

DEADLINE_S = 15.0
LATER = msgspec.structs.replace(IDLE, at=OFFLINE.at, readers=[])


class Listening(Inbox):
    """An inbox whose messages a test waits for."""

    def __init__(self) -> None:
        self.came = threading.Event()
        super().__init__(self.came.set)
        self.seen: list[Message] = []

    def until(self, found: Callable[[Message], bool]) -> Message:
        """The first message of that kind; fails if none comes."""
        while True:
            self.came.clear()
            self.seen += self.take()
            while self.seen:
                if found(message := self.seen.pop(0)):
                    return message
            assert self.came.wait(DEADLINE_S), "no such message"


class Pauses(threading.Event):
    """A stop flag that does not wait; `asked_s` holds how long it should have; set after so many."""

    def __init__(self, most: int, on_pause: Callable[[int], None] = lambda _count: None) -> None:
        super().__init__()
        self.asked_s: list[float | None] = []
        self._most = most
        self._on_pause = on_pause

    def wait(self, timeout: float | None = None) -> bool:
        self.asked_s.append(timeout)
        self._on_pause(len(self.asked_s))
        if len(self.asked_s) >= self._most:
            self.set()
        return self.is_set()


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "t.sock"


@pytest.fixture
def daemon(socket_path: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(socket_path, IDLE) as running:
        yield running


@pytest.fixture
def inbox() -> Listening:
    return Listening()


@pytest.fixture
def caller(socket_path: Path, inbox: Listening) -> Iterator[Caller]:
    running = Caller(socket_path, inbox)
    running.start()
    yield running
    running.stop()
    running.join(DEADLINE_S)
    assert not running.is_alive()


def is_away(message: Message) -> bool:
    return isinstance(message, Away)


def shows(status: Status) -> Callable[[Message], bool]:
    return lambda message: message == Snapshot(status)


# --- inbox ------------------------------------------------------------------------------------------------------------


def test_messages_are_taken_in_the_order_they_came(inbox: Listening) -> None:
    sent: list[Message] = [Away("1"), Snapshot(IDLE), Away("2")]
    assert all(inbox.put(message) for message in sent)
    assert inbox.take() == sent
    assert inbox.take() == []


def test_a_message_wakes_the_screen(inbox: Listening) -> None:
    inbox.put(Away("x"))
    assert inbox.came.is_set()


def test_a_screen_that_takes_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE_S", 0.01)
    inbox = Inbox(lambda: None)
    taken = [inbox.put(Away("x")) for _ in range(INBOX_MOST + 1)]
    assert taken == [True] * INBOX_MOST + [False]
    assert len(inbox.take()) == INBOX_MOST


# --- following --------------------------------------------------------------------------------------------------------


def test_an_unreachable_daemon_is_tried_again_and_less_and_less_often(socket_path: Path, inbox: Listening) -> None:
    follower = Follower(socket_path, inbox)
    pauses = follower._stopping = Pauses(8)
    follower.run()
    assert pauses.asked_s == [0.1, 0.25, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0]
    said = inbox.take()
    assert len(said) == 8
    assert all(is_away(message) for message in said)


def test_a_daemon_that_comes_later_is_found(socket_path: Path, inbox: Listening) -> None:
    follower = Follower(socket_path, inbox)
    follower.start()
    inbox.until(is_away)
    with FakeDaemon(socket_path, IDLE) as daemon:
        inbox.until(shows(IDLE))
        daemon.publish(LATER)
        inbox.until(shows(LATER))
        follower.stop()
    follower.join(DEADLINE_S)
    assert not follower.is_alive()


def test_a_daemon_that_goes_and_comes_back_is_followed_again(daemon: FakeDaemon, inbox: Listening) -> None:
    follower = Follower(daemon.socket_path, inbox)
    follower.start()
    inbox.until(shows(IDLE))
    daemon.stop()
    inbox.until(is_away)
    daemon.status = LATER
    daemon.start()
    inbox.until(shows(LATER))
    follower.stop()
    daemon.publish(IDLE)
    follower.join(DEADLINE_S)
    assert not follower.is_alive()


def test_one_answer_ends_the_backing_off(daemon: FakeDaemon, inbox: Listening) -> None:
    follower = Follower(daemon.socket_path, inbox)
    follower._failures = 4
    follower.start()
    inbox.until(shows(IDLE))
    follower.stop()
    daemon.publish(LATER)
    follower.join(DEADLINE_S)
    assert follower._failures == 0


def test_a_fault_of_our_own_is_written_down_shown_as_away_and_tried_again(
    daemon: FakeDaemon, inbox: Listening, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    follower = Follower(daemon.socket_path, inbox)

    def fails(_last_event_id: str | None) -> Iterator[object]:
        raise LookupError("a bug")

    monkeypatch.setattr(follower._client, "events", fails)
    follower._stopping = Pauses(3)
    follower.run()
    assert inbox.take() == [Away("LookupError('a bug')")] * 3
    assert capsys.readouterr().err.count("LookupError('a bug')") == 3


def test_a_screen_that_was_behind_gets_the_whole_present_state(
    daemon: FakeDaemon, inbox: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PATIENCE_S", 0.01)
    monkeypatch.setattr("pengpos.client._http.SILENCE_LIMIT_S", 2.0)  # by which the third time ends
    for _ in range(INBOX_MOST):
        inbox.put(Away("old"))
    follower = Follower(daemon.socket_path, inbox)

    def make_room(count: int) -> None:
        if count == 2:
            inbox.take()

    follower._stopping = Pauses(3, on_pause=make_room)
    follower.run()  # twice it finds the inbox full, and follows anew
    assert Snapshot(IDLE) in inbox.take()


# --- calling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "trouble"),
    [
        (None, None),
        (Problem(title="Conflict", status=409, code="busy", detail="another sale"), Trouble("busy", "another sale")),
        (Problem(title="Gone", status=410, code="gone"), Trouble("gone", "")),
    ],
    ids=["done", "refused", "refused without a word"],
)
def test_a_call_is_answered(
    daemon: FakeDaemon, caller: Caller, inbox: Listening, problem: Problem | None, trouble: Trouble | None
) -> None:
    call = SaleCall(SALE_ID, Verb.PARK)
    daemon.refuse = problem
    caller.make(call)
    assert inbox.until(lambda _message: True) == Answer(call, trouble)
    assert [path for path, _ in daemon.calls] == [f"sales/{SALE_ID}/park"]


def test_a_call_without_a_daemon_is_answered_and_the_next_one_is_made(
    socket_path: Path, caller: Caller, inbox: Listening
) -> None:
    caller.make(Sync())
    lost = inbox.until(lambda _message: True)
    assert isinstance(lost, Answer)
    assert lost.trouble is not None
    assert lost.trouble.code == "away"
    with FakeDaemon(socket_path, IDLE) as daemon:
        caller.make(Sync())
        assert inbox.until(lambda _message: True) == Answer(Sync(), None)
        assert daemon.calls == [("queue/sync", {})]


def test_calls_are_made_one_after_the_other_in_their_order(
    daemon: FakeDaemon, caller: Caller, inbox: Listening
) -> None:
    made: list[Call] = [AlarmSeen("1"), Sync(), AlarmSeen("2")]
    for call in made:
        caller.make(call)
    assert [inbox.until(lambda _message: True) for _ in made] == [Answer(call, None) for call in made]
    assert [path for path, _ in daemon.calls] == ["alarms/1/seen", "queue/sync", "alarms/2/seen"]


def test_a_fault_of_our_own_is_an_answer_and_the_thread_goes_on(
    daemon: FakeDaemon,
    caller: Caller,
    inbox: Listening,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(_client: object, _call: object) -> None:
        raise LookupError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(threads, "perform", fails)
        caller.make(Sync())
        assert inbox.until(lambda _message: True) == Answer(Sync(), Trouble("fault", "LookupError('a bug')"))
    assert "LookupError('a bug')" in capsys.readouterr().err
    caller.make(Sync())
    assert inbox.until(lambda _message: True) == Answer(Sync(), None)


def test_calls_that_wait_are_few_and_one_too_many_is_answered(socket_path: Path, inbox: Listening) -> None:
    idle = Caller(socket_path, inbox)  # not started: nothing is taken from its queue
    numbers = itertools.count()
    for _ in range(CALLS_MOST):
        idle.make(AlarmSeen(str(next(numbers))))
    assert inbox.take() == []
    idle.make(AlarmSeen("one too many"))
    assert inbox.take() == [Answer(AlarmSeen("one too many"), Trouble("away", "too many calls wait"))]


def test_stopping_never_waits(socket_path: Path, inbox: Listening) -> None:
    idle = Caller(socket_path, inbox)
    for _ in range(CALLS_MOST):
        idle.make(Sync())
    idle.stop()
    with pytest.raises(queue.Full):
        idle._calls.put_nowait(None)


def test_a_refused_stream_is_shown_as_away(
    daemon: FakeDaemon, inbox: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower(daemon.socket_path, inbox)
    refused = ApiProblem(Problem(title="Too many", status=503, code="too_many"))

    def refuses(_last_event_id: str | None) -> Iterator[object]:
        raise refused

    monkeypatch.setattr(follower._client, "events", refuses)
    follower._stopping = Pauses(1)
    follower.run()
    assert inbox.take() == [Away(str(refused))]
