# SPDX-License-Identifier: Apache-2.0
"""Connecting within the deadline of a call: names with several addresses, and a resolver that says nothing."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpcore
import httpx
import pytest

from pengpos.whole_calls import ADDRESS_MOST_S, LOOK_UPS_MOST, LOST, WholeTransport, ends_within
from tests.support.dripping import answer, dripping, listening_on_tcp

LIMIT_S = 30.0
NOWHERE = "2001:db8::1"
Asked = list[tuple[str, float | None]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Which addresses are connected to, and for how long at most; one of them leads nowhere."""
    seen: Asked = []
    connect: Callable[..., Any] = httpcore.SyncBackend.connect_tcp

    def connect_tcp(backend: Any, host: str, port: int, timeout: float | None = None, *more: Any) -> Any:
        seen.append((host, timeout))
        if host == NOWHERE:
            raise httpcore.ConnectTimeout
        return connect(backend, host, port, timeout, *more)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect_tcp)
    return seen


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    of_the_system: Callable[..., Any] = socket.getaddrinfo

    def to(*addresses: str) -> None:
        found = [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

        def getaddrinfo(host: str, *args: Any, **more: Any) -> Any:
            return found if host == "backend.test" else of_the_system(host, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return to


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(transport=WholeTransport(), timeout=LIMIT_S) as made:
        yield made


@pytest.mark.parametrize("first", [NOWHERE, "127.0.0.2"], ids=["leads nowhere", "refuses"])
def test_the_next_address_is_asked_where_one_does_not_answer(
    client: httpx.Client, resolves: Callable[..., None], asked: Asked, first: str
) -> None:
    said = answer(b"well")
    with listening_on_tcp() as listening, dripping(listening, said, at_once=len(said)):
        resolves(first, "127.0.0.1")
        with ends_within(LIMIT_S):
            got = client.get(f"http://backend.test:{listening.getsockname()[1]}/")
    assert got.content == b"well"
    assert [address for address, _ in asked] == [first, "127.0.0.1"]
    assert asked[0][1] == ADDRESS_MOST_S


def test_where_no_address_answers_the_call_is_lost(
    client: httpx.Client, resolves: Callable[..., None], asked: Asked
) -> None:
    resolves(NOWHERE, NOWHERE)
    with ends_within(LIMIT_S), pytest.raises(LOST):
        client.get("http://backend.test/")
    assert len(asked) == 1


def test_a_resolver_that_says_nothing_is_waited_for_no_longer_than_the_call_may_take(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    says, looking = threading.Event(), []

    def getaddrinfo(*_args: Any, **_more: Any) -> list[Any]:
        looking.append(threading.current_thread())
        says.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "not now")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for _ in range(LOOK_UPS_MOST + 2):
        with ends_within(0.02), pytest.raises(LOST):
            client.get("http://backend.test/")
    assert len(looking) <= LOOK_UPS_MOST
    says.set()
    for thread in looking:
        thread.join()
    with ends_within(LIMIT_S), pytest.raises(LOST):
        client.get("http://backend.test/")  # there is room again
