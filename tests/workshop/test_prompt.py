# SPDX-License-Identifier: Apache-2.0
"""The prompt of `pengpos run`: line, and what it is taken for."""

import pytest

from pengpos.core.money import Money
from workshop.prompt import LINE_MOST, Lines, NotUnderstood, Word, understand


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
        ("5²", "? says what this prompt understands"),
        ("①", "? says what this prompt understands"),
        ("\x1b[A", "type ? for help"),
    ],
)
def test_a_line_that_means_nothing_is_answered(line: str, says: str) -> None:
    answer = understand(line)
    assert isinstance(answer, NotUnderstood)
    assert says in answer.says
    assert "\x1b" not in answer.says


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"7\n"], ["7"]),
        ([b"7\n\n"], ["7", ""]),
        ([b"18", b".80\n", b"c\n"], ["18.80", "c"]),
        ([b"18.80"], ["18.80"]),
        ([b"\xff5\n", b"5\n"], ["\ufffd5", "5"]),
        (["取消".encode()[:4], "取消\n".encode()[4:]], ["取消"]),
        ([b"x" * LINE_MOST, b"x" * LINE_MOST + b"\nc\n"], ["x" * 2 * LINE_MOST, "c"]),
    ],
    ids=["one", "two at once", "in pieces", "the last without its end", "no text", "half a sign", "too long"],
)  # fmt: skip
def test_lines_come_as_they_are_typed(pieces: list[bytes], lines: list[str]) -> None:
    """Of two that came at once the second waited for a third: an Enter before it, the cancel behind it paid."""
    coming, found = Lines(iter([*pieces, b"", b""]).__next__), list[str]()
    while (more := coming.more()) is not None:
        found += more
    assert found == lines


def test_of_two_lines_in_one_piece_none_is_left_behind() -> None:
    assert Lines(iter([b"7\nc\n"]).__next__).more() == ["7", "c"]
