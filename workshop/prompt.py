# SPDX-License-Identifier: Apache-2.0
"""What is typed at the prompt of `pengpos run`, understood: pure."""

import difflib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pengpos.core.money import Money

CURRENCY: Final = "CNY"  # of the sandbox's play money


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
    typed = unicodedata.normalize("NFKC", line).strip()
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
