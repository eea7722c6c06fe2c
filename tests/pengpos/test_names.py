# SPDX-License-Identifier: Apache-2.0
"""What may be a name, what is said of what may not, and what is left of a text that nobody can mend."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pengpos.names import MARKS_MOST, NameFault, length, mended, unfit

FIT = [
    "晨光咖啡", "桌 7", "Café Zoë Łódź", "Phở Hà Nội", "한빛 분식", "奈雪の茶", "ЦУМ", "مقهى الفجر", "קפה", "กาแฟดำ",
    "कॉफ़ी", "བོད་ཇ།", "می\u200cخواهم", "ශ්\u200dරී ලංකා", "❤️ 咖啡", "👍🏽", "🇨🇳", "（老）王记・茶", "7", "𠮷野家",
    "\U00031350记", "ᠰᠠᠷ\u180eᠠ", "അവന\u0d4d\u200d കട", "അവന\u0d4d\u200d",
]  # fmt: skip


@pytest.mark.parametrize("text", FIT)
def test_names_of_shops_people_and_tables(text: str) -> None:
    assert unfit(text, most=40, bytes_most=80) is None
    assert mended(text, most=40, bytes_most=80) == text


UNFIT = [
    ("", NameFault.BLANK, "can be seen", ""),
    (" \u3000\u00a0", NameFault.BLANK, "can be seen", ""),
    ("\u3164", NameFault.BLANK, "can be seen", ""),
    ("\u2800", NameFault.BLANK, "can be seen", ""),
    ("a\nb", NameFault.CHARACTER, "U+000A", "a b"),
    ("a\x00b", NameFault.CHARACTER, "U+0000", "a b"),
    ("a\u2028b", NameFault.CHARACTER, "U+2028 (LINE SEPARATOR)", "a b"),
    ("a\u200bb", NameFault.CHARACTER, "U+200B (ZERO WIDTH SPACE)", "ab"),
    ("a\u202eb", NameFault.CHARACTER, "U+202E (RIGHT-TO-LEFT OVERRIDE)", "ab"),
    ("a\u00adb", NameFault.CHARACTER, "U+00AD (SOFT HYPHEN)", "ab"),
    ("\ufeffa", NameFault.CHARACTER, "U+FEFF", "a"),
    ("a\u200db", NameFault.CHARACTER, "U+200D (ZERO WIDTH JOINER)", "ab"),
    ("می\u200c", NameFault.CHARACTER, "U+200C", "می"),
    ("ന\u200d കട", NameFault.CHARACTER, "U+200D", "ന കട"),
    ("അവന\u0d4d\u200c", NameFault.CHARACTER, "U+200C", "അവന\u0d4d"),
    ("ᠰᠠᠷ\u180e", NameFault.CHARACTER, "U+180E (MONGOLIAN VOWEL SEPARATOR)", "ᠰᠠᠷ"),
    ("س\u180eس", NameFault.CHARACTER, "U+180E", "سس"),
    ("👩\u200d👧", NameFault.CHARACTER, "U+200D", "👩👧"),
    ("\ue000a", NameFault.CHARACTER, "U+E000", "a"),
    ("\ud800a", NameFault.CHARACTER, "U+D800", "a"),
    ("\u0378a", NameFault.CHARACTER, "U+0378", "a"),
    ("\U0002fffea", NameFault.CHARACTER, "U+2FFFE", "a"),
    ("Cafe\u0301", NameFault.DECOMPOSED, "NFC", "Café"),
    ("\u212b", NameFault.DECOMPOSED, "NFC", "Å"),
    ("\u0335a", NameFault.MARKS, "letter under each mark", "a"),
    ("a" + "\u0335" * 7, NameFault.MARKS, "6 marks", "a" + "\u0335" * 6),
    ("咖" * 41, NameFault.TOO_LONG, "40 characters", "咖" * 26),
    ("咖" * 30, NameFault.TOO_LONG, "80 bytes", "咖" * 26),
]


@pytest.mark.parametrize(("text", "fault", "says", "left"), UNFIT, ids=[ascii(row[0])[:20] for row in UNFIT])
def test_what_is_no_name_is_said_and_can_be_mended(text: str, fault: NameFault, says: str, left: str) -> None:
    found = unfit(text, most=40, bytes_most=80)
    assert found is not None
    assert found.fault is fault
    assert says in found.says
    assert mended(text, most=40, bytes_most=80) == left


@pytest.mark.parametrize(("text", "count"), [("Café", 4), ("ที่นี่", 2), ("👍🏽🇨🇳", 2), ("🇨🇳🇯🇵", 2), ("한빛", 2), ("❤️", 1)])
def test_characters_are_counted_as_people_count(text: str, count: int) -> None:
    assert length(text) == count


def test_every_character_of_unicode_is_fit_or_can_be_mended() -> None:
    refused = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    for first in range(0, 0x110000, 1 << 10):
        # All of the planes that are in use, and of the others each beginning and end.
        row = range(first, first + (1 << 10)) if first < 0x32400 else (first, first + 1, first + 1022, first + 1023)
        for code in row:
            category = unicodedata.category(chr(code))
            if category in refused or (category == "Cn" and not 0x20000 <= code <= 0x3FFFD):
                found = unfit(f"a{chr(code)}b")
                assert found is not None
                assert found.fault is NameFault.CHARACTER
        assert unfit(mended("".join(f"a{chr(code)}b" for code in row), most=5_000)) is None


@given(st.text(st.characters(), max_size=60), st.integers(1, 40), st.integers(1, 80))
def test_what_is_mended_is_fit_and_stays_as_it_is(text: str, most: int, bytes_most: int) -> None:
    left = mended(text, most=most, bytes_most=bytes_most)
    assert left == "" or unfit(left, most=most, bytes_most=bytes_most) is None
    assert mended(left, most=most, bytes_most=bytes_most) == left


@given(st.text(st.sampled_from("ae\u0301\u0335\u200d\u200c\u180e\u200bسक්ර් \nᠠ咖\U0001f1e8\u3164"), max_size=12))
@example("س\u200c\u0335\u0dca")  # NFC sets the mark of no script beside the joiner
def test_so_is_what_people_paste_together(text: str) -> None:
    left = mended(text, most=9)
    assert left == "" or unfit(left, most=9) is None
    assert mended(left, most=9) == left
    if unfit(text, most=9) is None:
        assert left == text.strip()


@pytest.mark.parametrize("mark", ["\u0335", "\U0001f3fb"], ids=["a stroke", "an emoji's tone"])
def test_marks_are_bounded_so_that_a_line_is(mark: str) -> None:
    assert len(mended("a" + mark * 10_000, most=9)) == 1 + MARKS_MOST
    assert unfit("a" + mark * MARKS_MOST) is None
    found = unfit("a" + mark * (MARKS_MOST + 1))
    assert found is not None
    assert found.fault is NameFault.MARKS
