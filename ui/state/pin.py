# SPDX-License-Identifier: Apache-2.0
"""A PIN while it is typed, and the call that waits for it. Nothing shows, logs or keeps a digit of it.

Tests: tests/ui/state/test_asking.py, tests/ui/screens/test_pin.py.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ui.actions import Key
from ui.state.calls import Call, Pin

PIN_LEAST = 4
PIN_MOST = 8
PAD_OPEN_S = 60
"""A pad that nobody touches for so long is closed, with what was typed."""


class Refused(NamedTuple):
    """What came of the last PIN: `code` of the local API, with what it says."""

    code: str
    tries_left: int | None = None
    until_s: float | None = None
    """When the next try is allowed, by `LocalState.up_s`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The call that goes on once a person with one of these roles has typed a PIN; `page` is where it came from."""

    call: Call
    roles: tuple[str, ...]
    page: str
    touched_s: float
    pin: Pin = field(default_factory=Pin)
    spoiled: bool = False
    """A key could not be taken: what was typed is not what was meant, until it is cleared."""
    refused: Refused | None = None
    wrong: int = 0
    """How many PINs were refused since the pad opened: each shakes it once."""


def pressed(asked: Asked, key: Key) -> Asked:
    """The pad after one key. One that cannot be taken spoils the PIN, for a wrong one costs a try."""
    digits = asked.pin.digits()
    if key is Key.CLEAR:
        return replace(asked, pin=Pin(), spoiled=False)
    if key is Key.BACKSPACE:
        return replace(asked, pin=Pin(digits[:-1]), spoiled=asked.spoiled and len(digits) > 1)
    if asked.spoiled or not key.value.isdigit() or len(digits + key.value) > PIN_MOST:
        return replace(asked, spoiled=True)
    return replace(asked, pin=Pin(digits + key.value))
