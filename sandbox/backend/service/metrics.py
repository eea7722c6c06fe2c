# SPDX-License-Identifier: Apache-2.0
"""What the service counts of itself, in Prometheus' text format. No label holds a name, an id or an address.

Tests: tests/sandbox/backend/service/test_metrics.py
"""

import time
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.backend.kernel.context import Backend

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NO_ROUTE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Metrics:
    """The figures of one process; read by `text`, which asks the database nothing."""

    def __init__(self, backend: Backend, version: str) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "pengpos_requests_total", "Answered requests.", ["route", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "pengpos_request_seconds",
            "From the head of a request to the head of its answer.",
            ["route", "method"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._gauge(
            "pengpos_terminals_listening", "Terminals with an event stream here.", lambda: len(backend.hub.heard())
        )
        self._gauge(
            "pengpos_threads_failing",
            "The service's own threads whose last round failed or is too long ago.",
            lambda: len(backend.threads.failing(backend.clock)),
        )
        Gauge("pengpos_backend_info", "The program.", ["version"], registry=self._registry).labels(version).set(1)
        ProcessCollector(registry=self._registry)

    def counting(self, app: ASGIApp) -> ASGIApp:
        """`app`, with its answers counted."""
        return _Counting(app, self._requests, self._seconds)

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        Gauge(name, about, registry=self._registry).set_function(value)


class _Counting:
    def __init__(self, app: ASGIApp, requests: Counter, seconds: Histogram) -> None:
        self._app = app
        self._requests = requests
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.monotonic()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                route, method = _route(scope), scope["method"] if scope["method"] in _METHODS else _NO_ROUTE
                self._requests.labels(route, method, str(message["status"])).inc()
                self._seconds.labels(route, method).observe(time.monotonic() - began_s)
            await send(message)

        await self._app(scope, receive, noting)


def _route(scope: Scope) -> str:
    """The path's pattern, never the path: that holds ids."""
    return str(getattr(scope.get("route"), "path", _NO_ROUTE))
