# SPDX-License-Identifier: Apache-2.0
"""What a PC/SC status means for a tap: the phone went, is silent, is odd, or the reader is at fault (with the cure)."""

from collections.abc import Sequence

from drivers.readers.pcsc.winscard import Status, WinscardError
from pengpos.core.errors import ReaderLostError

SERVICE = "PC/SC"
"""The name under which trouble of pcscd itself is reported, which is no single reader's."""

CARD_GONE = frozenset({Status.NO_SMARTCARD, Status.REMOVED_CARD, Status.RESET_CARD})
"""The card of the last command is not there any more, or, after another program's reset, in another state."""

NO_ANSWER = frozenset({Status.NOT_TRANSACTED, Status.UNRESPONSIVE_CARD, Status.UNPOWERED_CARD})
"""Nothing came back: it left, and pcscd has not noticed yet, or it lies there and is silent."""

CARD_ODD = frozenset({Status.INSUFFICIENT_BUFFER, Status.PROTO_MISMATCH, Status.UNSUPPORTED_CARD})
"""The card does what no ISO 7816 card does."""

_NO_SERVICE = (
    "the PC/SC service pcscd does not run",
    "Start it (systemctl start pcscd.socket), or install it (apt install pcscd)",
)
_UNPLUGGED = (
    "the reader is not there",
    "Plug it in again; if it stays away, keep the kernel modules pn533_usb, pn533 and nfc from taking it (blacklist)",
)
_TAKEN = ("another program holds the card", "Stop the other program (opensc-tool, pcsc_scan, a second terminal)")
_REASONS = {
    Status.NO_SERVICE: _NO_SERVICE,
    Status.SERVICE_STOPPED: _NO_SERVICE,
    Status.COMM_ERROR: ("the PC/SC service pcscd went away", "It is asked again by itself; if it stays away, start it"),
    Status.INVALID_HANDLE: ("the PC/SC service pcscd was restarted", "Wait a moment: the reader is opened again"),
    Status.UNKNOWN_READER: _UNPLUGGED,
    Status.READER_UNAVAILABLE: _UNPLUGGED,
    Status.NO_READERS: _UNPLUGGED,
    Status.SHARING_VIOLATION: _TAKEN,
    Status.SECURITY_VIOLATION: (
        "the PC/SC service pcscd refuses this account",
        "Allow it by a polkit rule for org.debian.pcsc-lite.access_pcsc and org.debian.pcsc-lite.access_card",
    ),
}


def reader_lost(reader: str, error: WinscardError) -> ReaderLostError:
    """The error for trouble of the reader or the service, with what a technician does about it."""
    detail, cure = _REASONS.get(
        Status(error.status) if error.status in set(Status) else Status.OK,
        (str(error), "Unplug the reader and plug it in again; if that does not help, restart pcscd"),
    )
    return ReaderLostError(reader, detail, cure)


def unplugged(reader: str) -> ReaderLostError:
    """The error for a reader that went while it was watched."""
    return ReaderLostError(reader, *_UNPLUGGED)


def taken(reader: str) -> ReaderLostError:
    """The error for a reader that another program has taken."""
    return ReaderLostError(reader, *_TAKEN)


def contact_card(reader: str) -> ReaderLostError:
    """The error for a slot in which lies what no phone is: a bank card, a security key."""
    return ReaderLostError(
        reader,
        "a card with contacts or a security key is in it: no phone can be held to this slot",
        "Leave it out: [readers] exclude in pengpos.toml; if phones are held to it all the same, include it there",
    )


def none_for_phones(slots: Sequence[str]) -> ReaderLostError:
    """The error where PC/SC knows only slots that are left alone."""
    return ReaderLostError(
        SERVICE,
        f"only slots no phone can be held to: {', '.join(slots)}",
        "Plug in a contactless reader; if one of these is one, name it in [readers] include of pengpos.toml",
    )


def hung(reader: str) -> ReaderLostError:
    """The error for a call into the reader's driver that does not return."""
    return ReaderLostError(
        reader,
        "the reader hangs: its driver does not return from the last command",
        "Take the phone away; if that does not help, unplug the reader and plug it in again",
    )


def closed(reader: str) -> ReaderLostError:
    """The error for a reader that was given back."""
    return ReaderLostError(reader, "the reader is closed", "Open it again")
