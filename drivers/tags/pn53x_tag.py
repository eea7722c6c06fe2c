# SPDX-License-Identifier: Apache-2.0
"""A Type 4 tag played by a PN53x in target mode: the developer's way; real phones want a tag chip.

nfcpy answers RATS itself and does not say which frame size the reader announced: frames stay within 64 bytes, which
every reader takes.
"""

import time
from collections.abc import Callable
from typing import Protocol

from drivers.isodep.card import ATS, Command, Deselected, Picc, Quiet, Send
from drivers.isodep.reader import GarbledError, SilentError
from drivers.readers.pn53x.link import FieldLeftError, Pn53xLink

_SENS_RES, _SEL_RES = b"\x04\x00", 0x20
_UID = bytes.fromhex("08505001")
_RATS = bytes.fromhex("E050")  # as if the reader had said 64 bytes
SESSION_MOST_S = 4.0
_IDLE_MOST_S = 1.0


class Applet(Protocol):
    """What is in the card."""

    def respond(self, command: bytes) -> bytes:
        """The R-APDU to a C-APDU."""

    def field_off(self) -> None:
        """The reader went."""


def listen(
    link: Pn53xLink,
    applet: Applet,
    window_s: float,
    *,
    session_most_s: float = SESSION_MOST_S,
    answered: Callable[[float], None] = lambda _seconds: None,
) -> bool:
    """Be a tag for `window_s`; if a phone comes, until it goes, or for `session_most_s`. True if one came.

    `answered` gets the seconds that each APDU took. Raises ReaderLostError.
    """
    block = link.listen(sens_res=_SENS_RES, uid=_UID, sel_res=_SEL_RES, ats=ATS, timeout_s=window_s)
    if block is None:
        return False
    until_s = time.monotonic() + session_most_s
    picc, _ = Picc().hear(_RATS)
    try:
        while time.monotonic() < until_s:
            began_s = time.monotonic()
            picc, outcome = picc.hear(block)
            answer: bytes | None
            match outcome:
                case Send(answer):
                    pass
                case Command(apdu):
                    picc, answer = picc.answer(applet.respond(apdu))
                    answered(time.monotonic() - began_s)
                case Deselected(answer):
                    applet.field_off()
                case Quiet():
                    answer = None
            block = link.reply(answer, _IDLE_MOST_S)
    except (FieldLeftError, SilentError, GarbledError):
        pass
    finally:
        applet.field_off()
    return True
