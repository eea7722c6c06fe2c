# SPDX-License-Identifier: Apache-2.0
"""Options of `pengpos ui`, and what importing the command costs."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pengpos.client import Language
from pengpos.i18n import LANGUAGES
from ui import app
from ui.app import Options
from ui.cli import ui
from ui.screens.notice import too_small_words


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Options]:
    """What `run` was called with."""
    seen: list[Options] = []
    monkeypatch.setattr(app, "run", seen.append)
    monkeypatch.setenv("PENGPOS_HOME", str(tmp_path))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    return seen


def test_the_defaults(asked: list[Options], tmp_path: Path) -> None:
    assert CliRunner().invoke(ui).exit_code == 0
    assert asked == [Options(socket_path=tmp_path / "run" / "terminal.sock")]


def test_every_option(asked: list[Options]) -> None:
    arguments = "--socket /x.sock --size 1280x720 --language zh-Hant --theme dark --fullscreen --no-motion"
    assert CliRunner().invoke(ui, arguments.split()).exit_code == 0
    assert asked == [
        Options(
            socket_path=Path("/x.sock"),
            size=(1280, 720),
            language="zh-Hant",
            theme="dark",
            fullscreen=True,
            motion=False,
        )
    ]


@pytest.mark.parametrize(("variable", "fullscreen"), [("DISPLAY", False), ("WAYLAND_DISPLAY", False), ("NONE", True)])
def test_without_a_desktop_it_takes_the_panel(
    asked: list[Options], monkeypatch: pytest.MonkeyPatch, variable: str, fullscreen: bool
) -> None:
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, ":0")
    CliRunner().invoke(ui)
    assert asked[0].fullscreen is fullscreen


@pytest.mark.parametrize("size", ["800", "800x", "80x80", "axb", "800x480x2"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    result = CliRunner().invoke(ui, ["--size", size])
    assert result.exit_code == 2
    assert "800x480" in result.output


@pytest.mark.parametrize("size", ["320x240", "319x480", "480x319", "479x320", "240x9999"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_panel_without_room_for_the_screens_is_refused_with_a_sentence(
    asked: list[Options], size: str, language: Language
) -> None:
    result = CliRunner().invoke(ui, ["--size", size, "--language", language])
    assert result.exit_code == 2
    width, height = map(int, size.split("x"))
    assert too_small_words((width, height), language) in " ".join(result.output.split())
    assert asked == []


def test_items_come_from_home(asked: list[Options], tmp_path: Path) -> None:
    (tmp_path / "items.toml").write_text('[[item]]\nname = "美式"\nprice = "18.00"\n')
    CliRunner().invoke(ui)
    assert [item.name for item in asked[0].items.items] == ["美式"]


def test_a_spoilt_item_is_said_on_the_console(asked: list[Options], tmp_path: Path) -> None:
    (tmp_path / "items.toml").write_text('[[item]]\nname = "美式"\nprice = "3,50"\n')
    result = CliRunner().invoke(ui)
    assert "items.toml: item 1 “美式”: its price is not an amount of CNY: '3,50'; left out" in result.output
    assert [item.name for item in asked[0].items.spoilt] == ["美式"]


def test_naming_the_command_loads_no_pygame() -> None:
    code = "import sys, ui.cli; print(sorted({'pygame', 'httpx', 'babel'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == "[]"
