# SPDX-License-Identifier: Apache-2.0
"""The .po files that translators write, brought up to date with the code, and what is compiled from them.

The same keys and sentences give the same bytes: no date, no line number and no version of a tool is in these files.

Tests: tests/workshop/words/test_update.py
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from pengpos.core.errors import PengposError
from pengpos.i18n import FALLBACK, Language
from workshop.words.program import SpeakingProgram

_ENGLISH: Final = "English: "
_NEVER_WRAP: Final = 10_000
_HEADER: Final = """\
# The sentences of pengpos ({program}) in {language}. How to translate: docs/translating.md
# SPDX-License-Identifier: Apache-2.0"""
_MODULE: Final = """\
// SPDX-License-Identifier: Apache-2.0
// Made by `make words` from ../locale: change {program}.po there. Each key: {languages}.

export const SENTENCES = {{
"""
_PLURALS: Final = ("Plural-Forms", "nplurals=2; plural=(n != 1);")
"""Those of English in each language: what a library says of one and of many may hold different values."""
_LINE: Final = re.compile(r'|#.*|((msgid(_plural)?|msgstr(\[\d\])?|msgctxt) )?"([^"\\]|\\.)*"')
"""Babel is lenient where a quotation mark is missing, and loses a character there."""


@dataclass(eq=False)
class DamagedCatalogueError(PengposError):
    """A .po file that cannot be read: where, and why."""

    place: str
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.detail}"


def key_of(message: Message) -> str:
    """The key; of a plural, that of one."""
    return message.id if isinstance(message.id, str) else str(message.id[0])


def forms(message: Message) -> tuple[str, ...]:
    """Its sentence; of a plural, that of one and that of many."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


class SentencesOf(Catalog):
    """A catalogue of one program and language, with a header that never changes by itself."""

    def __init__(self, program: SpeakingProgram, language: Language) -> None:
        super().__init__(fuzzy=False)
        self.header_comment = _HEADER.format(program=program.name, language=language)
        self.headers = [
            ("Project-Id-Version", f"pengpos {program.name}"),
            ("Language", language.replace("-", "_")),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit\n"),
        ]

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """What Babel writes as the translation of the empty key."""
        if any(message.pluralizable for message in self._messages.values()):
            return [*self.headers[:-1], _PLURALS, self.headers[-1]]
        return self.headers


def read(program: SpeakingProgram, language: Language) -> SentencesOf:
    """The catalogue as its translator left it; empty if there is none. Raises DamagedCatalogueError."""
    catalogue = SentencesOf(program, language)
    path = program.po(language)
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            if not _LINE.fullmatch(line):
                raise DamagedCatalogueError(f"{program.shown(path)}:{number}", f"is no line of a catalogue: {line}")
        try:
            for message in read_po(lines, abort_invalid=True):
                if message.id:
                    catalogue[message.id] = message
        except PoFileError as error:
            raise DamagedCatalogueError(program.shown(path), str(error)) from error
    return catalogue


def updated(program: SpeakingProgram, keys: Catalog, language: Language) -> SentencesOf:
    """The catalogue with the keys of the code and no others, in their order; sentences stay.

    Beside each sentence stands the English one. Where that has changed since, the sentence is marked fuzzy, for its
    translator to look at.
    """
    catalogue = read(program, language)
    before = {message.id: _english_of(message) for message in catalogue}
    catalogue.update(keys, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    if language != FALLBACK:
        english = read(program, FALLBACK)
        for message in list(catalogue)[1:]:
            source = re.sub(r"\n\s*", " ", _sentence(english, key_of(message)))
            message.auto_comments += english[message.id].user_comments if message.id in english else []
            if source:
                message.auto_comments.append(_ENGLISH + source)
            if all(forms(message)) and before.get(message.id) not in {None, source}:
                message.flags.add("fuzzy")
    return catalogue


def po(catalogue: Catalog) -> bytes:
    """A catalogue as its file for translators."""
    out = BytesIO()
    write_po(out, catalogue, width=_NEVER_WRAP, include_lineno=False, ignore_obsolete=True)
    return out.getvalue().rstrip(b"\n") + b"\n"


def compiled(program: SpeakingProgram, catalogues: dict[Language, SentencesOf]) -> Iterator[tuple[Path, bytes]]:
    """The files that the program reads, made from its catalogues; sentences marked fuzzy are left out."""
    if program.module is not None:
        yield program.module, _module(program, catalogues)
        return
    for language, catalogue in catalogues.items():
        out = BytesIO()
        write_mo(out, catalogue)
        yield program.po(language).with_suffix(".mo"), out.getvalue()


def _module(program: SpeakingProgram, catalogues: dict[Language, SentencesOf]) -> bytes:
    """An ES module with each key's sentences, in the order of the program's languages."""
    lines = [_MODULE.format(program=program.name, languages=", ".join(program.languages))]
    for message in list(catalogues[FALLBACK])[1:]:
        english = _sentence(catalogues[FALLBACK], key_of(message))
        if english:
            said = [_sentence(catalogues[language], key_of(message)) or english for language in program.languages]
            lines.append(f"  {message.id}: {json.dumps(said, ensure_ascii=False)},\n")
    return "".join([*lines, "};\n"]).encode()


def _english_of(message: Message) -> str | None:
    """The English sentence that a translator was shown."""
    for comment in message.auto_comments:
        if comment.startswith(_ENGLISH):
            return comment.removeprefix(_ENGLISH)
    return None


def _sentence(catalogue: Catalog, key: str) -> str:
    message = catalogue.get(key)
    return " | ".join(forms(message)) if message is not None and not message.fuzzy else ""
