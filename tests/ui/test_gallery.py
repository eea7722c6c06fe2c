# SPDX-License-Identifier: Apache-2.0
"""The gallery, and six of its pictures held against the ones we looked at (tests/ui/golden).

After a change of looks: `python -m ui.gallery OUT --size 800x480 --theme light --language zh-Hans`, look, and copy.
"""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageChops, ImageStat

from ui.gallery import main

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("amount-items", "present", "approved", "stored", "declined", "unknown")
MEAN_DIFFERENCE_MOST = 0.6
"""Of 255, over all pixels: renderers differ in the edges of glyphs, a shifted line of text makes more."""


def draw(out: Path, *only: str) -> Path:
    arguments = ["--size", "800x480", "--theme", "light", "--language", "zh-Hans"]
    for name in only:
        arguments += ["--only", name]
    result = CliRunner().invoke(main, [str(out), *arguments])
    assert result.exit_code == 0, result.output
    return out / "800x480" / "light" / "zh-Hans"


def difference(one: Image.Image, other: Image.Image) -> float:
    channels = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(channels) / len(channels)


@pytest.mark.parametrize("name", NAMES)
def test_a_screen_looks_as_it_did(name: str, tmp_path: Path) -> None:
    picture = Image.open(draw(tmp_path, name) / f"{name}.png")
    assert picture.size == (800, 480)
    assert difference(picture, Image.open(GOLDEN / f"{name}.png")) < MEAN_DIFFERENCE_MOST


def test_the_comparison_sees_a_moved_line(tmp_path: Path) -> None:
    folder = draw(tmp_path, "present")
    assert difference(Image.open(folder / "present.png"), Image.open(folder / "present-unlock.png")) > 1
