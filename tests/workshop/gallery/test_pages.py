# SPDX-License-Identifier: Apache-2.0
"""The pictures of the pages: which are taken, under which names, and that one shows what is on the page, all of it.

That each screen can be read and hit: `tests/sandbox/pages/test_layout.py`.
"""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pengpos.i18n import LANGUAGES
from tests.support.browser import browser
from workshop.gallery import pages as module
from workshop.gallery.pages import SIZES, Shot, render, shots
from workshop.samples import pages as samples

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]


def test_every_state_is_taken_in_every_language_and_width_and_once_in_dark() -> None:
    taken = Counter((shot.name, shot.dark) for shot in shots())
    states = len(samples.PAY) + len(samples.RECEIPT)
    assert len(taken) == 2 * states
    assert {count for (_, dark), count in taken.items() if not dark} == {len(LANGUAGES) * len(SIZES)}
    assert {count for (_, dark), count in taken.items() if dark} == {len(SIZES)}


def test_no_picture_overwrites_another() -> None:
    names = [shot.file_name for shot in shots()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("dark", "name"), [(False, "pay.zh-Hans.360.png"), (True, "pay.zh-Hans.360.dark.png")], ids=["light", "dark"]
)
def test_a_picture_is_named_by_what_it_shows(dark: bool, name: str) -> None:
    assert Shot("pay", "screens", samples.PAY["pay"], "zh-Hans", 360, dark).file_name == name


def test_pictures_are_as_wide_as_the_panel_and_as_high_as_the_page(
    browser: "Browser", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [shot for shot in shots() if shot.name in {"pay-choices", "receipt"} and shot.language == "zh-Hans"]
    monkeypatch.setattr(module, "shots", lambda: few)
    assert render(browser, tmp_path / "gallery") == len(few) == 8
    assert {path.name for path in (tmp_path / "gallery").iterdir()} == {shot.file_name for shot in few}
    for shot in few:
        with Image.open(tmp_path / "gallery" / shot.file_name) as picture:
            assert picture.width == shot.width
            assert picture.height >= SIZES[shot.width]
            assert len(picture.getcolors(1 << 24) or ()) > 10
