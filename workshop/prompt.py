# SPDX-License-Identifier: Apache-2.0
"""What is typed at the prompt of `pengpos run`, in lines, and understood."""

import difflib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pengpos.core.money import Money

CURRENCY: Final = "CNY"  # of the sandbox's play money


LINE_MOST: Final = 4_096
"""Bytes of a line that are kept until it is whole."""


class Word(StrEnum):
    """What the prompt can be asked for besides an amount."""

    TAP = "tap"
    CANCEL = "cancel"
    HELP = "help"
    QUIT = "quit"


_WORDS: Final = {
    "": Word.TAP, "tap": Word.TAP,
    "c": Word.CANCEL, "cancel": Word.CANCEL, "取消": Word.CANCEL,
    "h": Word.HELP, "help": Word.HELP, "?": Word.HELP, "帮助": Word.HELP, "幫助": Word.HELP, "說明": Word.HELP,
    "q": Word.QUIT, "quit": Word.QUIT, "exit": Word.QUIT, "退出": Word.QUIT, "結束": Word.QUIT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Neither a word nor an amount, and why."""

    says: str


def understand(line: str) -> Word | Money | NotUnderstood:
    """A line as it was typed: in any width and case, with spaces around it."""
    typed = "".join(map(_narrow, line)).strip()
    word = _WORDS.get(typed.casefold())
    if word is not None:
        return word
    try:
        return Money.parse(typed, CURRENCY)
    except ValueError as error:
        if any(sign.isdigit() for sign in typed):
            return NotUnderstood(f"{error}; ? says what this prompt understands")
    near = difflib.get_close_matches(typed.casefold(), _WORDS, n=1)
    meant = f"did you mean {near[0]}?" if near else "type ? for help"
    return NotUnderstood(f"{typed!r} is not an amount, as in 18.80, nor a word known here: {meant}")


def _narrow(sign: str) -> str:
    """A sign of full width as its narrow one; a superscript or a fraction is no digit."""
    return unicodedata.normalize("NFKC", sign) if unicodedata.east_asian_width(sign) == "F" else sign


class Lines:
    """What is typed, line by line as it comes; two that come at once are two, and none waits for the next.

    `read` gives what there is, at least a byte; nothing at the end.
    """

    def __init__(self, read: Callable[[], bytes], encoding: str = "utf-8") -> None:
        self._read = read
        self._encoding = encoding
        self._rest = b""

    def more(self) -> list[str] | None:
        """The lines that are whole now, and at the end the last one; then None. What is no text in them is U+FFFD."""
        piece = self._read()
        if not piece and not self._rest:
            return None
        *whole, rest = (self._rest + (piece or b"\n")).split(b"\n")
        self._rest = rest[:LINE_MOST]
        return [line.decode(self._encoding, "replace") for line in whole]
