# SPDX-License-Identifier: Apache-2.0
"""A virtual phone that has signed up at a backend in this process, over a line that a test may spoil."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx

from sandbox.phone.account import Account
from sandbox.phone.phone import VirtualPhone
from tests.support.backend import Shop, fresh_sqlite, in_process

ORIGIN = "http://backend.test"


L = TypeVar("L", bound=httpx.BaseTransport)


@contextmanager
def signed_up(directory: Path, line_of: Callable[[Shop], L]) -> Iterator[tuple[Shop, VirtualPhone, L, httpx.Client]]:
    """A shop, a phone with an account and keys there, the line between them, and a client over that line."""
    with in_process(fresh_sqlite(directory)) as shop:
        line = line_of(shop)
        with httpx.Client(base_url=ORIGIN, transport=line) as http:
            phone = VirtualPhone(directory / "phone", clock=shop.clock)
            phone.sign_up(Account(http), backend=ORIGIN, name="小林")
            phone.sync(Account(http, phone.store.note("token")), spares=1)
            yield shop, phone, line, http
            phone.close()
