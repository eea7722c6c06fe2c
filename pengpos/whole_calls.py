# SPDX-License-Identifier: Apache-2.0
"""Calls whose deadline is for the whole of them, connecting and the last byte included: httpx bounds each read alone.

For callers that block. The screen imports it with its first call, as it does httpx.

A name may have several addresses, and that of IPv6 leads nowhere in many a shop: each but the last is given a second.

Tests: tests/pengpos/test_whole_calls.py, tests/pengpos/client/test_http.py, tests/sandbox/phone/test_account.py
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpcore
import httpx

LOST = (httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
"""What a call raises where no whole answer came."""
KEPT_S = 5.0
"""How long a connection is kept: the terminal closes one that says nothing for ten seconds, and may do so under us."""
KEPT_MOST = 2
ADDRESS_MOST_S = 1.0
"""How long one of several addresses may take to be connected to."""
LOOK_UPS_MOST = 4
_call = threading.local()
_look_ups = threading.BoundedSemaphore(LOOK_UPS_MOST)


@contextmanager
def ends_within(limit_s: float) -> Iterator[None]:
    """Calls of this thread inside of it end by then, their last byte included."""
    _call.ends_s = time.monotonic() + limit_s
    _call.connected = False
    try:
        yield
    finally:
        _call.ends_s = None


def met_a_closed_connection() -> bool:
    """Whether the call that failed in this thread just now went over a connection of an earlier one."""
    return not getattr(_call, "connected", True)


def _left_s(limit_s: float | None) -> float | None:
    """What is left for one step of a call. Raises httpcore.ReadTimeout if nothing is."""
    ends_s: float | None = getattr(_call, "ends_s", None)
    if ends_s is None:
        return limit_s
    if (left_s := ends_s - time.monotonic()) <= 0:
        raise httpcore.ReadTimeout("it does not come to an end in time")
    return left_s if limit_s is None else min(limit_s, left_s)


class WholeTransport(httpx.BaseTransport):
    """The way to one Unix socket, or without a `path` to wherever a URL names."""

    def __init__(self, path: Path | None = None) -> None:
        self._pool = httpcore.ConnectionPool(
            uds=None if path is None else str(path),
            ssl_context=httpx.create_ssl_context(trust_env=False) if path is None else None,
            network_backend=_Network(),
            keepalive_expiry=KEPT_S,
            max_keepalive_connections=KEPT_MOST,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises what `LOST` names."""
        assert isinstance(request.stream, httpx.SyncByteStream)  # a Client gives no other
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        sent = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        try:
            answer = self._pool.handle_request(sent)
        except httpcore.UnsupportedProtocol as error:
            raise httpx.UnsupportedProtocol(str(error), request=request) from error
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Network(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        _call.connected = True
        *earlier, last = _addresses_of(host, port, _left_s(timeout))
        for address in earlier:
            left_s = _left_s(timeout)
            within_s = ADDRESS_MOST_S if left_s is None else min(ADDRESS_MOST_S, left_s)
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return _Stream(super().connect_tcp(address, port, within_s, local_address, socket_options))
        return _Stream(super().connect_tcp(last, port, _left_s(timeout), local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        _call.connected = True
        return _Stream(super().connect_unix_socket(path, _left_s(timeout), socket_options))


def _addresses_of(host: str, port: int, limit_s: float | None) -> list[str]:
    """At least one, in the system's order. Raises httpcore.ConnectError, ConnectTimeout.

    Looked up in a thread of its own: the system's resolver cannot be given up. At most `LOOK_UPS_MOST` at once.
    """
    found: queue.Queue[list[str] | OSError | UnicodeError] = queue.Queue(1)

    def look_up() -> None:
        try:
            addresses = [str(to[0]) for *_, to in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
            found.put([*dict.fromkeys(addresses)])
        except (OSError, UnicodeError) as error:
            found.put(error)
        finally:
            _look_ups.release()

    if not _look_ups.acquire(timeout=limit_s):
        raise httpcore.ConnectTimeout("no name is found here: the questions before have no answer yet")
    threading.Thread(target=look_up, name="names", daemon=True).start()
    try:
        answer = found.get(timeout=limit_s)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"{host} is not found in time") from None
    if not isinstance(answer, list):
        raise httpcore.ConnectError(str(answer)) from answer
    return answer


class _Stream(httpcore.NetworkStream):
    """The library's, each step of which takes no longer than is left for the call."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left_s(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left_s(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left_s(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
