# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a program's messages, one line each: which file, which key, what to do."""

import re
from collections.abc import Iterator
from typing import Final

from babel.messages.catalog import Catalog, Message

from pengpos.i18n import FALLBACK, Language
from workshop.words.catalogue import DamagedCatalogueError, SentencesOf, forms, key_of, read
from workshop.words.keys import misused, template
from workshop.words.program import SpeakingProgram
from workshop.words.update import up_to_date

_VALUE: Final = re.compile(r"\{(\w+)(?:!r)?\}")
_KEY: Final = re.compile(r"[a-z\d_.]+")
"""A key of ours. Any other is what a library says in English, by which it asks gettext itself."""
_LIBRARY_WORD: Final = re.compile(r"\{(name|number_type)\}")
"""What a library fills in with a word of its own English; a sentence in Chinese does without."""
_BRACE: Final = re.compile(r"[{}]")


def complaints(program: SpeakingProgram) -> list[str]:
    """Everything that must not be: sentences missing, unused, doubtful or contradictory, and files out of date."""
    try:
        catalogues = {language: read(program, language) for language in program.languages}
        found = [*misused(program), *_about_catalogues(program, catalogues), *_about_folders(program)]
        return found or [*_out_of_date(program)]
    except DamagedCatalogueError as error:
        return [str(error)]


def _about_catalogues(program: SpeakingProgram, catalogues: dict[Language, SentencesOf]) -> Iterator[str]:
    keys = template(program)
    english = catalogues[FALLBACK]
    for language, catalogue in catalogues.items():
        po = program.shown(program.po(language))
        for key in _keys(keys):
            message = catalogue.get(key)
            if message is None or not all(forms(message)):
                yield f"{po}: {key}: has no sentence"
            else:
                yield from (f"{po}: {key}: {wrong}" for wrong in _about_sentence(message, english.get(key)))
        yield from (f"{po}: {key}: the code does not ask for it" for key in _keys(catalogue) if key not in keys)


def _about_sentence(message: Message, english: Message | None) -> Iterator[str]:
    if message.fuzzy:
        yield "is marked fuzzy: compare it with the English, then take the mark away"
    is_ours = _KEY.fullmatch(key_of(message)) is not None
    expected = [_values(sentence) for sentence in forms(english)] if english is not None else []
    for number, sentence in enumerate(forms(message)):
        if is_ours and sentence == message.id:
            yield "its sentence is the key"
        if _BRACE.search(_VALUE.sub("", sentence)):
            yield "a brace that is not part of a {value}"
        values, wanted = _values(sentence), expected[number] if number < len(expected) else set()
        spared = set() if is_ours else set(_LIBRARY_WORD.findall(key_of(message)))
        if not wanted - spared <= values <= wanted:
            yield f"has the values {_listed(values)}, and English has {_listed(wanted)}"


def _about_folders(program: SpeakingProgram) -> Iterator[str]:
    known = {program.po(language) for language in program.languages}
    for path in sorted(program.locale.rglob("*.po")):
        if path not in known:
            yield f"{program.shown(path)}: {program.name} does not speak this language (workshop/words/program.py)"


def _out_of_date(program: SpeakingProgram) -> Iterator[str]:
    for path, content in up_to_date(program).items():
        if not path.exists() or path.read_bytes() != content:
            yield f"{program.shown(path)}: is out of date: run `make words`"


def _keys(catalogue: Catalog) -> list[str]:
    return [key_of(message) for message in catalogue if message.id]


def _values(sentence: str) -> set[str]:
    return set(_VALUE.findall(sentence))


def _listed(values: set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(values)) or "none"
