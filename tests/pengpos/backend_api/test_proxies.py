# SPDX-License-Identifier: Apache-2.0
"""A proxy from the settings: used for every call, told apart from none, and no word of its password."""

import asyncio
import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pengpos.backend_api import roots
from pengpos.backend_api.one_call import call_once
from pengpos.backend_api.proxies import proxy_for, proxy_of
from pengpos.core.errors import ConfigError
from tests.support.dripping import answer

WELL = b'{"status": "ok"}'


@contextmanager
def proxy(said: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Where it is, and the heads of what it was asked; every question is answered with `said`."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    one, _ = listening.accept()
                except OSError:
                    return
                with one:
                    asked.append(one.recv(65_536))
                    one.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}", asked
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_call_goes_by_the_proxy_and_names_itself_to_it() -> None:
    with proxy(answer(WELL, b"connection: close")) as (where, asked):
        by = roots.transport(None, proxy_of(f"http://shop:secret@{where}"))
        _, raw = call_once("GET", "http://pay.example/v1/health", deadline_s=20, size_most=1_000, transport=by)
    assert raw == WELL
    assert asked[0].startswith(b"GET http://pay.example/v1/health HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"shop:secret") in asked[0]


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"HTTP/1.1 502 Bad Gateway\r\n\r\n"]
)
def test_https_is_tunnelled_and_a_proxy_that_says_no_is_no_answer(said: bytes) -> None:
    with proxy(said) as (where, asked):
        by = roots.transport(None, proxy_of(f"http://{where}"))
        with pytest.raises(httpx.ProxyError, match=r"407|502"):
            call_once("GET", "https://pay.example/v1/health", deadline_s=20, size_most=1_000, transport=by)
    assert asked[0].startswith(b"CONNECT pay.example:443 HTTP/1.1\r\n")
    assert b"/v1/health" not in asked[0]


def test_the_daemons_way_goes_by_the_proxy_but_for_this_very_machine(tmp_path: Path) -> None:
    async def ask(url: str) -> None:
        way = roots.BackendTransport(tmp_path, httpx.Limits(max_connections=1), named)
        async with httpx.AsyncClient(transport=way, timeout=20) as client:
            await client.get(url)

    with proxy(answer(WELL, b"connection: close")) as (where, asked):
        named = proxy_of(f"http://{where}")
        asyncio.run(ask("http://pay.example/v1/health"))
        asyncio.run(ask(f"http://{where}/v1/health"))
    assert [head.split()[1] for head in asked] == [b"http://pay.example/v1/health", b"/v1/health"]


@pytest.mark.parametrize(
    "text",
    ["", "proxy", "proxy:3128", "http://proxy", "socks5://proxy:1080", "http://:3128", "http://a:secret@b:c", "http://p:1/x",
     "http://[::1:3128"],
)  # fmt: skip
def test_what_is_no_proxy_is_refused_without_a_word_of_its_password(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        proxy_of(text)
    assert "HOST:PORT" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_one_there_is_none() -> None:
    assert proxy_of(None) is None
    assert proxy_for("pay.example", None) is None
    assert proxy_for("localhost", proxy_of("http://proxy:3128")) is None


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(answer(WELL, b"connection: close")) as (where, asked):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
        _, raw = call_once(
            "GET", f"http://{where}/v1/health", deadline_s=20, size_most=1_000, transport=roots.transport(None)
        )
    assert raw == WELL
    assert len(asked) == 1
