# SPDX-License-Identifier: Apache-2.0
"""Which programs speak to people, in which languages, and where their code and their catalogues lie.

Tests: tests/workshop/words/test_check.py
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pengpos.i18n import LANGUAGES, Language

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakingProgram:
    """A program that speaks to people, with one gettext domain of its name."""

    name: str
    code: Path
    """The folder whose files ask for messages."""
    locale: Path
    """The folder of its catalogues, one folder per language."""
    languages: tuple[Language, ...] = LANGUAGES
    module: Path | None = None
    """For pages in a browser: the ES module that their sentences are compiled to. A Python program reads .mo files."""
    root: Path = ROOT
    """What paths are shown relative to."""

    def po(self, language: Language) -> Path:
        """What a translator writes."""
        return self.locale / language.replace("-", "_") / "LC_MESSAGES" / f"{self.name}.po"

    def shown(self, path: Path) -> str:
        """A path as people read it, the same on every machine."""
        return path.relative_to(self.root).as_posix()


_PROVISIONING: Final = ROOT / "provisioning"
_BACKEND: Final = ROOT / "sandbox" / "backend"
_PAGES: Final = ROOT / "sandbox" / "pages"
_SIMULATOR: Final = ROOT / "sandbox" / "simulator"
_PHONE: Final = ROOT / "sandbox" / "phone"
PROGRAMS: Final = (
    SpeakingProgram(name="ui", code=ROOT / "ui", locale=ROOT / "ui" / "i18n" / "locale"),
    SpeakingProgram(name="pengpos", code=ROOT / "pengpos", locale=ROOT / "pengpos" / "locale"),
    SpeakingProgram(name="drivers", code=ROOT / "drivers", locale=ROOT / "drivers" / "locale"),
    SpeakingProgram(name="queue", code=ROOT / "offline_queue", locale=ROOT / "offline_queue" / "locale"),
    SpeakingProgram(name="terminal", code=ROOT / "terminal", locale=ROOT / "terminal" / "locale"),
    SpeakingProgram(name="provisioning", code=_PROVISIONING, locale=_PROVISIONING / "locale"),
    SpeakingProgram(name="backend", code=_BACKEND, locale=_BACKEND / "locale"),
    SpeakingProgram(
        name="pages",
        code=_PAGES / "static",
        locale=_PAGES / "locale",
        module=_PAGES / "static" / "sentences.js",
    ),
    SpeakingProgram(
        name="simulator",
        code=_SIMULATOR / "static",
        locale=_SIMULATOR / "locale",
        module=_SIMULATOR / "static" / "sentences.js",
    ),
    SpeakingProgram(name="phone", code=_PHONE, locale=_PHONE / "locale"),
)
