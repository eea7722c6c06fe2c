# SPDX-License-Identifier: Apache-2.0
"""Words for people: keys in the code, sentences in one gettext catalogue per program and language.

A program keeps its catalogues in its own package: `locale/LANGUAGE/LC_MESSAGES/PROGRAM.po` for translators, and the
`.mo` compiled from it for the standard library's `gettext`. `make words` compiles them and `make check` compares
(`docs/translating.md`), so that a program needs nothing but these files at run time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final, Literal, Self

Language = Literal["zh-Hans", "zh-Hant", "en"]
"""A BCP 47 tag; the folder of its catalogues is named with an underscore, ``zh_Hans``."""

LANGUAGES: Final[tuple[Language, ...]] = ("zh-Hans", "zh-Hant", "en")
FALLBACK: Final[Language] = "en"
"""What stands in for a sentence that a language lacks."""
_WORDS: Final = {"zh-Hans": "收款机设备", "zh-Hant": "收款機設備"}
_CHINESE: Final = re.compile(r"zh|zho|chi|cdo|cjy|cmn|cnp|cpx|csp|czh|czo|gan|hak|hnm|hsn|lzh|mnp|nan|wuu|yue")
"""The first subtags of the languages of ISO 639-3's macrolanguage zho."""
_TRADITIONAL: Final = frozenset({"hant", "cht", "tw", "hk", "mo", "yue"})
"""`cht` as .NET and Windows write it."""


def language_of(environment: Mapping[str, str], encoding: str = "utf-8") -> Language:
    """Of who sits at a console: `LC_ALL`, else `LC_MESSAGES`, else `LANG`; before them `LANGUAGE`, as for gettext.

    `PENGPOS_LANGUAGE` comes before all of them. Traditional Chinese is that of Taiwan, Hong Kong and Macau; English
    stands for every language that is none of ours, where the console's `encoding` lacks the language's script, and,
    unless it is set, on the kernel's own console (``TERM=linux``), whose fonts have none.
    """
    chosen = language_of_tag(environment.get("PENGPOS_LANGUAGE", ""))
    if chosen is None and environment.get("TERM") == "linux":
        return FALLBACK
    locale = next((said for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (said := environment.get(name))), "C")
    plain = re.split(r"[.@]", locale)[0] in {"C", "POSIX"}
    wished = [] if plain else [one for one in environment.get("LANGUAGE", "").split(":") if one]
    known = (chosen, *map(language_of_tag, (*wished, locale)))
    found = next((language for language in known if language is not None), FALLBACK)
    return found if is_writable(found, encoding) else FALLBACK


def is_writable(language: Language, encoding: str) -> bool:
    """Whether a console of this encoding has the language's characters: those of one script are not the other's."""
    try:
        _WORDS.get(language, "").encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def language_of_tag(tag: str) -> Language | None:
    """Of a language tag or a locale's name, as ``yue-HK``, ``zh_TW.UTF-8`` or ``en``; None: none of ours.

    Of Chinese, its script decides, else Taiwan, Hong Kong, Macau and Cantonese, which are written in Traditional.
    """
    subtags = re.split(r"[-_]", re.split(r"[.@]", tag)[0].lower())
    if not _CHINESE.fullmatch(subtags[0]):
        return "en" if subtags[0] == "en" else None
    return "zh-Hant" if "hans" not in subtags and _TRADITIONAL.intersection(subtags) else "zh-Hans"


class Catalogue:
    """The sentences of one program. A language is read when its first sentence is asked for."""

    def __init__(self, program: str, directory: Path) -> None:
        self.program = program
        self.directory = directory
        self._read: dict[Language, NullTranslations] = {}

    def message(self, key: str) -> "Message":
        """The message of a key. The key is written out where this is called: that is how `make words` finds it."""
        return Message(key, self)

    def sentence(self, key: str, language: Language) -> str:
        """The sentence of a key, the English one where the language has none.

        Raises LookupError if English has none either, FileNotFoundError if there is no compiled English catalogue.
        """
        for tag in (language, FALLBACK):
            if (sentence := self._in(tag).gettext(key)) != key:
                return sentence
        raise LookupError(f"the catalogue of {self.program} has no sentence for {key}")

    def _in(self, language: Language) -> NullTranslations:
        if language not in self._read:
            self._read[language] = self._read_compiled(language)
        return self._read[language]

    def _read_compiled(self, language: Language) -> NullTranslations:
        path = self.directory / language.replace("-", "_") / "LC_MESSAGES" / f"{self.program}.mo"
        if language != FALLBACK and not path.exists():
            return NullTranslations()
        with path.open("rb") as compiled:
            return GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence in every language, by its key; ``{name}`` in it marks a value, the same in each language."""

    key: str
    catalogue: Catalogue = field(repr=False)

    def in_language(self, language: Language, /, **values: object) -> str:
        """The sentence in one language with its values put in; a value that is a sentence, in the same language.

        Raises KeyError for a value that is not given.
        """
        sentence = self.catalogue.sentence(self.key, language)
        if not values:
            return sentence
        return sentence.format(**{name: in_language(value, language) for name, value in values.items()})

    def said(self, /, **values: object) -> "Said":
        """The message with its values. Raises KeyError for a value that is not given."""
        return Said(self, values)


class Said(str):
    """A message with its values. As a string it is English, for logs and programs; people read it in their language."""

    def __new__(cls, message: Message, values: Mapping[str, object]) -> Self:
        """Raises KeyError for a value that is not given."""
        said = super().__new__(cls, message.in_language(FALLBACK, **values))
        said._message, said._values = message, values
        return said

    _message: Message
    _values: Mapping[str, object]

    def in_language(self, language: Language) -> str:
        """The sentence in one language."""
        return self._message.in_language(language, **self._values)


def in_language(text: object, language: Language) -> str:
    """A message, or sentences by language, in that language; anything else as it is."""
    match text:
        case Message() | Said():
            return text.in_language(language)
        case Mapping():
            return str(text[language])
        case _:
            return str(text)
