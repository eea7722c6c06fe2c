# SPDX-License-Identifier: Apache-2.0
"""What a PC/SC status means for a tap: the phone went, is silent, is odd, or the reader is at fault (with the cure)."""

from collections.abc import Sequence

from drivers import words
from drivers.readers.pcsc.winscard import Status, WinscardError
from pengpos.core.errors import ReaderLostError
from pengpos.i18n import Message

SERVICE = "PC/SC"
"""The name under which trouble of pcscd itself is reported, which is no single reader's."""

CARD_GONE = frozenset({Status.NO_SMARTCARD, Status.REMOVED_CARD, Status.RESET_CARD})
"""The card of the last command is not there any more, or, after another program's reset, in another state."""

NO_ANSWER = frozenset({Status.NOT_TRANSACTED, Status.UNRESPONSIVE_CARD, Status.UNPOWERED_CARD})
"""Nothing came back: it left, and pcscd has not noticed yet, or it lies there and is silent."""

CARD_ODD = frozenset({Status.INSUFFICIENT_BUFFER, Status.PROTO_MISMATCH, Status.UNSUPPORTED_CARD})
"""The card does what no ISO 7816 card does."""

_NO_SERVICE = (words.NO_SERVICE, words.START_SERVICE)
_UNPLUGGED = (words.AWAY, words.PLUG_OR_BLACKLIST)
_REASONS = {
    Status.NO_SERVICE: _NO_SERVICE,
    Status.SERVICE_STOPPED: _NO_SERVICE,
    Status.COMM_ERROR: (words.SERVICE_AWAY, words.ASKED_AGAIN),
    Status.INVALID_HANDLE: (words.SERVICE_RESTARTED, words.WAIT),
    Status.UNKNOWN_READER: _UNPLUGGED,
    Status.READER_UNAVAILABLE: _UNPLUGGED,
    Status.NO_READERS: _UNPLUGGED,
    Status.SHARING_VIOLATION: (words.TAKEN, words.STOP_OTHER),
    Status.SECURITY_VIOLATION: (words.REFUSED, words.POLKIT),
}


def reader_lost(reader: str, error: WinscardError) -> ReaderLostError:
    """The error for trouble of the reader or the service, with what a technician does about it."""
    known = _REASONS.get(Status(error.status)) if error.status in set(Status) else None
    if known is None:
        return ReaderLostError(reader, str(error), words.PLUG_OR_RESTART.said())
    return _lost(reader, *known)


def _lost(reader: str, detail: Message, cure: Message) -> ReaderLostError:
    return ReaderLostError(reader, detail.said(), cure.said())


def unplugged(reader: str) -> ReaderLostError:
    """The error for a reader that went while it was watched."""
    return _lost(reader, *_UNPLUGGED)


def taken(reader: str) -> ReaderLostError:
    """The error for a reader that another program has taken."""
    return _lost(reader, words.TAKEN, words.STOP_OTHER)


def contact_card(reader: str) -> ReaderLostError:
    """The error for a slot in which lies what no phone is: a bank card, a security key."""
    return _lost(reader, words.CONTACT_CARD, words.LEAVE_OUT)


def none_for_phones(slots: Sequence[str]) -> ReaderLostError:
    """The error where PC/SC knows only slots that are left alone."""
    return ReaderLostError(SERVICE, words.ONLY_SLOTS.said(slots=", ".join(slots)), words.PLUG_CONTACTLESS.said())


def hung(reader: str) -> ReaderLostError:
    """The error for a call into the reader's driver that does not return."""
    return _lost(reader, words.DRIVER_HANGS, words.TAKE_PHONE)


def closed(reader: str) -> ReaderLostError:
    """The error for a reader that was given back."""
    return _lost(reader, words.CLOSED, words.OPEN_AGAIN)
