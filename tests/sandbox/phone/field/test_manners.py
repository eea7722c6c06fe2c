# SPDX-License-Identifier: Apache-2.0
"""How phones behave in a field, held against our own card session."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from pengpos.core.errors import (
    CardLostError,
    CardProtocolError,
    MalformedError,
    ReaderError,
    TapTimeoutError,
)
from pengpos.wire.objects.reply import Authorises, read_reply
from pengpos.wire.session import CardSession
from sandbox.phone.field.in_process import VirtualField
from sandbox.phone.field.manners import (
    Endless,
    Faulty,
    Foreign,
    Garbage,
    Honest,
    Manner,
    SilentWhenSelected,
    Slow,
    TornAfterCommands,
    TornInReply,
)
from sandbox.phone.workbench import Bench


def tap(bench: Bench, manner: Manner) -> bytes | None:
    """One tap by the protocol's reader; None if the card was passed over."""
    field = VirtualField(hurried=True)
    field.bring(bench.phone(manner))
    (card,) = field.wait(0)
    session = CardSession(card.transceive, lambda: 0.0)
    return None if session.select() is None else session.present(bench.till.presentation())


@pytest.mark.parametrize(
    ("manner", "error"),
    [
        pytest.param(TornAfterCommands(0), CardLostError, id="torn at SELECT"),
        pytest.param(TornAfterCommands(1), CardLostError, id="torn at the first link"),
        pytest.param(TornAfterCommands(2), CardLostError, id="torn at the last link"),
        pytest.param(TornAfterCommands(3), CardLostError, id="torn at GET RESPONSE"),
        pytest.param(TornInReply(0), CardLostError, id="torn at the reply's first byte"),
        pytest.param(TornInReply(255), CardLostError, id="torn at byte 255, in the second response"),
        pytest.param(Slow(1.6), TapTimeoutError, id="slower than SELECT may be"),
        pytest.param(SilentWhenSelected(), TapTimeoutError, id="silent"),
        pytest.param(Endless(), CardProtocolError, id="endless"),
        pytest.param(Garbage(), MalformedError, id="garbage"),
    ],
)
def test_a_phone_held_badly_pays_nothing_this_time(
    manner: Manner, error: type[ReaderError | MalformedError], paying: Bench
) -> None:
    with pytest.raises(error):
        read_reply(tap(paying, manner) or b"")


@pytest.mark.parametrize(
    "manner",
    [
        pytest.param(Honest(), id="honest"),
        pytest.param(Slow(1.4), id="slow, in time"),
        pytest.param(TornAfterCommands(4), id="torn after the last answer"),
        pytest.param(TornInReply(10_000), id="torn beyond the reply's end"),
    ],
)
def test_a_phone_held_long_enough_pays(manner: Manner, paying: Bench) -> None:
    assert isinstance(read_reply(tap(paying, manner) or b""), Authorises)


@pytest.mark.parametrize("manner", [Foreign(), Faulty()], ids=["foreign", "faulty"])
def test_a_card_that_is_no_wallet_is_passed_over(manner: Manner, paying: Bench) -> None:
    assert tap(paying, manner) is None
    assert paying.store.history() == []


@pytest.mark.parametrize("tear", [TornInReply, TornAfterCommands], ids=["in the reply", "after commands"])
def test_wherever_it_is_torn_the_next_tap_mends_it(tear: Callable[[int], Manner], paying: Bench) -> None:
    replies: set[bytes | None] = {paying.present()}
    for position in (0, 1, 2, 3, 200, 254, 255, 300, len(paying.present()) - 1):
        with pytest.raises(CardLostError):
            tap(paying, tear(position if tear is TornInReply else position % 4))
        replies.add(tap(paying, Honest()))
    assert len(replies) == 1
    assert len(paying.store.history()) == 1


@pytest.mark.parametrize("manner", [TornInReply(300), TornAfterCommands(2), Garbage(7)], ids=["K", "n", "noise"])
def test_each_stay_begins_anew(manner: Manner, paying: Bench) -> None:
    phone = paying.phone(manner)
    commands = [bytes.fromhex("00A4040009F050454E475441500100"), bytes.fromhex("8050000001A000")] * 2
    stays = []
    for _ in range(3):
        phone.power_cycle()
        stays.append([phone.exchange(command) for command in commands])
    assert all(one == other for one, other in pairwise(stays))
