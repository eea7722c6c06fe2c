# SPDX-License-Identifier: Apache-2.0
"""Conversations with a phone that pays under a tap limit, made by `encoder` from the tap protocol's page alone.

`python -m tests.vectors.unasked` writes them into vectors.json. They hold what a reader at a pocket tries: more
payments than five, more money than three tap limits, another currency's turn, one intent again and again.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.vectors import SPEC, VECTORS
from tests.vectors.encoder import cbor, digest, sign

SECTION = "unasked"
TAP_LIMIT_MINOR = 2_000
CLOCK = 1_767_225_605
UNLOCK, CONFIRM, NOT_TRUSTED = ([1, 0], [1, 1], [2, 3])
_FCI = "6f138409f050454e4754415001a50680010182010{}9000"
_INTENT_ID = bytes.fromhex("019b76daa80070008001000000000000")


@dataclass
class Talk:
    """One wallet before one terminal; each method is one tap, and adds its step."""

    name: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    _counter: int = 0
    _replies: dict[bytes, bytes] = field(default_factory=dict)

    def signs(self, number: int, amount_minor: int, *, locked: bool = True, check_in: bool = False) -> None:
        """The wallet authorises; an intent that it has signed before gets the reply of that time."""
        intent = _intent(number, amount_minor, check_in=check_in)
        if intent not in self._replies:
            self._counter += 1
            claims = {1: digest(intent), 2: amount_minor, 3: CLOCK, 4: self._counter, 5: True}
            authorisation = sign(VECTORS["keys"]["wallet"]["d"], "authorisation", claims)
            self._replies[intent] = cbor([0, bytes.fromhex(VECTORS["wallet_credential"]), authorisation])
        self._add(intent, self._replies[intent], locked=locked)

    def says(self, reply: list[int], number: int, amount_minor: int, *, locked: bool = True) -> None:
        """The wallet asks, or declines."""
        self._add(_intent(number, amount_minor), cbor(reply), locked=locked)

    def _add(self, intent: bytes, reply: bytes, *, locked: bool) -> None:
        presentation = cbor([bytes.fromhex(VECTORS["terminal_credential"]), intent])
        self.steps.append(
            {
                "clock": CLOCK,
                "locked": locked,
                "fci": _FCI.format(int(locked)),
                "presentation": presentation.hex(),
                "reply": reply.hex(),
            }
        )


def _intent(number: int, amount_minor: int, *, check_in: bool = False) -> bytes:
    claims = {
        1: _INTENT_ID[:-1] + bytes([number]), 2: amount_minor, 3: "CNY", 4: CLOCK - 5, 5: 120,
        6: int(check_in), 7: True, 8: ["T-0001", 1, 5_000 + number],
    }  # fmt: skip
    return sign(VECTORS["keys"]["terminal"]["d"], "intent", claims)


def talks() -> list[Talk]:
    """All of them."""
    return [
        _by_the_count(),
        _by_the_sum(),
        _at_the_sum(),
        _unlocked(),
        _never_unlocked_by_a_confirmation(),
        _torn(),
        _check_ins(),
        _asked_and_refused(),
    ]


def _by_the_count() -> Talk:
    talk = Talk("locked: five, then it asks, whatever the amount")
    for number in range(1, 6):
        talk.signs(number, 1)
    for number in range(6, 10):
        talk.says(UNLOCK, number, 1)
    return talk


def _by_the_sum() -> Talk:
    talk = Talk("locked: three tap limits in all, then it asks for a cent")
    for number in range(1, 4):
        talk.signs(number, TAP_LIMIT_MINOR)
    talk.says(UNLOCK, 4, 1)
    return talk


def _at_the_sum() -> Talk:
    talk = Talk("locked: what no longer fits is asked about, what fits is paid")
    talk.signs(1, TAP_LIMIT_MINOR)
    talk.signs(2, TAP_LIMIT_MINOR)
    talk.signs(3, TAP_LIMIT_MINOR - 1)
    talk.says(UNLOCK, 4, 2)
    talk.signs(5, 1)
    return talk


def _unlocked() -> Talk:
    talk = Talk("unlocked, the intent that waited is paid, and the count begins anew")
    for number in range(1, 6):
        talk.signs(number, 1_200)
    talk.says(UNLOCK, 6, 1_200)
    for number in range(6, 11):
        talk.signs(number, 1_200, locked=number > 6)
    talk.says(UNLOCK, 11, 1)
    return talk


def _never_unlocked_by_a_confirmation() -> Talk:
    talk = Talk("unlocked all the while: it asks to confirm")
    for number in range(1, 6):
        talk.signs(number, 1, locked=False)
    talk.says(CONFIRM, 6, 1, locked=False)
    talk.says(UNLOCK, 6, 1)
    return talk


def _torn() -> Talk:
    talk = Talk("one intent seven times is one payment, and is given again once five are signed")
    for _ in range(7):
        talk.signs(1, 1)
    for number in range(2, 6):
        talk.signs(number, 1)
    talk.says(UNLOCK, 6, 1)
    talk.signs(1, 1)
    return talk


def _check_ins() -> Talk:
    talk = Talk("check-ins count")
    for number in range(1, 6):
        talk.signs(number, 0, check_in=True)
    talk.says(UNLOCK, 6, 1)
    return talk


def _asked_and_refused() -> Talk:
    talk = Talk("what it asked about or refused does not count")
    for number in range(1, 7):
        talk.says(UNLOCK, number, TAP_LIMIT_MINOR + 1)
    talk.signs(7, 1)
    for amount_minor in range(2, 8):
        talk.says(NOT_TRUSTED, 7, amount_minor)
    for number in range(8, 12):
        talk.signs(number, 1)
    talk.says(UNLOCK, 12, 1)
    return talk


def section() -> dict[str, Any]:
    """What stands in vectors.json."""
    return {
        "note": "the owner has set a tap limit of 20.00 CNY and nothing else, so the page's five payments and three "
        "tap limits hold; from a locked step to one that is not the owner has unlocked the phone; nothing is confirmed",
        "tap_limit": TAP_LIMIT_MINOR,
        "cases": [{"name": talk.name, "steps": talk.steps} for talk in talks()],
    }


if __name__ == "__main__":
    whole = {**VECTORS, SECTION: section()}
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    (SPEC / "vectors.json").write_text(text, encoding="utf-8")
