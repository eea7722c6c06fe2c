# SPDX-License-Identifier: Apache-2.0
"""The system's fonts: asked once, elsewhere, and never in the way."""

import stat
import threading
from pathlib import Path

import pytest

from ui.drawing.system_fonts import SystemFont, SystemFonts, ask_fontconfig, read_fonts

WAIT_S = 30.0
LATIN = SystemFont("/latin.ttf", (0x20, 0xA0), (0x7E, 0xFF))
HANGUL = SystemFont("/hangul.ttf", (0xAC00,), (0xD7A3,))


def test_ranges_of_a_font() -> None:
    said = [
        "/a.ttf\tTrue\tFalse\t20-7e a0-ff 2603",
        "/emoji.ttf\tTrue\tTrue\t1f600",
        "/bitmap.pcf\tFalse\tFalse\t20-7e",
        "/broken.ttf\tTrue\tFalse\tzz",
        "nonsense",
        "",
    ]
    (font,) = read_fonts(said)
    assert font == SystemFont("/a.ttf", (0x20, 0xA0, 0x2603), (0x7E, 0xFF, 0x2603))
    found = [font.has(text) for text in ("a", "~", "\x7f", "é", "☃", "a☃", "한", "a한")]
    assert found == [True, True, False, True, True, True, False, False]


def test_the_first_font_with_every_character_is_it() -> None:
    system = SystemFonts(ask=lambda: [LATIN, HANGUL])
    assert system.wait(WAIT_S)
    assert [system.path_with(text) for text in ("é", "한", "é한")] == ["/latin.ttf", "/hangul.ttf", None]


def test_the_screen_does_not_wait_for_the_answer_and_asks_once() -> None:
    asked, may_answer, was_told = [], threading.Event(), threading.Event()

    def ask() -> list[SystemFont]:
        asked.append(threading.current_thread())
        assert may_answer.wait(WAIT_S)
        return [HANGUL]

    system = SystemFonts(was_told.set, ask)
    assert [system.path_with(text) for text in "한빛분식"] == [None] * 4
    assert not system.are_known
    may_answer.set()
    assert was_told.wait(WAIT_S)
    assert system.path_with("한") == "/hangul.ttf"
    assert len(asked) == 1
    assert asked[0] is not threading.current_thread()


@pytest.mark.parametrize("script", ["exit 1", "printf '\\377\\376'", "printf 'nonsense\\n'", "kill -9 $$"])
def test_a_fontconfig_that_fails_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "fc-match"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert ask_fontconfig() == []


def test_fontconfig_that_is_not_there_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert ask_fontconfig() == []
