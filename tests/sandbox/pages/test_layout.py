# SPDX-License-Identifier: Apache-2.0
"""Every screen of the pages, in each language and width, light and dark: nothing sticks out, all can be read and hit.

Also the string table, the tokens, and how dates are written.
"""

import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.pages import STATIC
from tests.support.page_checks import complaints
from ui.theme import Theme, ThemeName, Token
from workshop.gallery import pages as gallery
from workshop.gallery.pages import Shot, shots, stage
from workshop.samples import pages as samples

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

LANGUAGES = ("zh-Hans", "zh-Hant", "en")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_screen_can_be_read_and_hit(browser: "Browser", width: int, dark: bool) -> None:
    wrong: dict[str, list[str]] = {}
    drawn = 0
    with stage(browser, width=width, dark=dark) as page:
        for shot in shots():
            if (shot.width, shot.dark) == (width, dark):
                gallery.draw(page, shot)
                drawn += 1
                if found := complaints(page):
                    wrong[shot.file_name] = found
    assert wrong == {}
    assert drawn == (len(samples.PAY) + len(samples.RECEIPT)) * (1 if dark else 3)


@pytest.mark.parametrize("text", [1, 2], ids=["100 %", "200 %"])
def test_every_screen_can_be_read_on_320_px_and_with_large_letters(browser: "Browser", text: int) -> None:
    wrong: dict[str, list[str]] = {}
    with stage(browser, width=320, dark=False, text=text) as page:
        for shot in shots():
            if (shot.width, shot.dark) == (360, False):
                gallery.draw(page, shot)
                if found := complaints(page):
                    wrong[shot.file_name] = found
        assert page.evaluate("getComputedStyle(document.body).fontSize") == f"{17 * text}px"
    assert wrong == {}


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("h1 { white-space: nowrap; font-size: 200px }", "wide"),
        ("button { min-height: 30px; height: 30px }", "target"),
        (".detail p { color: #bbb }", "contrast"),
        ("p { width: 2em }", "broken"),
        ("html { --tone: #eee }  .shape { fill: #eee }", "of a shape"),
        (".actions { gap: 0 } .actions button { margin: 0 -40px }", "touches"),
    ],
)
def test_what_is_wrong_is_noticed(browser: "Browser", spoilt: str, said: str) -> None:
    with stage(browser, width=360, dark=False) as page:
        kind = "pay" if "actions" in spoilt else "lapsed"
        gallery.draw(page, Shot(kind, "screens", samples.PAY[kind], "en", 360, dark=False))
        assert complaints(page) == []
        page.add_style_tag(content=spoilt)
        assert said in "\n".join(complaints(page))


def test_each_screen_of_the_pages_is_in_the_gallery(browser: "Browser") -> None:
    source = (STATIC / "screens.js").read_text(encoding="utf-8")
    kinds = set(re.findall(r"^  (\w+)[:,]", source.split("const SCREENS = {")[1].split("};")[0], re.MULTILINE))
    assert kinds == {state["kind"] for state in samples.PAY.values()}


def test_every_sentence_is_in_three_languages(page: "Page") -> None:
    found = page.evaluate("""async () => {
      const {KEYS, LANGUAGES, say} = await import('/pages/words.js');
      return Object.fromEntries(KEYS.map((key) => [key, LANGUAGES.map(({tag}) => say(tag, key, {}))]));
    }""")
    assert len(found) > 80
    for key, sentences in found.items():
        assert len(sentences) == 3, key
        assert all(sentence.strip() for sentence in sentences), key
        marks = {tuple(sorted(re.findall("undefined", sentence))) for sentence in sentences}
        assert len(marks) == 1, f"{key} has other values in another language"


def test_no_sentence_is_missing_or_useless(page: "Page") -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted(STATIC.glob("*.js"))
        if path.name not in {"words.js", "sentences.js"}
    )
    keys = page.evaluate("async () => (await import('/pages/words.js')).KEYS")
    used = set(re.findall(r'"([a-z_]+)"', sources)) | set(re.findall(r"^  (\w+)[:,]", sources, re.MULTILINE))
    composed = re.compile("line_|receipt_|reason_|code_")  # by a line's kind, a receipt's status, a refusal
    assert {key for key in keys if not composed.match(key)} - used == set()
    asked = set(re.findall(r'\bt\("([a-z_]+)"', sources)) | set(re.findall(r'say\(language, "([a-z_]+)"', sources))
    assert asked - set(keys) == set()


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (["zh-CN"], "zh-Hans"),
        (["zh"], "zh-Hans"),
        (["zh-TW", "en"], "zh-Hant"),
        (["zh-HK"], "zh-Hant"),
        (["zh-Hant-CN"], "zh-Hant"),
        (["en-GB", "zh"], "en"),
        (["fr", "zh-TW"], "zh-Hant"),
        (["fr"], "en"),
        ([], "en"),
        (["en-US@posix"], "en"),
        (["C.UTF-8", "zh_TW.UTF-8"], "zh-Hant"),
        (["", "-", "x", "zh-SG"], "zh-Hans"),
        (["zh-MY"], "zh-Hans"),
        (["zh-MO"], "zh-Hant"),
        (["zh-Hans-HK"], "zh-Hans"),
        (["yue"], "zh-Hant"),
        (["yue-Hans-CN"], "zh-Hans"),
        (["wuu"], "zh-Hans"),
        (["nan-Hant-TW"], "zh-Hant"),
    ],
    ids=str,
)
def test_the_browsers_language_is_understood(page: "Page", tags: list[str], language: str) -> None:
    assert page.evaluate("async (tags) => (await import('/pages/languages.js')).preferred(tags)", tags) == language


@pytest.mark.parametrize(
    ("language", "told"),
    [("zh-Hans", "2027年1月15日 14:32"), ("zh-Hant", "2027年1月15日 14:32"), ("en", "January 15, 2027 at 14:32")],
)
def test_a_time_is_written_as_people_do(page: "Page", language: str, told: str) -> None:
    script = "async (given) => (await import('/pages/format.js')).moment(...given)"
    assert page.evaluate(script, [language, "2027-01-15T06:32:41Z"]) == told


@pytest.mark.parametrize(
    ("code", "reason", "key"),
    [
        ("insufficient_funds", 23, "code_insufficient_funds"),
        ("declined", 23, "reason_23"),
        ("expired", 22, "reason_22"),
        ("something_new", 19, "reason_19"),
        ("something_new", 99, "reason_23"),
        (None, None, "reason_23"),
    ],
)
def test_a_no_has_its_sentence(page: "Page", code: str | None, reason: int | None, key: str) -> None:
    script = "async (given) => (await import('/pages/words.js')).reasonKey(...given)"
    assert page.evaluate(script, [code, reason]) == key


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_have_the_screens_colours(theme: ThemeName) -> None:
    style = (STATIC / "look.css").read_text(encoding="utf-8")
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([a-z-]+): (#[0-9A-F]{6});", light if theme == "light" else dark.split("\n}\n")[0]))
    tokens = {token.value.replace("_", "-"): Theme(theme).rgb(token) for token in Token}
    shared = {name: value for name, value in found.items() if name in tokens}
    assert len(shared) == 15
    assert shared == {name: "#{:02X}{:02X}{:02X}".format(*tokens[name]) for name in shared}


def test_the_gallery_takes_each_picture_once(browser: "Browser", tmp_path: "Path", monkeypatch: Any) -> None:
    few = [shot for shot in shots() if shot.name in {"pay", "receipt"} and shot.language == "en"]
    monkeypatch.setattr(gallery, "shots", lambda: iter(few))
    assert gallery.render(browser, tmp_path) == len(few) == 4
    assert {path.name for path in tmp_path.iterdir()} == {shot.file_name for shot in few}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())


@pytest.fixture(scope="module")
def page(browser: "Browser") -> "Any":
    """A stage to ask the pages' own scripts from."""
    with stage(browser, width=360, dark=False) as opened:
        yield opened
