# SPDX-License-Identifier: Apache-2.0
"""The keys that a program's code asks for, as a gettext template: with the files they stand in and translators' notes.

In Python a key stands in ``message("result.approved")``, literally, and what a library says of one and of many in
``plural("one", "many")``; a comment above it that begins with ``Translators:`` goes into the catalogues. For pages in a
browser see `script_keys`.

Tests: tests/workshop/words/test_check.py
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract

from workshop.words.program import SpeakingProgram
from workshop.words.script_keys import script_keys

_MARK: Final = "message"
_MARKS: Final = {_MARK: None, "plural": (1, 2)}
_NOTE: Final = "Translators:"
_COMPUTED: Final = re.compile(rf"(?<!def )\b{_MARK}\((?!\s*\")")
_CONSTANT: Final = re.compile(rf"^(\w+)(?:: [\w\[\]]+)? = {_MARK}\(", re.MULTILINE)


def template(program: SpeakingProgram) -> Catalog:
    """Every key that the code of a program asks for, in the order of its files."""
    if program.module is not None:
        return script_keys(program)
    found = Catalog()
    for path in _sources(program.code):
        with path.open("rb") as source:
            uses = extract("python", source, _MARKS, (_NOTE,), strip_comment_tags=True)
            for _, key, notes, _ in uses:
                found.add(key, locations=[(program.shown(path), 0)], auto_comments=notes)
    return found


def misused(program: SpeakingProgram) -> Iterator[str]:
    """Complaints about the code: a key that is computed, so that no search finds it; a constant that nothing shows."""
    texts = {path: path.read_text(encoding="utf-8") for path in _sources(program.code)}
    everything = "\n".join(path.read_text(encoding="utf-8") for path in sorted(program.code.rglob("*.py")))
    for path, text in texts.items():
        for call in _COMPUTED.finditer(text):
            line = text.count("\n", 0, call.start()) + 1
            yield f"{program.shown(path)}:{line}: {_MARK}() takes its key as a literal"
        for name in _CONSTANT.findall(text):
            if len(re.findall(rf"\b{name}\b", everything)) < 2:
                yield f"{program.shown(path)}: {name}: nothing shows this message"


def _sources(code: Path) -> Iterator[Path]:
    """Files in which a message is named."""
    for path in sorted(code.rglob("*.py")):
        if f"{_MARK}(" in path.read_text(encoding="utf-8"):
            yield path
