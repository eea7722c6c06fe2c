# SPDX-License-Identifier: Apache-2.0
"""A phrase in the screen's three languages, and which of them stands under another."""

from typing import NamedTuple

from pengpos.client import Language

LANGUAGES: tuple[Language, ...] = ("zh-Hans", "zh-Hant", "en")


class Phrase(NamedTuple):
    """One entry of the string table; ``{name}`` marks a value, the same names in each language."""

    zh_hans: str
    zh_hant: str
    en: str

    def in_language(self, language: Language, **values: object) -> str:
        """The text in one language with its values put in."""
        text = {"zh-Hans": self.zh_hans, "zh-Hant": self.zh_hant, "en": self.en}[language]
        return text.format(**values) if values else text


def second_language(language: Language, offered: list[str]) -> Language | None:
    """What stands small under the main language: the shop's first language in the other script, if it has one."""
    chinese = language != "en"
    for other in LANGUAGES:
        if other in offered and (other != "en") != chinese:
            return other
    return None
