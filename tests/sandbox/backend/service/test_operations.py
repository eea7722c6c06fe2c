# SPDX-License-Identifier: Apache-2.0
"""The listener of operators and watchers: what it answers to whom, and when requests should go elsewhere."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from sandbox.backend.kernel.context import Backend
from sandbox.backend.service.metrics import Metrics
from sandbox.backend.service.operations import Readiness, create_operations_app
from tests.support.backend import ADMIN_TOKEN, fresh_sqlite, make_backend


def answers(backend: Backend, *paths: str, readiness: Readiness | None = None, token: str = "") -> list[httpx.Response]:
    app = create_operations_app(backend, readiness or Readiness(backend), Metrics(backend, "1.2.3"))

    async def ask() -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://watch.test", headers=headers) as http:
            return [await http.get(path) for path in paths]

    return asyncio.run(ask())


def test_a_service_that_is_well(backend: Backend) -> None:
    live, ready, metrics = answers(backend, "/health/live", "/health/ready", "/metrics")
    assert (live.status_code, live.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert metrics.headers["content-type"].startswith("text/plain")
    assert {one.headers["cache-control"] for one in (live, ready, metrics)} == {"no-store"}


def test_operators_are_here_with_their_token_and_shoppers_are_not(backend: Backend) -> None:
    paths = ("/admin/v1/payments", "/v1/health", "/wallet/v1/issuers")
    assert [one.status_code for one in answers(backend, *paths, token=ADMIN_TOKEN)] == [200, 404, 404]
    assert [one.status_code for one in answers(backend, *paths)] == [401, 404, 404]


def test_about_to_end_it_is_not_ready_and_alive(backend: Backend) -> None:
    stopping = Readiness(backend, is_stopping=True)
    live, ready = answers(backend, "/health/live", "/health/ready", readiness=stopping)
    assert (live.status_code, ready.status_code) == (200, 503)
    assert ready.json() == {"status": "not ready", "reasons": ["stopping"]}


def test_without_its_database_it_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, _, _ = make_backend(fresh_sqlite(tmp_path), origin="http://backend.test")

    def gone(*_: Any, **__: Any) -> None:
        raise OperationalError("SELECT 1", {}, OSError("the server is gone"))

    with monkeypatch.context() as without:
        without.setattr(backend.db, "read", gone)
        [ready] = answers(backend, "/health/ready")
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["database"])
    assert [one.status_code for one in answers(backend, "/health/ready")] == [200]
    backend.db.close()
