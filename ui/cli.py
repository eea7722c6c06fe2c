# SPDX-License-Identifier: Apache-2.0
"""`pengpos ui`: the screen's options. pygame is imported when the command runs."""

import os
import re
import sys
from pathlib import Path

import click

from pengpos.client import Home, Language
from pengpos.console import SpokenCommand, option
from pengpos.i18n import LANGUAGES
from ui.i18n import words
from ui.theme import ThemeName

_PANEL = Path("/dev/dri/card0")
_SIZE = re.compile(r"(\d{3,5})x(\d{3,5})\Z")


class SizeType(click.ParamType[tuple[int, int]]):
    """``800x480``."""

    name = "WxH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Both sides in pixels."""
        if isinstance(value, tuple):
            return value
        match = _SIZE.match(str(value))
        if match is None:
            self.fail(f"{value!r} is not a size like 800x480", param, ctx)
        return int(match[1]), int(match[2])


@click.command("ui", cls=SpokenCommand, help=words.HELP)
@option("--socket", "socket_path", type=click.Path(path_type=Path), help=words.HELP_SOCKET)
@option("--size", type=SizeType(), default=(800, 480), help=words.HELP_SIZE)
@option("--language", type=click.Choice(LANGUAGES), default="zh-Hans", show_default=True, help=words.HELP_LANGUAGE)
@option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help=words.HELP_THEME)
@option("--fullscreen/--windowed", default=None, help=words.HELP_FULLSCREEN)
@option("--no-motion", is_flag=True, help=words.HELP_NO_MOTION)
@option("--remote", "remote_port", type=click.IntRange(0, 65535), metavar="PORT", envvar="PENGPOS_UI_REMOTE",
        help=words.HELP_REMOTE)  # fmt: skip
def ui(
    socket_path: Path | None,
    size: tuple[int, int],
    language: Language,
    theme: ThemeName,
    fullscreen: bool | None,  # noqa: FBT001 - click passes it by name
    no_motion: bool,  # noqa: FBT001 - click passes it by name
    remote_port: int | None,
) -> None:
    """The merchant's screen, a client of the daemon's socket."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    from ui.app import Options, run
    from ui.screens.notice import is_too_small, too_small_words
    from ui.state.items import read_items, spoilt_words

    if is_too_small(size):
        raise click.BadParameter(too_small_words(size, language), param_hint="--size")

    home = Home.of_environment()
    listed = read_items(home.items)
    for spoilt in listed.spoilt:
        sys.stderr.write(f"pengpos ui: {home.items}: {spoilt_words(spoilt)}; left out until it is mended\n")
    has_desktop = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"))
    if remote_port is not None and not has_desktop and not _PANEL.exists():
        os.environ["SDL_VIDEODRIVER"] = "dummy"  # no display at all: the browser is the only one
        has_desktop = True
    if fullscreen is None:
        fullscreen = not has_desktop
    run(
        Options(
            socket_path=socket_path or home.socket,
            size=size,
            language=language,
            theme=theme,
            fullscreen=fullscreen,
            motion=not no_motion,
            items=listed,
            remote_port=remote_port,
        )
    )
