# SPDX-License-Identifier: Apache-2.0
"""A finding is what a probe says of one part of the installation: a light, a sentence, and a cure where it is not well.

Tests: tests/provisioning/test_doctor.py, tests/provisioning/test_probes.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pengpos.i18n import FALLBACK, LANGUAGES, Language, Message, in_language


class Light(StrEnum):
    """Green: well. Yellow: works, but look at it. Red: the terminal cannot sell, or soon will not."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


Text = Message | Mapping[Language, str] | str
"""A message; a sentence in each language; or what another part says, as it says it. A value of a message may be one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One light; `cure` says what a technician does about it, and is there whenever the light is not green."""

    light: Light
    says: str
    """In English, as `cure`."""
    cure: str = ""
    code: str = field(default="", compare=False)
    """What it says, for programs; empty where another part says it."""
    sentences: Mapping[Language, tuple[str, str]] = field(default_factory=dict, compare=False)
    """What it says and the cure, in each language."""

    def in_language(self, language: Language) -> tuple[str, str]:
        """What it says, and the cure."""
        return self.sentences.get(language, (self.says, self.cure))


Probe = Callable[[], Finding]
"""A probe looks at one part, within a few seconds; trouble is a finding, never an exception."""


def well(says: Text, **values: object) -> Finding:
    """Make a green finding: there is nothing to do."""
    return _made(Light.GREEN, says, "", values)


def worth_a_look(says: Text, cure: Text, **values: object) -> Finding:
    """Make a yellow finding: it works, for now. The values are of both sentences."""
    return _made(Light.YELLOW, says, cure, values)


def broken(says: Text, cure: Text, **values: object) -> Finding:
    """Make a red finding: it keeps the terminal from selling. The values are of both sentences."""
    return _made(Light.RED, says, cure, values)


def _made(light: Light, says: Text, cure: Text, values: Mapping[str, object]) -> Finding:
    sentences = {language: (_said(says, language, values), _said(cure, language, values)) for language in LANGUAGES}
    code = says.key if isinstance(says, Message) else ""
    return Finding(light, *sentences[FALLBACK], code=code, sentences=sentences)


def _said(text: Text, language: Language, values: Mapping[str, object]) -> str:
    return text.in_language(language, **values) if isinstance(text, Message) else in_language(text, language)
