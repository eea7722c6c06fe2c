# SPDX-License-Identifier: Apache-2.0
"""The counter's page with a test in the shop's place: what it puts up is shown, what is pressed it keeps."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
import uvicorn

from sandbox.backend.ledger.ledger import AccountKind
from sandbox.simulator.actions import Action
from sandbox.simulator.app import Page as Served
from sandbox.simulator.board import Board
from sandbox.simulator.shop import NAMES
from workshop.samples.screens import IDLE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from sandbox.simulator.shop import SimulatedShop

TOKEN = "secret"
INTENT = "01a202f9-2a00-7000-8000-000000000001"
AWAY = ("404",)
"""No screen runs behind this page, and Chromium says so."""
WISHES = {
    "locked": False, "asks_first": False, "says_no": False, "network": True, "tip": 0, "lies": False, "moment": "never",
}  # fmt: skip


@dataclass
class Standing:
    """In the shop's place: what is put up is shown, what is pressed is kept."""

    board: Board = field(default_factory=Board)
    done: list[Action] = field(default_factory=list)

    def carry_out(self, action: Action) -> None:
        self.done.append(action)


def handset(name: str = "Lin", /, **screen: Any) -> dict[str, Any]:
    return {
        "name": name, "near": False, "wishes": WISHES, "account": f"account of {name}",
        "screen": {"kind": "idle", **screen},
        "balance": [{"currency": "CNY", "currency_digits": 2, "amount": 1_000_00, "available": 500_00,
                     "set_aside": 500_00, "promisable": 487_95, "promised": 12_05}],
        "payments": [{"kind": "paid", "merchant": "晨光咖啡", "total": 18_80, "currency": "CNY", "currency_digits": 2}],
        "dues": [],
    }  # fmt: skip


def posting(kind: str, number: int = 1) -> dict[str, Any]:
    sides = zip(AccountKind, (1, -1, 2, -1, -2, 1, 1, 1, 1, -2, -1), strict=True)
    entries = [
        {"account": side, "owner": "", "amount": sign * 100, "currency": "CNY", "currency_digits": 2}
        for side, sign in sides
    ]
    return {"number": number, "kind": kind, "at": "2026-11-22T04:00:00Z", "intent_id": None, "entries": entries}


def due(why: str = "insufficient_funds") -> dict[str, Any]:
    return {
        "kind": "due_open",
        "merchant": "晨光咖啡",
        "total": 15_00,
        "currency": "CNY",
        "currency_digits": 2,
        "why": why,
        "intent": INTENT,
    }


def row(seq: int, kind: str = "sale", **more: Any) -> dict[str, Any]:
    said = {"seq": seq, "kind": kind, "at": 1_800_000_000, "hash": "0a1b2c3d"}
    if kind == "sale":
        said |= {
            "state": "signed",
            "number": f"0001-{seq}",
            "total": 18_80,
            "currency": "CNY",
            "currency_digits": 2,
            "why": "",
        }
    return said | more


@pytest.fixture
def standing() -> Iterator[tuple[Standing, str]]:
    """The page's server without a shop behind it, and its address."""
    stands = Standing()
    stands.board.put("terminal", msgspec.to_builtins(IDLE))
    stands.board.put("phones", [handset(name) for name in NAMES])
    stands.board.put(
        "switches", {"at": {"link": "on", "reader": "on"}, "can": ["link", "reader"], "reader_is_virtual": True}
    )
    stands.board.put("journal", [row(1, "epoch"), row(2)])
    stands.board.put("ledger", [posting("top_up")])
    listener = socket.create_server(("127.0.0.1", 0))
    app = Served(cast("SimulatedShop", stands), token=TOKEN, screen_url=None).app()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield stands, f"http://127.0.0.1:{listener.getsockname()[1]}/{TOKEN}/"
    finally:
        stands.board.close()
        server.should_exit = True
        thread.join(20)
        listener.close()


def opened(page: "Page", url: str) -> "Page":
    page.goto(url)
    page.wait_for_selector("#ledger li")
    return page
