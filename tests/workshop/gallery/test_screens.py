# SPDX-License-Identifier: Apache-2.0
"""Every screen as it is drawn now, held against the pictures we looked at (docs/gallery).

After a change of looks: `make gallery`, look at what changed, and commit it.
"""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageChops

from scripts.build_gallery import GALLERY, editions, folder, picture_of
from tests.ui.scenes import typesetter
from workshop.gallery.screens import main
from workshop.samples.screens import SAMPLES

SCREENS = GALLERY / "screens"
BLOCK = 32
DIFFERENCE_MOST = 12
"""Of 255, mean over a block: few colours and the edges of glyphs make less, a word that moved or is gone makes more."""


def difference(one: Image.Image, other: Image.Image) -> int:
    """Of the worst block."""
    blocks = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).convert("L").reduce(BLOCK)
    return max(blocks.tobytes())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_screen_looks_as_it_did(name: str) -> None:
    changed = []
    for size, theme, language in editions():
        kept = SCREENS / folder(size, theme, language) / f"{name}.png"
        with Image.open(kept) as before:
            if difference(picture_of(name, size, theme, language, typesetter()), before) > DIFFERENCE_MOST:
                changed.append(str(kept.relative_to(GALLERY)))
    assert changed == []


def test_the_gallery_has_every_screen_and_no_other() -> None:
    kept = {str(path.relative_to(SCREENS)) for path in SCREENS.rglob("*.png")}
    assert kept == {f"{folder(*edition)}/{name}.png" for edition in editions() for name in SAMPLES}


@pytest.mark.parametrize(
    ("one", "other"),
    [("present", "present-unlock"), ("approved", "stored"), ("declined", "unknown")],
    ids=lambda name: name,
)
def test_the_comparison_tells_screens_apart(one: str, other: str) -> None:
    edition = next(editions())
    pictures = [picture_of(name, *edition, typesetter()) for name in (one, other)]
    assert difference(*pictures) > 3 * DIFFERENCE_MOST


def test_one_screen_can_be_drawn_by_itself(tmp_path: Path) -> None:
    arguments = ["--size", "480x320", "--theme", "dark", "--language", "en", "--only", "present-unlock"]
    result = CliRunner().invoke(main, [str(tmp_path), *arguments])
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "480x320" / "dark" / "en" / "present-unlock.png") as picture:
        assert picture.size == (480, 320)
