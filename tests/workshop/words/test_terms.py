# SPDX-License-Identifier: Apache-2.0
"""One word for each thing in each language, as `docs/glossary.md` lists them; no script among another; no stray space.

GB 2312 holds the characters of 简体, and the first plane of Big5 the common ones of Taiwan: neither has the other's.
"""

import re
from typing import NamedTuple

import pytest

from pengpos.i18n import LANGUAGES, Language
from workshop.words.catalogue import forms, read
from workshop.words.program import PROGRAMS, ROOT

HAN = "\u4e00-\u9fff"
TWICE_BORN = {"zh-Hans": "於後乾著", "zh-Hant": "后余里于几么"}
"""In both sets, and never meant by us in that script."""
BIG5_RARE = 0xC9
"""The lead byte at which the second plane begins, with 机 and 档."""


class Term(NamedTuple):
    """A row of the table: the word in each language, and what stands for none of them."""

    words: dict[Language, str]
    never: tuple[str, ...]

    def variants(self, language: Language) -> list[str]:
        """What may not be in a sentence of a language: what never is, and another language's word."""
        own = self.words[language]
        others = {self.words["zh-Hans"], self.words["zh-Hant"]} - {own} if language != "en" else set()
        return [word for word in (*self.never, *others) if word not in own]


def table() -> list[Term]:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \|$", page.partition("## What people read")[2], re.MULTILINE)[1:]
    cells = [row.split(" | ") for row in rows]
    return [
        Term({"en": english, "zh-Hans": hans, "zh-Hant": hant}, tuple(never.split(" · ")))
        for english, hans, hant, never in cells
    ]


def sentences(language: Language) -> dict[str, str]:
    """Every sentence of every program that speaks a language, by ``program: key``."""
    return {
        f"{program.name}: {message.id}": "\n".join(forms(message))
        for program in PROGRAMS
        if language in program.languages
        for message in read(program, language)
        if message.id
    }


TERMS = table()
SAID = {language: sentences(language) for language in LANGUAGES}


def has(sentence: str, word: str) -> bool:
    """English by whole words, whatever their case; Chinese as it stands."""
    if word.isascii():
        return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", sentence, re.IGNORECASE) is not None
    return word in sentence


def common(character: str, language: Language) -> bool:
    """Whether a Han character is one of this script."""
    try:
        code = character.encode("gb2312" if language == "zh-Hans" else "big5")
    except UnicodeEncodeError:
        return False
    return character not in TWICE_BORN[language] and (language == "zh-Hans" or code[0] < BIG5_RARE)


def test_the_table_is_read() -> None:
    assert len(TERMS) > 40
    assert len({term.words["en"] for term in TERMS}) == len(TERMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_thing_has_one_word(language: Language) -> None:
    banned = [word for term in TERMS for word in term.variants(language)]
    assert {
        place: words
        for place, said in SAID[language].items()
        if (words := [word for word in banned if has(said, word)])
    } == {}


def test_both_scripts_speak_of_the_same_things() -> None:
    """Where 简体 says a term 繁體 says its own, and the other way round."""
    hans, hant = SAID["zh-Hans"], SAID["zh-Hant"]
    assert {
        (place, term.words["zh-Hans"]): (said, hant[place])
        for place, said in hans.items()
        for term in TERMS
        if (term.words["zh-Hans"] in said) != (term.words["zh-Hant"] in hant[place])
    } == {}


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_no_character_is_of_the_other_script(language: Language) -> None:
    assert {
        place: stray
        for place, said in SAID[language].items()
        if (stray := [one for one in re.findall(f"[{HAN}]", said) if not common(one, language)])
    } == {}


@pytest.mark.parametrize(
    ("character", "language"), [("機", "zh-Hans"), ("後", "zh-Hans"), ("机", "zh-Hant"), ("后", "zh-Hant")]
)
def test_a_stray_character_would_be_seen(character: str, language: Language) -> None:
    assert not common(character, language)


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_no_space_parts_han_from_a_value_or_a_word(language: Language) -> None:
    """The screen's typesetter sets that gap, as do browsers that know of it."""
    parted = re.compile(rf"[{HAN}] (?=[{{\w])|[}}\w] (?=[{HAN}])")
    assert {place: said for place, said in SAID[language].items() if parted.search(said)} == {}
