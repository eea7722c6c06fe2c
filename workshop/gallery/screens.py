# SPDX-License-Identifier: Apache-2.0
"""Every screen as a picture.

`python -m workshop.gallery.screens OUT` writes OUT/<size>/<theme>/<language>/<sample>.png and an index.

Opens no display. `--only NAME`, `--size 800x480`, `--language en`, `--theme dark` narrow it down.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
import pygame

from pengpos.client import Language
from pengpos.i18n import LANGUAGES
from ui.drawing.paint import Painter
from ui.drawing.typeset import Typesetter
from ui.projection import project
from ui.theme import Theme, ThemeName
from workshop.samples.screens import SAMPLES, Sample

SIZES: Final = ((800, 480), (320, 480), (480, 320), (1024, 600), (1280, 720), (720, 1280))
THEMES: Final[tuple[ThemeName, ...]] = ("light", "dark")


def variant(sample: Sample, size: tuple[int, int], theme: ThemeName, language: Language) -> Sample:
    """The same snapshot on another panel, in another theme and language."""
    return sample._replace(local=replace(sample.local, size=size, theme=theme, language=language))


def render(sample: Sample, typesetter: Typesetter) -> pygame.Surface:
    """The picture of a sample."""
    surface = pygame.Surface(sample.local.size)
    Painter(surface, Theme(sample.local.theme), typesetter).show(project(sample.status, sample.local, typesetter))
    return surface


def pixels(picture: pygame.Surface) -> bytes:
    """Three bytes a pixel, red first, row after row."""
    return pygame.image.tobytes(picture, "RGB")


@click.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--only", multiple=True, help="Names of samples, or their beginnings.")
@click.option("--size", "sizes", multiple=True, help="For example 800x480.")
@click.option("--language", "languages", multiple=True, type=click.Choice(LANGUAGES))
@click.option("--theme", "themes", multiple=True, type=click.Choice(THEMES))
def main(
    out: Path,
    only: tuple[str, ...],
    sizes: tuple[str, ...],
    languages: tuple[Language, ...],
    themes: tuple[ThemeName, ...],
) -> None:
    """Draw every screen × state × language × size × theme into OUT."""
    typesetter = Typesetter()
    wanted_sizes = [tuple(map(int, size.split("x"))) for size in sizes] or list(SIZES)
    count = 0
    for width, height in wanted_sizes:
        for theme in themes or THEMES:
            for language in languages or LANGUAGES:
                folder = out / f"{width}x{height}" / theme / language
                folder.mkdir(parents=True, exist_ok=True)
                for name, sample in chosen(only):
                    picture = render(variant(sample, (width, height), theme, language), typesetter)
                    pygame.image.save(picture, folder / f"{name}.png")
                    count += 1
    sys.stdout.write(f"{count} pictures in {out}\n")


def chosen(only: tuple[str, ...]) -> Iterator[tuple[str, Sample]]:
    """The samples whose names begin with one of the given, or all."""
    return ((name, sample) for name, sample in SAMPLES.items() if not only or name.startswith(only))


if __name__ == "__main__":
    main()
