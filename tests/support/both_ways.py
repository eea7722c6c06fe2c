# SPDX-License-Identifier: Apache-2.0
"""A payment sent twice to the same shop, straight through and step by step, which must leave the same rows."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from sandbox.backend.kernel.nonces import Nonces
from sandbox.backend.payments import straight_through
from sandbox.backend.records import ids
from sandbox.backend.records.tables import Base
from tests.support.backend import Shop
from tests.support.request_signing import Signing
from tests.support.shop import Till, Wallet

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Counter:
    """A shop in which one payment has been made, a till and two wallets; and its database as it then was."""

    shop: Shop
    till: Till
    wallet: Wallet
    second: Wallet
    database: Path

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a copy: a request keeps what happened to it."""
        return self.shop.http.send(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        )

    def payment(self, item: dict[str, Any]) -> httpx.Request:
        """A signed payment."""
        return self.signed("/payments", item)

    def signed(self, path: str, body: Any) -> httpx.Request:
        request = self.till.request("POST", path, body, {"Pengpos-Knows": "dues"})
        Signing(signer=self.till.key, created=self.shop.clock.now()).apply(request)
        return request

    def change(self, *statements: Any) -> None:
        """Let rows be otherwise than by any call."""
        self.shop.backend.db.write(lambda session: [session.execute(one) for one in statements])

    def rows(self) -> Rows:
        """All there is."""
        with self.shop.backend.db.engine.connect() as connection:
            found = {}
            for table in Base.metadata.sorted_tables:
                rows = connection.execute(select(table).order_by(*table.primary_key))
                found[table.name] = [dict(row) for row in rows.mappings()]
            return found


def go_back(counter: Counter, to: str) -> None:
    """Let the database be as it was, and its process know nothing of what came since."""
    object.__setattr__(counter.shop.backend, "nonces", Nonces())
    counter.shop.backend.db.engine.dispose()
    for left in counter.database.parent.glob("sandbox.db-*"):
        left.unlink()
    shutil.copy(counter.database.with_name(to), counter.database)


def both_ways(counter: Counter, request: httpx.Request, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, httpx.Response]:
    """Whether it went straight through, and the answer, which is the same either way, as are all rows."""
    counter.shop.backend.db.engine.dispose()
    shutil.copy(counter.database, counter.database.with_name("between.db"))
    book_some, straight = straight_through.book_some, list[bool]()

    def noted(*order: Any) -> tuple[list[straight_through.Booked], list[straight_through.Plan]]:
        booked, left = book_some(*order)
        straight.append(bool(booked))
        return booked, left

    with monkeypatch.context() as patched:
        patched.setattr(ids, "token_128", lambda: "a-token-for-one-receipt")
        patched.setattr(straight_through, "book_some", noted)
        answer, rows = counter.send(request), counter.rows()
    go_back(counter, "between.db")
    with monkeypatch.context() as patched:
        patched.setattr(ids, "token_128", lambda: "a-token-for-one-receipt")
        patched.setattr(straight_through, "plan_some", lambda *_: [])
        step_by_step = counter.send(request)
    assert (answer.status_code, answer.json()) == (step_by_step.status_code, step_by_step.json())
    assert answer.headers.get("Pengpos-Standing") == step_by_step.headers.get("Pengpos-Standing")
    there = counter.rows()
    assert {name: rows[name] for name in rows if rows[name] != there[name]} == {
        name: there[name] for name in rows if rows[name] != there[name]
    }
    return any(straight), answer
