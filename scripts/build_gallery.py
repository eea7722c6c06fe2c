# SPDX-License-Identifier: Apache-2.0
"""Build `docs/gallery`: every screen of the terminal and every page for shoppers, as pictures small enough to keep.

    .venv/bin/python scripts/build_gallery.py            (or: make gallery)

Screens: each sample in each language on each panel, light; and in dark on one panel in one language. Tests hold the
screens against these pictures (tests/workshop/gallery/test_screens.py), so look at what changed before committing it.
Pages need Debian's Chromium; the screens need nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

from PIL import Image

from pengpos.client import Language
from pengpos.i18n import LANGUAGES
from ui.drawing.typeset import Typesetter
from ui.theme import ThemeName
from workshop.gallery import pages as pages
from workshop.gallery.screens import SIZES, pixels, render, variant
from workshop.samples.screens import SAMPLES

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / "docs" / "gallery"
COLOURS = 64
"""A flat picture with smooth letters loses a quarter of a step of 255 by this, and four fifths of its bytes."""
SHOWN: tuple[Language, ...] = ("zh-Hans", "zh-Hant", "en")


def editions() -> Iterator[tuple[tuple[int, int], ThemeName, Language]]:
    """Every size, theme and language that is kept."""
    for size, language in product(SIZES, LANGUAGES):
        yield size, "light", language
    yield SIZES[0], "dark", "zh-Hans"


def folder(size: tuple[int, int], theme: ThemeName, language: Language) -> str:
    """``800x480/light/zh-Hans``."""
    return f"{size[0]}x{size[1]}/{theme}/{language}"


def shrink(picture: Image.Image, path: Path) -> None:
    """Keep it with few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    few = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def picture_of(
    name: str, size: tuple[int, int], theme: ThemeName, language: Language, typesetter: Typesetter
) -> Image.Image:
    """One sample as it is drawn now."""
    surface = render(variant(SAMPLES[name], size, theme, language), typesetter)
    return Image.frombuffer("RGB", size, pixels(surface), "raw", "RGB", 0, 1)


def draw_edition(size: tuple[int, int], theme: ThemeName, language: Language) -> int:
    """All samples of one edition; how many."""
    typesetter = Typesetter()
    for name in SAMPLES:
        picture = picture_of(name, size, theme, language, typesetter)
        shrink(picture, GALLERY / "screens" / folder(size, theme, language) / f"{name}.png")
    return len(SAMPLES)


def draw_pages() -> int:
    """All pages; how many."""
    with tempfile.TemporaryDirectory() as drawn:
        subprocess.run([sys.executable, "-m", "workshop.gallery.pages", drawn], check=True, cwd=ROOT)
        found = sorted(Path(drawn).rglob("*.png"))
        for path in found:
            shrink(Image.open(path), GALLERY / "pages" / path.name)
    return len(found)


def write_index() -> None:
    """`README.md`: every screen in the shop's three languages, with links to its other sizes; every page at 360 px."""
    lines = [
        "# Gallery",
        "",
        "Built by `make gallery`; every picture is drawn by the code that draws the real thing.",
        "",
    ]
    lines += ["## The terminal's screen", ""]
    for name in SAMPLES:
        first = folder(SIZES[0], "light", SHOWN[0])
        sizes = " · ".join(f"[{w}×{h}](screens/{folder((w, h), 'light', SHOWN[0])}/{name}.png)" for w, h in SIZES)
        languages = " · ".join(f"[{code}](screens/{folder(SIZES[0], 'light', code)}/{name}.png)" for code in SHOWN[1:])
        dark = f"[dark](screens/{folder(SIZES[0], 'dark', SHOWN[0])}/{name}.png)"
        lines += [
            f"### {name}",
            "",
            f"![{name}](screens/{first}/{name}.png)",
            "",
            f"{sizes} · {languages} · {dark}",
            "",
        ]
    lines += ["## The shopper's pages", ""]
    for shot in pages.shots():
        if shot.width == min(pages.SIZES) and shot.language == "zh-Hans" and not shot.dark:
            others = [other for other in pages.shots() if other.name == shot.name and other != shot]
            links = " · ".join(
                f"[{other.language} {other.width}{' dark' if other.dark else ''}](pages/{other.file_name})"
                for other in others
            )
            lines += [f"### page {shot.name}", "", f"![{shot.name}](pages/{shot.file_name})", "", links, ""]
    (GALLERY / "README.md").write_text("\n".join(lines), encoding="utf-8")


def main() -> None:
    """Build all of it anew."""
    shutil.rmtree(GALLERY, ignore_errors=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        screens = sum(pool.map(draw_edition, *zip(*editions(), strict=True)))
    count = draw_pages()
    write_index()
    sys.stdout.write(f"{screens} screens and {count} pages in {GALLERY.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
