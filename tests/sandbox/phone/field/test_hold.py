# SPDX-License-Identifier: Apache-2.0
"""A phone held to vpcd's socket: it pays, it tears, it keeps silent, and it always comes away again."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from pengpos.core.errors import CardLostError, TapTimeoutError
from pengpos.wire.objects.reply import Authorises, read_reply
from pengpos.wire.session import CardSession
from sandbox.phone.field.fake_vpcd import FakeVpcd
from sandbox.phone.field.hold import hold
from sandbox.phone.field.manners import Honest, Manner, SilentWhenSelected, Slow, TornInReply
from sandbox.phone.field.vpcd import CONTACTLESS_ATR
from sandbox.phone.workbench import Bench

DEADLINE_S = 20.0


@pytest.fixture
def reader() -> Iterator[FakeVpcd]:
    with FakeVpcd() as reader:
        yield reader


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def held(
    pool: ThreadPoolExecutor, reader: FakeVpcd, bench: Bench, manner: Manner, done: threading.Event
) -> tuple["Future[bool]", CardSession, threading.Condition]:
    happened = threading.Condition()
    phone = bench.phone(manner)
    result = pool.submit(hold, phone, "127.0.0.1", reader.port, DEADLINE_S, happened=happened, done=done.is_set)
    assert reader.wait_for_card(DEADLINE_S) == CONTACTLESS_ATR
    return result, CardSession(lambda command, timeout_s: reader.transceive(command, timeout_s), lambda: 0.0), happened


@pytest.mark.parametrize("manner", [Honest(), Slow(0.01)], ids=["honest", "slow"])
def test_it_pays_and_is_lifted_when_its_owner_is_done(
    manner: Manner, reader: FakeVpcd, pool: ThreadPoolExecutor, paying: Bench
) -> None:
    done = threading.Event()
    result, session, happened = held(pool, reader, paying, manner, done)
    assert session.select() is not None
    assert isinstance(read_reply(session.present(paying.till.presentation())), Authorises)
    with happened:
        done.set()
        happened.notify_all()
    assert result.result(DEADLINE_S)
    with pytest.raises(CardLostError):
        reader.transceive(bytes.fromhex("00C0000000"), DEADLINE_S)


def test_it_tears_itself_away(reader: FakeVpcd, pool: ThreadPoolExecutor, paying: Bench) -> None:
    result, session, _ = held(pool, reader, paying, TornInReply(300), threading.Event())
    session.select()
    with pytest.raises(CardLostError):
        session.present(paying.till.presentation())
    assert not result.result(DEADLINE_S)


def test_a_silent_phone_is_lifted_all_the_same(reader: FakeVpcd, pool: ThreadPoolExecutor, paying: Bench) -> None:
    done = threading.Event()
    result, _, happened = held(pool, reader, paying, SilentWhenSelected(), done)
    with pytest.raises(TapTimeoutError):
        reader.transceive(bytes.fromhex("00A4040009F050454E475441500100"), 0.05)
    with happened:
        done.set()
        happened.notify_all()
    assert result.result(DEADLINE_S)


def test_the_end_of_the_readers_service_is_noticed(reader: FakeVpcd, pool: ThreadPoolExecutor, paying: Bench) -> None:
    result, _, _ = held(pool, reader, paying, Honest(), threading.Event())
    reader.close()
    assert not result.result(DEADLINE_S / 2)


def test_where_nobody_listens_is_said(reader: FakeVpcd, paying: Bench) -> None:
    port = reader.port
    reader.close()
    with pytest.raises(ConnectionRefusedError):
        hold(paying.phone(), "127.0.0.1", port, DEADLINE_S)
