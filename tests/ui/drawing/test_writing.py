# SPDX-License-Identifier: Apache-2.0
"""What of a text is drawn, and where its pieces stand on the line."""

import pytest

from ui.drawing.writing import CHARACTERS_MOST, Piece, drawable, in_sight, script_tag


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("晨光　咖啡", "晨光　咖啡"),
        ("a\u200bb", "ab"),
        ("a\u2028b\nc\x00d", "a b c d"),
        ("a\u00a0b", "a b"),
        ("a\u202eb\u2066c\u2069\ufeff", "abc"),
        ("👩\u200d👧", "👩👧"),
        ("❤\ufe0f", "❤"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("ශ\u0dca\u200dරී", "ශ\u0dca\u200dරී"),
        ("അവന\u0d4d\u200d കട", "അവന\u0d4d\u200d കട"),
        ("അവന\u0d4d\u200d", "അവന\u0d4d\u200d"),
        ("ᠰᠠᠷ\u180eᠠ", "ᠰᠠᠷ\u180eᠠ"),
        ("a\u180eb", "ab"),
        ("ab\u200d", "ab"),
        ("Cafe\u0301", "Café"),
        ("\u0301a \u0301b", "a b"),
        ("a" + "\u0335" * 99, "a" + "\u0335" * 6),
        ("\u3164", ""),
        ("\ue000\ud800\U0010ffff", "\ue000\ud800\U0010ffff"),
        ("", ""),
        ("x" * 5_000, "x" * CHARACTERS_MOST),
    ],
    ids=ascii,
)
def test_what_of_a_text_is_drawn(text: str, drawn: str) -> None:
    assert drawable(text) == drawn
    assert drawable(drawn) == drawn


LEFT, RIGHT = "קפה", "مقهى"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Café 7", [("Café 7", False)]),
        (LEFT, [(LEFT, True)]),
        (f"Cafe {LEFT} bar", [("Cafe ", False), (LEFT, True), (" bar", False)]),
        (f"{LEFT} 24/7", [("24/7", False), (f"{LEFT} ", True)]),
        (f"7 {LEFT}", [("7 ", False), (LEFT, True)]),
        (f"{LEFT} 7 {RIGHT}", [(f" {RIGHT}", True), ("7", False), (f"{LEFT} ", True)]),
        (f"({LEFT})", [("(", False), (LEFT, True), (")", False)]),
        (f"{LEFT} ({RIGHT}) x", [(f"{LEFT} ({RIGHT})", True), (" x", False)]),
        (f"{LEFT} ({RIGHT} 2)", [(")", True), ("2", False), (f"{LEFT} ({RIGHT} ", True)]),
        (f"{LEFT} [({RIGHT})]!", [(f"{LEFT} [({RIGHT})]", True), ("!", False)]),
        (f"{LEFT} (bar)", [(LEFT, True), (" (bar)", False)]),
        (f"{LEFT} )", [(LEFT, True), (" )", False)]),
        (f"{LEFT} a {RIGHT}", [(LEFT, True), (" a ", False), (RIGHT, True)]),
        (f"桌{LEFT}", [("桌", False), (LEFT, True)]),
        (f"{LEFT} 1,2", [("1,2", False), (f"{LEFT} ", True)]),
        ("", [("", False)]),
    ],
)  # fmt: skip
def test_pieces_stand_as_they_are_read(text: str, pieces: list[tuple[str, bool]]) -> None:
    assert in_sight(text) == [Piece(*piece) for piece in pieces]


@pytest.mark.parametrize(
    ("character", "tag"),
    [("ب", "Arab"), ("क", "Deva"), ("한", "Hang"), ("中", ""), ("a", ""), (" ", ""), ("\u0378", "")],
)
def test_the_script_that_shapes_a_character(character: str, tag: str) -> None:
    assert script_tag(character) == tag
