# SPDX-License-Identifier: Apache-2.0
"""Names are looked up in few threads of their own: what else has a thread to wait for does not wait behind them."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from pengpos.backend_api.names_loop import LOOK_UPS_MOST, NamesLoop


def test_names_that_never_come_hold_up_no_thread_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def looks_up(*_: Any, **__: Any) -> list[Any]:
        assert over.wait(20)
        return []

    async def work() -> tuple[list[BaseException], int]:
        asking = [asyncio.ensure_future(asyncio.get_running_loop().getaddrinfo("pay.example", 443)) for _ in range(40)]
        refused = await asyncio.wait_for(asyncio.gather(*asking[LOOK_UPS_MOST:], return_exceptions=True), 20)
        other = await asyncio.to_thread(lambda: 7)
        over.set()
        assert await asyncio.gather(*asking[:LOOK_UPS_MOST]) == [[]] * LOOK_UPS_MOST
        assert await asyncio.get_running_loop().getaddrinfo("pay.example", 443) == [], "there is room again"
        return [error for error in refused if isinstance(error, BaseException)], other

    monkeypatch.setattr(socket, "getaddrinfo", looks_up)
    with asyncio.Runner(loop_factory=NamesLoop) as runner:
        refused, other = runner.run(work())
    assert other == 7
    assert [type(error) for error in refused] == [socket.gaierror] * (40 - LOOK_UPS_MOST)


def test_a_name_is_found_and_one_that_is_none_is_said() -> None:
    async def work() -> list[Any]:
        loop = asyncio.get_running_loop()
        with pytest.raises(socket.gaierror):
            await loop.getaddrinfo("nothing.invalid", 443, flags=socket.AI_NUMERICHOST)
        return await loop.getaddrinfo("localhost", 443, type=socket.SOCK_STREAM)

    with asyncio.Runner(loop_factory=NamesLoop) as runner:
        assert {found[4][1] for found in runner.run(work())} == {443}
