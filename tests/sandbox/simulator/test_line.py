# SPDX-License-Identifier: Apache-2.0
"""The terminal's line and its switch: terminals are cut off, everybody else gets through."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pengpos.core.errors import ConfigError
from sandbox.simulator import line as module
from sandbox.simulator.line import FIRST_LINE_MOST, Line

LIMIT_S = 10.0
WORDS = b"x" * 200_000
PAID: list[str] = []


class _Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(WORDS)))
        self.end_headers()
        self.wfile.write(WORDS)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        PAID.append(self.path)
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def line() -> Iterator[Line]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Upstream)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with Line() as made:
        made.start(server.server_port)
        yield made
    server.shutdown()
    thread.join()
    server.server_close()


class Caller:
    """One connection through the line."""

    def __init__(self, line: Line) -> None:
        self.socket = socket.create_connection(("127.0.0.1", line.port), timeout=LIMIT_S)

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, path: str, body: str | None = None) -> bool:
        """Whether the whole answer came."""
        method, length = ("GET", "") if body is None else ("POST", f"Content-Length: {len(body)}\r\n")
        try:
            self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: backend\r\n{length}\r\n{body or ''}".encode())
            answer = b""
            while not answer.endswith(WORDS):
                piece = self.socket.recv(65_536)
                if not piece:
                    return False
                answer += piece
        except ConnectionError:
            return False
        return True

    def is_ended(self) -> bool:
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True


def test_everything_gets_through_while_it_is_up(line: Line) -> None:
    with Caller(line) as terminal, Caller(line) as phone:
        assert terminal.ask("/v1/health")
        assert phone.ask("/wallet/v1/balance")
        assert terminal.ask("/v1/health")  # the same connection once more


def test_cutting_ends_a_terminals_connection_and_nobody_elses(line: Line) -> None:
    with Caller(line) as terminal, Caller(line) as phone:
        assert terminal.ask("/v1/events")
        assert phone.ask("/t/AAAA")
        line.cut()
        assert terminal.is_ended()
        assert phone.ask("/t/AAAA")
        assert not line.is_up


def test_a_cut_line_takes_no_new_terminal_until_it_is_mended(line: Line) -> None:
    line.cut()
    with Caller(line) as terminal, Caller(line) as phone:
        assert not terminal.ask("/v1/health")
        assert phone.ask("/wallet/v1/balance")
    line.mend()
    with Caller(line) as terminal:
        assert terminal.ask("/v1/health")


@pytest.mark.parametrize("used_before", [False, True], ids=["a new connection", "one that has served"])
def test_it_may_break_in_a_payment_which_the_backend_gets(line: Line, used_before: bool) -> None:
    PAID.clear()
    with Caller(line) as terminal, Caller(line) as another, Caller(line) as phone:
        assert another.ask("/v1/events")
        assert not used_before or terminal.ask("/v1/health")
        line.break_in_payment()
        assert line.is_up
        assert another.ask("/v1/intents/1", "{}")  # anything else gets through
        assert phone.ask("/wallet/v1/balance")
        assert not terminal.ask("/v1/payments", "{}")
        assert PAID == ["/v1/intents/1", "/v1/payments"]
        assert another.is_ended()
        assert not line.is_up
        assert phone.ask("/wallet/v1/balance")
    line.mend()
    with Caller(line) as terminal:
        assert terminal.ask("/v1/payments", "{}")


@pytest.mark.parametrize("said", [b"", b"GET /v1/he", b"x" * (FIRST_LINE_MOST + 2)], ids=["nothing", "half", "endless"])
def test_who_never_says_what_they_want_is_let_go(line: Line, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_LINE_LIMIT_S", 0.05)
    with Caller(line) as caller:
        caller.socket.sendall(said)
        assert caller.is_ended()


def test_more_connections_than_it_holds_are_let_go(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECTIONS_MOST", 1)
    with Caller(line) as first:
        assert first.ask("/v1/health")
        with Caller(line) as second:
            assert second.is_ended()
        assert first.ask("/v1/health")


def test_without_a_backend_behind_it_a_connection_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        nobody = probe.getsockname()[1]
    with Line() as line:
        line.start(nobody)
        with Caller(line) as caller:
            assert not caller.ask("/v1/health")


def test_a_port_that_is_taken_is_said() -> None:
    with Line() as first, pytest.raises(ConfigError, match=f"port {first.port}"):
        Line(first.port)


def test_a_port_that_is_taken_is_passed_over_where_another_will_do() -> None:
    with Line() as first, Line(first.port, 0) as second:
        assert second.port not in {0, first.port}


def test_closing_ends_what_is_open(line: Line) -> None:
    with Caller(line) as phone:
        assert phone.ask("/t/AAAA")
        line.close()
        assert phone.is_ended()


def test_who_says_nothing_keeps_no_one_else_out(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECTIONS_MOST", 3)
    with Caller(line) as first, Caller(line) as second, Caller(line) as third:
        assert second.ask("/v1/health")
        third.socket.sendall(b"GET /v1/he")
        with Caller(line) as another:
            assert another.ask("/t/AAAA")
            assert first.is_ended()
            with Caller(line) as one_more:
                assert one_more.ask("/v1/health")
                assert third.is_ended()
                with Caller(line) as too_many:  # the others have all said what they want
                    assert not too_many.ask("/v1/health")
                assert second.ask("/v1/health")


def test_a_line_may_end_as_old_clients_end_it(line: Line) -> None:
    with Caller(line) as caller:
        caller.socket.sendall(b"GET /t/AAAA HTTP/1.0\n\n")
        answer = b""
        while piece := caller.socket.recv(65_536):
            answer += piece
        assert answer.endswith(WORDS)
