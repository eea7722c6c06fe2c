# SPDX-License-Identifier: Apache-2.0
"""Which of our languages a browser's header asks for, by the rules of static/languages.js; what the pages say in it.

Tests: tests/sandbox/pages/test_languages.py
"""

import json
import re
from collections.abc import Iterable
from functools import cache

from pengpos.i18n import FALLBACK, LANGUAGES, Language, language_of_tag
from sandbox.pages import STATIC

_WEIGHED = re.compile(r";\s*q=([01](?:\.\d{0,3})?)\s*$", re.IGNORECASE)
_RANGES_MOST = 32
_SENTENCE = re.compile(r"^  (\w+): (\[.*\]),$", re.MULTILINE)


def asked_for(accept_language: str | None) -> Language:
    """The language for an `Accept-Language` (RFC 9110, 12.5.4): the heaviest that is one of ours, else English."""
    weighed: list[tuple[float, str]] = []
    for given in (accept_language or "").split(",")[:_RANGES_MOST]:
        weight = _WEIGHED.search(given)
        weighed.append((float(weight[1]) if weight else 1.0, given.partition(";")[0].strip()))
    return preferred(tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0)


def preferred(tags: Iterable[str]) -> Language:
    """The first of ours that these tags ask for; English for all others. A tag that is none is passed over."""
    return next((language for language in map(language_of_tag, tags) if language is not None), FALLBACK)


@cache
def _sentences() -> dict[str, list[str]]:
    """What `make words` has compiled for the scripts: each key, and its sentence in each language."""
    module = (STATIC / "sentences.js").read_text(encoding="utf-8")
    return {key: json.loads(said) for key, said in _SENTENCE.findall(module)}


def say(language: Language, key: str, **values: str) -> str:
    """The sentence of a key, its values put in."""
    return _sentences()[key][LANGUAGES.index(language)].format(**values)
