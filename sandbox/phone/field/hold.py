# SPDX-License-Identifier: Apache-2.0
"""Holds a phone to a virtual PC/SC reader (vpcd): presence, time and tears made real.

Joins `manners` (what the reader is to get) to `vpcd` (how it gets it). In-process readers are in `field`.
"""

from collections.abc import Callable
from threading import Condition, Event
from time import monotonic
from typing import Protocol

from sandbox.phone.field.manners import Gone, Move, Says, Silence
from sandbox.phone.field.vpcd import CONTACTLESS_ATR, TornError, VpcdCard

_LOOK_S = 0.2
_LAST_WORD_S = 0.3  # a shopper lifts no phone in the millisecond of the beep: the answer to RESULT gets out


class HeldPhone(Protocol):
    """What can be held to a reader."""

    def power_cycle(self) -> None:
        """The reader's field goes on, or off and on."""

    def exchange(self, command: bytes) -> Move:
        """What the reader gets for one command."""


def hold(
    phone: HeldPhone,
    host: str,
    port: int,
    seconds: float,
    *,
    happened: Condition | None = None,
    done: Callable[[], bool] = lambda: False,
) -> bool:
    """Hold a phone to vpcd's reader at `host:port` for `seconds`, or until it tore itself away, or `done()`.

    `done` is looked at whenever `happened` is notified. True if the phone was lifted in peace, False if it was torn
    away or the reader's service ended. Raises OSError if no reader listens there.
    """
    changed = happened or Condition()
    lifted = Event()
    torn = Event()

    def tear() -> TornError:
        torn.set()
        with changed:
            changed.notify_all()
        return TornError()

    def respond(command: bytes) -> bytes:
        match phone.exchange(command):
            case Says(data=data, delay_s=delay_s):
                if delay_s and lifted.wait(delay_s):
                    raise tear()
                return data
            case Silence():
                lifted.wait(seconds)
                raise tear()
            case Gone():
                raise tear()

    card = VpcdCard(host, port, CONTACTLESS_ATR, respond, on_power=lambda _power: phone.power_cycle())
    phone.power_cycle()
    card.insert()
    deadline_s = monotonic() + seconds
    try:
        with changed:
            while not (torn.is_set() or done() or not card.in_field) and (left_s := deadline_s - monotonic()) > 0:
                changed.wait(min(left_s, _LOOK_S))  # no notification comes when the reader's service ends
        if done() and not torn.is_set():
            lifted.wait(_LAST_WORD_S)
        return not torn.is_set() and (done() or card.in_field)
    finally:
        lifted.set()
        card.remove()
