# SPDX-License-Identifier: Apache-2.0
"""What is put up is seen: all of it at first, then each change, the newest only."""

import asyncio

import pytest

from sandbox.simulator import board as module
from sandbox.simulator.board import Board


def follow(board: Board, count: int) -> list[tuple[str, str]]:
    """The next so many things a new follower is told; what it is told later is put up by `during`."""

    async def run() -> list[tuple[str, str]]:
        seen = []
        async for told in board.follow():
            seen.append(told)
            if len(seen) == count:
                break
        return seen

    return asyncio.run(run())


def test_a_new_follower_is_told_everything_once() -> None:
    board = Board()
    board.put("phones", [])
    board.put("terminal", {"at": 1})
    board.put("terminal", {"at": 2})
    assert follow(board, 2) == [("phones", "[]"), ("terminal", '{"at":2}')]
    assert board.read("terminal") == {"at": 2}
    assert board.read("ledger") is None


def test_whoever_waits_is_told_what_changes_from_another_thread() -> None:
    board = Board()
    board.put("phones", [])

    async def run() -> list[tuple[str, str]]:
        following = board.follow()
        seen = [await anext(following)]
        waiting = asyncio.ensure_future(anext(following))
        await asyncio.sleep(0)
        await asyncio.to_thread(board.put, "phones", [])  # the same: no news
        await asyncio.to_thread(board.put, "phones", ["小林"])
        seen.append(await waiting)
        await asyncio.to_thread(board.close)
        assert [told async for told in following] == []
        return seen

    assert asyncio.run(run()) == [("phones", "[]"), ("phones", '["小林"]')]


def test_where_nothing_happens_there_is_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    assert follow(Board(), 2) == [("", ""), ("", "")]
