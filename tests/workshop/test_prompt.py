# SPDX-License-Identifier: Apache-2.0
"""The prompt of `pengpos run`: line, and what it is taken for."""

import pytest

from pengpos.core.money import Money
from workshop.prompt import NotUnderstood, Word, understand


@pytest.mark.parametrize(
    ("line", "taken_for"),
    [
        ("", Word.TAP),
        ("   ", Word.TAP),
        ("\u3000", Word.TAP),
        ("c", Word.CANCEL),
        ("取消", Word.CANCEL),
        ("?", Word.HELP),
        ("？", Word.HELP),
        ("HELP", Word.HELP),
        ("帮助", Word.HELP),
        ("幫助", Word.HELP),
        ("q", Word.QUIT),
        ("ｑｕｉｔ", Word.QUIT),
        ("Exit ", Word.QUIT),
        ("退出", Word.QUIT),
        ("18.80", Money(1880, "CNY")),
        ("１８．８０", Money(1880, "CNY")),
    ],
)
def test_a_line_is_taken_for(line: str, taken_for: Word | Money) -> None:
    assert understand(line) == taken_for


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("much", "not an amount, as in 18.80"),
        ("hlep", "did you mean help?"),
        ("cancle", "did you mean cancel?"),
        ("1.234", "? says what this prompt understands"),
        ("-5", "? says what this prompt understands"),
        ("\x1b[A", "type ? for help"),
    ],
)
def test_a_line_that_means_nothing_is_answered(line: str, says: str) -> None:
    answer = understand(line)
    assert isinstance(answer, NotUnderstood)
    assert says in answer.says
    assert "\x1b" not in answer.says
