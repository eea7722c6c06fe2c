# SPDX-License-Identifier: Apache-2.0
"""A small program that speaks, in a folder of its own: two messages in three languages, and nothing wrong with it."""

from pathlib import Path
from typing import Final

from pengpos.i18n import Language
from workshop.words.program import SpeakingProgram
from workshop.words.update import write

CODE: Final = """\
APPROVED = message("result.approved")
# Translators: beside a countdown.
LEFT = message("time.left")
shown = [APPROVED, LEFT]
"""
SENTENCES: Final[dict[Language, dict[str, str]]] = {
    "zh-Hans": {"result.approved": "收款成功", "time.left": "还有 {time}"},
    "zh-Hant": {"result.approved": "收款成功", "time.left": "還有 {time}"},
    "en": {"result.approved": "Approved", "time.left": "{time} left"},
}


class Shop:
    """The program, and what a translator or a programmer does to it."""

    def __init__(self, root: Path) -> None:
        self.program = SpeakingProgram(name="shop", code=root / "code", locale=root / "locale", root=root)
        self.source = root / "code" / "words.py"
        self.source.parent.mkdir()
        self.source.write_text(CODE)
        write(self.program)
        for language, sentences in SENTENCES.items():
            for key, sentence in sentences.items():
                self.edit(language, f'msgid "{key}"\nmsgstr ""', f'msgid "{key}"\nmsgstr "{sentence}"')
        write(self.program)

    def po(self, language: Language) -> str:
        """A catalogue as its translator sees it."""
        return self.program.po(language).read_text(encoding="utf-8")

    def edit(self, language: Language, before: str, after: str) -> None:
        """A translator's change to a catalogue."""
        text = self.po(language)
        assert before in text
        self.program.po(language).write_text(text.replace(before, after), encoding="utf-8")

    def program_anew(self, before: str, after: str) -> None:
        """A programmer's change to the code."""
        text = self.source.read_text(encoding="utf-8")
        assert before in text
        self.source.write_text(text.replace(before, after), encoding="utf-8")
