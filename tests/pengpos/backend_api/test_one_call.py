# SPDX-License-Identifier: Apache-2.0
"""One call by itself: its deadline is for all of it, whatever comes byte by byte, and wherever the name leads."""

import socket
import threading
from typing import Any

import httpx
import pytest

from pengpos.backend_api.one_call import call_once, reason_of
from tests.support.dripping import HEAD, answer, dripping, listening_on_tcp, origin_of

DEADLINE_S = 0.5
WELL = b'{"status": "ok"}'


def ask(url: str, deadline_s: float = DEADLINE_S) -> tuple[httpx.Response, bytes]:
    return call_once("GET", url, deadline_s=deadline_s, size_most=1_000, transport=None)


@pytest.mark.parametrize("at_once", [0, len(HEAD) + 25], ids=["head", "body"])
def test_an_answer_that_drips_is_given_up_at_the_deadline(at_once: int) -> None:
    """Each byte comes soon; the last one after four seconds."""
    with (
        listening_on_tcp() as listening,
        dripping(listening, answer(b" " * 200 + WELL), at_once=at_once),
        pytest.raises(httpx.ReadTimeout, match=r"no answer within 0\.5 s"),
    ):
        ask(origin_of(listening))


def test_an_answer_in_time_is_read_whole() -> None:
    said = answer(WELL)
    with listening_on_tcp() as listening, dripping(listening, said, at_once=len(said)):
        response, raw = ask(origin_of(listening), 20)
    assert (response.status_code, raw) == (200, WELL)


def test_an_address_that_leads_nowhere_does_not_hide_the_one_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """As IPv6 behind many a router: what is sent there is lost, and nothing says so."""
    said = answer(WELL)
    with (
        listening_on_tcp() as listening,
        socket.create_server(("127.0.0.2", listening.getsockname()[1]), backlog=0) as nowhere,
        socket.create_connection(nowhere.getsockname()),  # its queue is full: further calls are not answered
        dripping(listening, said, at_once=len(said)),
    ):
        port = listening.getsockname()[1]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        _, raw = ask(f"http://pay.example:{port}", 20)
    assert raw == WELL


def test_a_name_that_is_looked_up_for_ever_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver cannot be given up; the call can, and so can the program."""
    over = threading.Event()

    def looks_up(*_: Any, **__: Any) -> list[Any]:
        assert over.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", looks_up)
    with pytest.raises(httpx.TimeoutException):
        ask("http://pay.example")
    assert [thread.name for thread in threading.enumerate()].count("names") == 1, "it was given up, not waited for"
    over.set()


def test_a_refused_connection_is_said_in_the_systems_words() -> None:
    with listening_on_tcp() as nobody_accepts:
        url = origin_of(nobody_accepts)
    with pytest.raises(httpx.ConnectError) as caught:
        ask(url, 20)
    assert reason_of(caught.value) == "Connection refused"
    assert reason_of(httpx.ReadTimeout("")) == "ReadTimeout"
