# SPDX-License-Identifier: Apache-2.0
"""What is counted of requests, and that no id, name or address of theirs gets into it."""

import asyncio

import httpx
from prometheus_client.parser import text_string_to_metric_families as parse

from sandbox.backend.kernel.context import Backend
from sandbox.backend.service.metrics import Metrics
from sandbox.backend.serving.app import create_app


def figures(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """By name and values of the labels, those in the order of their names: method, route, status."""
    families = parse(metrics.text().decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


async def ask(app: object, *paths: tuple[str, str]) -> None:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # any ASGI application
    async with httpx.AsyncClient(transport=transport, base_url="http://backend.test") as http:
        for method, path in paths:
            await http.request(method, path)


def test_answers_are_counted_by_the_pattern_of_their_path(backend: Backend) -> None:
    metrics = Metrics(backend, "1.2.3")
    app = metrics.counting(create_app(backend, sweeping=False, operators=False))
    secret = "01890000-0000-7000-8000-00000000beef"
    asked = [("GET", "/v1/health"), ("GET", "/v1/health"), ("GET", f"/v1/intents/{secret}"), ("GET", f"/{secret}"),
             ("BREW", "/v1/health")]  # fmt: skip
    asyncio.run(ask(app, *asked))
    found = figures(metrics)
    assert found["pengpos_requests_total", "GET", "/v1/health", "200"] == 2
    assert found["pengpos_request_seconds_count", "GET", "/v1/health"] == 2
    assert found["pengpos_requests_total", "GET", "/v1/intents/{intent_id}", "401"] == 1
    assert found["pengpos_requests_total", "GET", "none", "404"] == 1
    assert found["pengpos_requests_total", "none", "/v1/health", "405"] == 1
    assert found["pengpos_backend_info", "1.2.3"] == 1
    assert secret not in metrics.text().decode()


def test_terminals_that_listen_and_threads_that_fail_are_read_when_asked(backend: Backend) -> None:
    metrics = Metrics(backend, "1.2.3")

    async def listening() -> dict[tuple[str, ...], float]:
        with backend.hub.listen("T-0001", 0):
            return figures(metrics)

    assert asyncio.run(listening())[("pengpos_terminals_listening",)] == 1
    assert figures(metrics)[("pengpos_terminals_listening",)] == 0
    assert figures(metrics)[("pengpos_threads_failing",)] == 0
