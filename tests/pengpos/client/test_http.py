# SPDX-License-Identifier: Apache-2.0
"""The client of the local API against a real Unix socket."""

import contextlib
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pengpos.client import ApiProblem, DaemonAway, LocalClient, NewSale, NewSession, Problem
from tests.support.dripping import answer, dripping
from tests.ui.fake_daemon import FakeDaemon
from workshop.samples.screens import IDLE, SALE_ID, SAMPLES, online, sale

NEW = NewSale(idempotency_key="k", amount=1, currency="CNY")
PRESENTED = online(sale("presented", "cancel"))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(tmp_path / "t.sock", PRESENTED) as running:
        yield running


@pytest.fixture
def client(daemon: FakeDaemon) -> Iterator[LocalClient]:
    with LocalClient(daemon.socket_path) as made:
        yield made


def test_status_comes_as_a_value(client: LocalClient) -> None:
    assert client.status() == PRESENTED


def test_a_sale_comes_as_a_value(client: LocalClient) -> None:
    assert client.sale(SALE_ID) == PRESENTED.sale


def test_a_sale_is_started_with_its_key(client: LocalClient, daemon: FakeDaemon) -> None:
    assert client.start_sale(NewSale(idempotency_key="k1", amount=1880, currency="CNY")) == PRESENTED.sale
    path, body = daemon.calls[0]
    assert path == "sales"
    assert (body["idempotency_key"], body["amount"], body["currency"]) == ("k1", 1880, "CNY")


@pytest.mark.parametrize(
    ("call", "path", "body"),
    [
        (lambda client: client.again("s1"), "sales/s1/again", {}),
        (lambda client: client.cancel("s1"), "sales/s1/cancel", {"reason": "merchant"}),
        (lambda client: client.cancel("s1", "customer"), "sales/s1/cancel", {"reason": "customer"}),
        (lambda client: client.park("s1"), "sales/s1/park", {}),
        (lambda client: client.accept_offline("s1"), "sales/s1/accept-offline", {}),
        (lambda client: client.confirmation_code("s1", "12345678"), "sales/s1/confirmation-code", {"code": "12345678"}),
        (lambda client: client.sync(), "queue/sync", {}),
        (lambda client: client.alarm_seen("a1"), "alarms/a1/seen", {}),
        (lambda client: client.sign_out("t"), "operators/session", {}),
    ],
    ids=[
        "again",
        "cancel",
        "cancel for the shopper",
        "park",
        "accept offline",
        "code",
        "sync",
        "alarm seen",
        "sign out",
    ],
)
def test_each_call_goes_to_its_path(
    client: LocalClient,
    daemon: FakeDaemon,
    call: Callable[[LocalClient], None],
    path: str,
    body: dict[str, object],
) -> None:
    call(client)
    assert daemon.calls == [(path, body)]


def test_an_operator_signs_in_and_what_they_ask_for_says_so(client: LocalClient, daemon: FakeDaemon) -> None:
    session = client.sign_in("4711")
    assert (session.operator_id, session.role) == ("m-1", "manager")
    assert client.refund("s1", "k1", "returned", token=session.token).by == "m-1"
    client.accept_offline("s1", token=session.token)
    client.sign_out(session.token)
    assert [path for path, _ in daemon.calls] == [
        "operators/session", "sales/s1/refunds", "sales/s1/accept-offline", "operators/session",
    ]  # fmt: skip
    assert daemon.calls[0][1] == {"pin": "4711", "operator_id": None}
    assert daemon.tokens == [None, *["Bearer token of m-1"] * 3]


def test_no_pin_and_no_token_is_in_what_is_shown_of_a_value(client: LocalClient) -> None:
    assert "4711" not in repr(NewSession(pin="4711"))
    assert "token of" not in repr(client.sign_in("4711"))


def test_a_role_that_is_needed_is_in_the_problem(client: LocalClient, daemon: FakeDaemon) -> None:
    daemon.refuse = Problem(title="Forbidden", status=403, code="role_needed", action="refund", roles=["manager"])
    with pytest.raises(ApiProblem) as caught:
        client.refund("s1", "k1", "returned")
    assert (caught.value.problem.action, caught.value.problem.roles) == ("refund", ["manager"])


def test_a_no_is_a_problem(client: LocalClient, daemon: FakeDaemon) -> None:
    daemon.refuse = Problem(title="Conflict", status=409, code="busy", detail="sale 0001-1000 is still presented")
    with pytest.raises(ApiProblem, match="busy \\(409\\): sale 0001-1000") as caught:
        client.start_sale(NewSale(idempotency_key="k1", amount=1, currency="CNY"))
    assert caught.value.problem.code == "busy"


def test_the_first_event_is_the_present_state_then_each_change(client: LocalClient, daemon: FakeDaemon) -> None:
    stream = client.events()
    assert next(stream).status == PRESENTED
    approved = SAMPLES["approved"].status
    assert approved is not None
    daemon.publish(approved)
    seen = next(event for event in stream if event.status == approved)
    assert seen.event_id == "2"


def test_a_daemon_that_goes_away_ends_the_events(client: LocalClient, daemon: FakeDaemon) -> None:
    stream = client.events()
    next(stream)
    daemon.stop()
    list(stream)
    with pytest.raises(DaemonAway):
        client.status()
    daemon.start()


def test_nobody_at_the_socket_is_away(tmp_path: Path) -> None:
    with LocalClient(tmp_path / "none.sock") as client, pytest.raises(DaemonAway, match="does not answer"):
        client.status()


def answering(path: Path, answer: bytes) -> threading.Thread:
    """A server that gives one raw answer, then closes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with listener:
            while True:
                connection, _ = listener.accept()
                with connection:
                    if connection.recv(65536):  # the client knocks before it asks
                        with contextlib.suppress(BrokenPipeError):  # it has read enough
                            connection.sendall(answer)
                        return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [b"", b"not HTTP at all", HEAD + b"{}", HEAD + b"[1", HEAD + b'"' + b"x" * 5_000_000, b"HTTP/1.1 200 OK\r\n"],
    ids=["nothing", "no HTTP", "a field missing", "torn JSON", "five megabytes", "torn head"],
)
def test_an_answer_nobody_can_read_is_away(tmp_path: Path, answer: bytes) -> None:
    thread = answering(tmp_path / "t.sock", answer)
    with LocalClient(tmp_path / "t.sock") as client, pytest.raises(DaemonAway):
        client.status()
    thread.join(5)
    assert not thread.is_alive()


def test_a_no_without_a_document_is_still_a_problem(tmp_path: Path) -> None:
    thread = answering(tmp_path / "t.sock", b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n<html>")
    with LocalClient(tmp_path / "t.sock") as client, pytest.raises(ApiProblem) as caught:
        client.status()
    thread.join(5)
    assert (caught.value.problem.status, caught.value.problem.code) == (502, "unreadable")


def test_a_daemon_that_says_nothing_is_away_in_time(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "t.sock"))
        listener.listen()
        with LocalClient(tmp_path / "t.sock", call_limit_s=0.05) as client, pytest.raises(DaemonAway):
            client.status()


def test_a_queue_that_is_full_has_room_in_a_moment(client: LocalClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that connect by the hundred fill the kernel's queue for as long as the daemon takes to accept them."""
    full = [True, True]

    class Queue(socket.socket):
        def connect(self, address: Any) -> None:
            if full and full.pop():
                raise BlockingIOError(11, "Resource temporarily unavailable")
            super().connect(address)

    monkeypatch.setattr("pengpos.client._http.socket.socket", Queue)
    assert client.status() == PRESENTED
    assert full == []


def whole_request(connection: socket.socket) -> bytes:
    """Head and body, in however many pieces they come; empty at the end."""
    request = b""
    while b"\r\n\r\n" not in request:
        if not (piece := connection.recv(65_536)):
            return b""
        request += piece
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0 and (piece := connection.recv(missing)):
        request += piece
        missing -= len(piece)
    return request


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        (LocalClient.status, [b"GET", b"GET", b"GET"]),
        (lambda client: client.start_sale(NEW), [b"GET", b"POST", b"POST"]),
        (lambda client: client.sign_in("4711"), [b"GET", b"POST"]),
        (lambda client: client.confirmation_code("s1", "12345678"), [b"GET", b"POST"]),
    ],
    ids=["a look", "a sale, by its key", "a PIN costs a try", "a code costs a try"],
)
def test_a_kept_connection_that_is_closed_under_us(
    tmp_path: Path, call: Callable[[LocalClient], object], asked: list[bytes]
) -> None:
    """The daemon lets a silent one go where others want room, perhaps just as we use it."""
    seen: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        """Close the second request's connection unanswered; a knock says nothing."""
        while len(seen) < len(asked):
            connection, _ = listener.accept()
            with connection:
                while request := whole_request(connection):
                    seen.append(request.split()[0])
                    if len(seen) == 2:
                        break
                    connection.sendall(SALE if request.startswith(b"POST") else STATUS)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "t.sock"))
        listener.listen()
        serving = threading.Thread(target=serve, args=(listener,), daemon=True)
        serving.start()
        with LocalClient(tmp_path / "t.sock") as client:
            client.status()
            if len(asked) == 2:
                with pytest.raises(DaemonAway):
                    call(client)
            else:
                call(client)
        serving.join(20)
    assert seen == asked


STATUS = answer(msgspec.json.encode(IDLE))
SALE = answer(msgspec.json.encode(PRESENTED.sale))
EVENTS = answer(b": here\n\n", b"content-type: text/event-stream")


@pytest.mark.parametrize(
    ("call", "said", "at_once"),
    [
        (LocalClient.status, STATUS, 0),
        (LocalClient.status, STATUS, len(STATUS) - 300),
        (lambda client: next(client.events()), EVENTS, 0),
    ],
    ids=["its head", "its body", "the head of the events"],
)
def test_an_answer_that_drips_is_away_in_time(
    tmp_path: Path, call: Callable[[LocalClient], object], said: bytes, at_once: int
) -> None:
    """Each byte comes within the limit; the last one does not."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "t.sock"))
        listener.listen()
        with (
            dripping(listener, said, at_once=at_once),
            LocalClient(tmp_path / "t.sock", call_limit_s=0.5) as client,
            pytest.raises(DaemonAway, match=r"time"),
        ):
            call(client)


def test_newer_fields_are_ignored() -> None:
    grown = msgspec.json.decode(msgspec.json.encode(IDLE)) | {"moon_phase": "full"}
    assert msgspec.json.decode(msgspec.json.encode(grown), type=type(IDLE)) == IDLE


def test_importing_the_client_loads_no_http() -> None:
    code = "import sys, pengpos.client; print('httpx' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "False"
