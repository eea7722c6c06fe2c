# SPDX-License-Identifier: Apache-2.0
"""How phones and other cards behave in a reader's field: well, badly, torn away, or not as our wallet at all.

A manner stands between the reader and an honest card: it sees each command and says what the reader gets. Knows status
words and lengths; nothing of what is being paid. Source: tap protocol §2, "Reader side"; the readings of phones that
each class names.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pengpos.wire import apdu
from sandbox.phone.wallet.applet import SW_FAULT

Respond = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """The card answers `data`, after `delay_s` seconds."""

    data: bytes
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Silence:
    """The card is there and does not answer."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The card has left the field; whatever it was about to say is lost."""


Move = Says | Silence | Gone


class Manner(Protocol):
    """One way to behave. `start` begins a new stay in the field; `move` answers one command of it."""

    def start(self) -> None:
        """The card enters a field, or the field went off and on."""

    def move(self, command: bytes, honest: Respond) -> Move:
        """What the reader gets for `command`; `honest` is what the card itself would say, if it is asked."""


class _Stateless:
    """A manner that remembers nothing from one command to the next."""

    def start(self) -> None:
        """Nothing to begin."""


class Honest(_Stateless):
    """A phone held well: every command is answered."""

    def move(self, command: bytes, honest: Respond) -> Move:
        """The card's own answer."""
        return Says(data=honest(command))


class Slow(_Stateless):
    """Each answer takes `delay_s`: a busy phone, its wallet just woken."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def move(self, command: bytes, honest: Respond) -> Move:
        """The card's own answer, late."""
        return Says(data=honest(command), delay_s=self._delay_s)


class TornAfterCommands:
    """Taken away after `count` answered commands; the next one still reaches the card, its answer does not leave."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._seen = 0

    def start(self) -> None:
        """Count anew."""
        self._seen = 0

    def move(self, command: bytes, honest: Respond) -> Move:
        """The card's own answer up to the tear."""
        answer = honest(command)
        self._seen += 1
        return Says(data=answer) if self._seen <= self._count else Gone()


class TornInReply:
    """Taken away as byte `position` (from 0) of the reply is on its way, counted over all responses that carry it.

    A frame that is cut is never seen by the reader, so the whole response with that byte is lost; the status words
    count for nothing. Beyond the reply's end nothing is torn.
    """

    def __init__(self, position: int) -> None:
        self._position = position
        self._sent = 0

    def start(self) -> None:
        """Count anew."""
        self._sent = 0

    def move(self, command: bytes, honest: Respond) -> Move:
        """The card's own answer, unless it holds the byte."""
        answer = honest(command)
        if not _selects(command):
            self._sent += len(answer) - 2
        return Gone() if self._sent > self._position else Says(data=answer)


class Garbage:
    """Selects and listens well, then replies `9000` behind random bytes, the same for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311  # noise, not a secret

    def start(self) -> None:
        """The same noise again."""
        self._random = random.Random(self._seed)  # noqa: S311  # noise, not a secret

    def move(self, command: bytes, honest: Respond) -> Move:
        """Noise where a reply is due."""
        if _selects(command) or _is_link(command):
            return Says(data=honest(command))
        return Says(data=self._random.randbytes(self._random.randrange(256)) + _status(apdu.SW_OK))


class Faulty(_Stateless):
    """`6F00` to everything: a wallet that crashes behind a working radio."""

    def move(self, command: bytes, honest: Respond) -> Move:
        """No precise diagnosis."""
        del command, honest
        return Says(data=_status(SW_FAULT))


class Endless(_Stateless):
    """Selects well, then always has more to fetch: `61FF` behind a full response, for ever."""

    def move(self, command: bytes, honest: Respond) -> Move:
        """255 zero bytes and the promise of more."""
        if _selects(command) or _is_link(command):
            return Says(data=honest(command))
        return Says(data=bytes(255) + b"\x61\xff")


class Foreign(_Stateless):
    """No wallet: a transit card in the phone's case, `6A82` to our AID and to every other."""

    def move(self, command: bytes, honest: Respond) -> Move:
        """Any SELECT fails, any other instruction is unknown."""
        del honest
        return Says(data=_status(apdu.SW_NOT_FOUND if _selects(command) else apdu.SW_UNKNOWN_INS))


class SilentWhenSelected(_Stateless):
    """A locked Android phone whose wallet wants unlocking: SELECT of our AID is never answered."""

    def move(self, command: bytes, honest: Respond) -> Move:
        """Nothing to our AID, the card's own answer to the rest."""
        return Silence() if _selects(command) and apdu.AID in command else Says(data=honest(command))


def _selects(command: bytes) -> bool:
    return command[1:2] == bytes([apdu.INS_SELECT])


def _is_link(command: bytes) -> bool:
    """One of a chain, not its last."""
    return bool(command[:1]) and bool(command[0] & apdu.CLA_CHAINED)


def _status(sw: int) -> bytes:
    return sw.to_bytes(2, "big")
