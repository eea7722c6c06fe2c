# SPDX-License-Identifier: Apache-2.0
"""Which of our languages a browser's header asks for, by the rules of static/words.js; and what the pages say in it.

Tests: tests/sandbox/pages/test_languages.py
"""

import json
import re
from collections.abc import Iterable
from functools import cache

from pengpos.i18n import FALLBACK, LANGUAGES, Language
from sandbox.pages import STATIC

_CHINESE = re.compile(r"zh|yue|wuu|gan|hak|hsn|nan|cdo|cmn")
_TRADITIONAL = re.compile(r"(zh-(tw|hk|mo)|yue)\b")
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
    for given in tags:
        tag = re.sub(r"[.@].*", "", given.lower().replace("_", "-"))
        main = tag.partition("-")[0]
        if _CHINESE.fullmatch(main):
            if re.search(r"-hans\b", tag):
                return "zh-Hans"
            return "zh-Hant" if re.search(r"-hant\b", tag) or _TRADITIONAL.match(tag) else "zh-Hans"
        if main == "en":
            return "en"
    return FALLBACK


@cache
def _sentences() -> dict[str, list[str]]:
    """What `make words` has compiled for the scripts: each key, and its sentence in each language."""
    module = (STATIC / "sentences.js").read_text(encoding="utf-8")
    return {key: json.loads(said) for key, said in _SENTENCE.findall(module)}


def say(language: Language, key: str, **values: str) -> str:
    """The sentence of a key, its values put in."""
    return _sentences()[key][LANGUAGES.index(language)].format(**values)
