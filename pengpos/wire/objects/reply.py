# SPDX-License-Identifier: Apache-2.0
"""Replies: what a wallet answers to a presentation, ≤ 2,048 bytes (tap protocol §1, reply).

    [0, wallet-credential, authorisation]   [1, hint]   [2, reason, ? now]   [3, receipt]

The signed objects inside are not read here; arrays may grow at the end.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias, assert_never

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.cbor import decode, encode
from pengpos.wire.encoding.fields import as_array, octets, uint

MAX_REPLY_SIZE = 2_048

_AUTHORISES, _NEEDS_SHOPPER, _DECLINES, _ALREADY_PAID = range(4)


class Hint(IntEnum):
    """What the shopper is to do before the same tap again."""

    UNLOCK = 0
    CONFIRM = 1
    CHOOSE = 2


@dataclass(frozen=True, slots=True)
class Authorises:
    """Yes: the wallet's credential and its authorisation, neither verified yet."""

    wallet_credential: bytes
    authorisation: bytes


@dataclass(frozen=True, slots=True)
class NeedsShopper:
    """Not yet: the shopper has to do something on the phone."""

    hint: Hint


@dataclass(frozen=True, slots=True)
class Declines:
    """No: the wallet's number (see `Reason.from_wallet`) and, with 4, the phone's time, to be shown, never used."""

    reason: int
    now: int | None = None


@dataclass(frozen=True, slots=True)
class AlreadyPaid:
    """This intent was paid by tag or QR: a receipt, not verified yet."""

    receipt: bytes


Reply: TypeAlias = Authorises | NeedsShopper | Declines | AlreadyPaid


def read_reply(raw: bytes) -> Reply:
    """Read one reply; an unknown hint is read as `CONFIRM`. Raises MalformedError."""
    kind, *rest = as_array(decode(raw, max_size=MAX_REPLY_SIZE), 2)
    match uint(kind):
        case 0:
            credential, authorisation = as_array(rest, 2)[:2]
            return Authorises(octets(credential), octets(authorisation))
        case 1:
            hint = uint(rest[0])
            return NeedsShopper(Hint(hint) if hint <= Hint.CHOOSE else Hint.CONFIRM)
        case 2:
            return Declines(uint(rest[0]), uint(rest[1]) if len(rest) > 1 else None)
        case 3:
            return AlreadyPaid(octets(rest[0]))
        case _:
            raise MalformedError("an unknown kind of reply")


def encode_reply(reply: Reply) -> bytes:
    """Encode a reply; raises MalformedError for one that no terminal would read the same way."""
    match reply:
        case Authorises(credential, authorisation):
            members: list[object] = [_AUTHORISES, credential, authorisation]
        case NeedsShopper(hint):
            members = [_NEEDS_SHOPPER, hint]
        case Declines(reason, None):
            members = [_DECLINES, reason]
        case Declines(reason, now):
            members = [_DECLINES, reason, now]
        case AlreadyPaid(receipt):
            members = [_ALREADY_PAID, receipt]
        case _:
            assert_never(reply)
    raw = encode(members)
    if read_reply(raw) != reply:
        raise MalformedError("a reply that reads as another")
    return raw
