# SPDX-License-Identifier: Apache-2.0
"""Pages in a browser: which keys they ask for, and the module that their sentences are compiled to."""

from pathlib import Path

import pytest

from workshop.words.check import complaints
from workshop.words.program import SpeakingProgram
from workshop.words.update import write

SCRIPT = """\
import { say, word } from "./words.js";
export const screens = {
  paid: (language) => say(language, "to_pay", { merchant: "晨光" }),
};
const end = word(`face_${screen.kind}_text`);
"""
ENGLISH = {"to_pay": "Pay {merchant}", "paid": "Paid", "face_torn_text": "Tap again", "open": "Open it"}


class Pages:
    """A page with one script and one document, which speak English and 简体."""

    def __init__(self, root: Path) -> None:
        static = root / "static"
        static.mkdir()
        self.script = static / "pay.js"
        self.script.write_text(SCRIPT, encoding="utf-8")
        self.document = static / "pay.html"
        self.document.write_text('<a data-word="open" id="link"></a>', encoding="utf-8")
        self.program = SpeakingProgram(
            name="pages",
            code=static,
            locale=root / "locale",
            languages=("zh-Hans", "en"),
            module=static / "sentences.js",
            root=root,
        )
        self.fill(ENGLISH)

    @property
    def english(self) -> Path:
        return self.program.po("en")

    def fill(self, sentences: dict[str, str]) -> None:
        """The same sentences in both languages, 简体 beginning with 中."""
        for language in self.program.languages:
            path = self.program.po(language)
            path.parent.mkdir(parents=True, exist_ok=True)
            sign = "中" if language == "zh-Hans" else ""
            entries = [f'msgid "{key}"\nmsgstr "{sign}{said}"\n' for key, said in sentences.items()]
            path.write_text("\n".join(entries), encoding="utf-8")
        write(self.program)


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """A page with nothing wrong with it."""
    return Pages(tmp_path)


def test_a_page_in_order_has_no_complaint_and_its_sentences_in_a_module(pages: Pages) -> None:
    assert complaints(pages.program) == []
    module = (pages.program.code / "sentences.js").read_text(encoding="utf-8")
    assert module.partition("export const SENTENCES = ")[2] == (
        "{\n"
        '  to_pay: ["中Pay {merchant}", "Pay {merchant}"],\n'
        '  paid: ["中Paid", "Paid"],\n'
        '  face_torn_text: ["中Tap again", "Tap again"],\n'
        '  open: ["中Open it", "Open it"],\n'
        "};\n"
    )


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"to_pay"', '"to_pey"', ["to_pey: has no sentence", "to_pay: the code does not ask for it"]),
        ("  paid: (", "  done: (", ["paid: the code does not ask for it"]),
        ("`face_${screen.kind}_text`", "`face_${screen.kind}`", []),
        ("`face_${screen.kind}_text`", "`foot_${screen.kind}`", ["face_torn_text: the code does not ask for it"]),
        ("const end", 'const news = word("news");\nconst end', ["news: has no sentence"]),
    ],
    ids=["a typo", "a kind renamed", "a wider family", "another family", "a new key"],
)
def test_what_is_said_when_a_script_changes(pages: Pages, before: str, after: str, complaint: list[str]) -> None:
    assert before in SCRIPT
    pages.script.write_text(SCRIPT.replace(before, after), encoding="utf-8")
    expected = [f"locale/{tag}/LC_MESSAGES/pages.po: {said}" for tag in ("zh_Hans", "en") for said in complaint]
    assert [said for said in complaints(pages.program) if "out of date" not in said] == expected


def test_a_document_asks_as_well(pages: Pages) -> None:
    pages.document.write_text('<a data-label="opened"></a>', encoding="utf-8")
    assert complaints(pages.program) == [
        f"locale/{tag}/LC_MESSAGES/pages.po: {said}"
        for tag in ("zh_Hans", "en")
        for said in ("opened: has no sentence", "open: the code does not ask for it")
    ]


def test_a_module_that_is_not_as_its_catalogue_says_is_out_of_date(pages: Pages) -> None:
    module = pages.program.code / "sentences.js"
    module.write_text(module.read_text(encoding="utf-8").replace("Paid", "Done"), encoding="utf-8")
    assert complaints(pages.program) == ["static/sentences.js: is out of date: run `make words`"]


def test_english_stands_in_for_what_a_language_lacks(pages: Pages) -> None:
    chinese = pages.program.po("zh-Hans")
    chinese.write_text(chinese.read_text(encoding="utf-8").replace('"中Paid"', '""'), encoding="utf-8")
    write(pages.program)
    assert '  paid: ["Paid", "Paid"],\n' in (pages.program.code / "sentences.js").read_text(encoding="utf-8")


def test_a_note_in_the_english_catalogue_reaches_the_others(pages: Pages) -> None:
    text = pages.english.read_text(encoding="utf-8")
    pages.english.write_text(text.replace("#: static/pay.html", "# A button.\n#: static/pay.html"), encoding="utf-8")
    write(pages.program)
    chinese = pages.program.po("zh-Hans").read_text(encoding="utf-8")
    assert '#. A button.\n#. English: Open it\n#: static/pay.html\nmsgid "open"\n' in chinese
    assert complaints(pages.program) == []
