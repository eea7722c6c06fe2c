# SPDX-License-Identifier: Apache-2.0
"""Lights and buzzers of PC/SC readers: which reader has them, and by which bytes. Never met hardware.

Pseudo-APDUs of class FF are for the reader, not for the card; a reader that does not know one may pass it on to the
phone, so they are sent only where the reader's name says that it knows them.

ACR122U (ACS, application programming interface, "Bi-color LED and buzzer control", "Set buzzer output during card
detection"):
    FF 00 52 00 00                        no beep of its own for each card it finds
    FF 00 40 P2 04 T1 T2 N B              LEDs P2; T1 and T2 in 100 ms, N times; B: buzzer in T1 (1), T2 (2)
P2, from bit 0: red and green at the end, red and green to be set, red and green at the start of the blinking, red and
green to blink.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pengpos.core.ports import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What one model of reader is to be sent."""

    hush: bytes
    """No beep of its own for a card: a phone that is only passed over has paid nothing."""
    signals: Mapping[Signal, bytes]


ACR122U = Panel(
    hush=bytes.fromhex("FF00520000"),
    signals={
        Signal.APPROVED: bytes.fromhex("FF0040AE0402010101"),  # green, one beep
        Signal.ACCEPTED_OFFLINE: bytes.fromhex("FF0040FF0401010201"),  # both, which is orange, two beeps
        Signal.REFUSED: bytes.fromhex("FF00405D0405010101"),  # red, one long beep
    },
)
_PANELS = ((re.compile(r"\bACR122U?\b"), ACR122U),)


def panel_of(reader: str) -> Panel | None:
    """The panel of the PC/SC reader of that name; None where it has none that is known here."""
    return next((panel for name, panel in _PANELS if name.search(reader)), None)
