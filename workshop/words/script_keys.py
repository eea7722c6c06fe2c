# SPDX-License-Identifier: Apache-2.0
"""The keys that pages in a browser ask for, in their scripts and documents.

A key stands in ``say(language, "to_pay")``, ``t("to_pay")``, ``word("to_pay")`` or ``data-word="to_pay"``, or elsewhere
as a word in quotation marks or as a property's name (a state's kind is the key of its title), or it is put together:
``line_${kind}`` asks for each key of the catalogue that begins so.

Tests: tests/workshop/words/test_script_keys.py
"""

import re
from collections.abc import Iterator
from typing import Final

from babel.messages.catalog import Catalog

from pengpos.i18n import FALLBACK
from workshop.words.catalogue import read
from workshop.words.program import SpeakingProgram

_ASKED: Final = re.compile(r"""\b(?:say\(\w+, |t\(|word\(|data-word=|data-label=)"(\w+)\"""")
_QUOTED: Final = re.compile(r"""["'](\w+)["']""")
_PROPERTY: Final = re.compile(r"^ +(\w+)[:,]", re.MULTILINE)
_PUT_TOGETHER: Final = re.compile(r"`(\w+_)\$\{[^}`]*\}(\w*)`")


class _Source:
    """A script or a document, and the words in it that may be keys."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.asked: list[str] = _ASKED.findall(text)
        self._words = {*_QUOTED.findall(text), *_PROPERTY.findall(text)}
        self._families: list[tuple[str, str]] = _PUT_TOGETHER.findall(text)

    def uses(self, key: str) -> bool:
        """True if the key stands here, or may be put together here."""
        return key in self._words or any(
            key.startswith(start) and key.endswith(end) and len(key) > len(start + end) for start, end in self._families
        )


def script_keys(program: SpeakingProgram) -> Catalog:
    """The keys of the English catalogue that the pages use, in its order, then those it lacks."""
    found = Catalog()
    sources = list(_sources(program))
    for message in list(read(program, FALLBACK))[1:]:
        if users := [source.path for source in sources if source.uses(str(message.id))]:
            found.add(message.id, locations=[(path, 0) for path in users])
    for source in sources:
        for key in source.asked:
            found.add(key, locations=[(source.path, 0)])
    return found


def _sources(program: SpeakingProgram) -> Iterator[_Source]:
    for path in sorted(program.code.iterdir()):
        if path.suffix in {".html", ".js"} and path != program.module:
            yield _Source(program.shown(path), path.read_text(encoding="utf-8"))
