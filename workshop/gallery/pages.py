# SPDX-License-Identifier: Apache-2.0
"""Every screen of the pages as a picture: state × language × width, light and dark. Needs Chromium, no backend.

    python -m workshop.gallery.pages DIRECTORY

Playwright is imported when it draws: it belongs to those who develop (extra `dev`), not to a running sandbox.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pengpos.i18n import LANGUAGES
from sandbox.pages import STATIC
from workshop.samples import pages as samples

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ORIGIN = "https://pages.test"
SIZES = {360: 740, 1280: 800}
SMALLEST = {320: 568}
LETTERS_PX = 16
GROWS_MOST = 4
"""How often a page is measured: its coloured part grows with the window."""
_SCRIPT = '<script type="module" src="/pages/pay.js"></script>\n'
_DRAW = """async ({language, screens, state}) => {
  const {screen, titleOf, tick} = await import(`/pages/${screens}.js`);
  const {show} = await import('/pages/show.js');
  const root = show(language, titleOf?.(language, state) ?? '', screen(language, state, {}), true);
  tick?.(root, language, state);
  await document.fonts.ready;
}"""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to take."""

    name: str
    screens: str
    state: dict[str, Any]
    language: str
    width: int
    dark: bool

    @property
    def file_name(self) -> str:
        """``pay.zh-Hans.360.png``; dark ones say so."""
        return f"{self.name}.{self.language}.{self.width}{'.dark' if self.dark else ''}.png"


def shots() -> Iterator[Shot]:
    """Every picture: all in light, and one language in dark."""
    states = [(name, "screens", state) for name, state in samples.PAY.items()]
    states += [(name, "receipt_screens", state) for name, state in samples.RECEIPT.items()]
    for dark, width, language, (name, screens, state) in product((False, True), SIZES, LANGUAGES, states):
        if not dark or language == "zh-Hans":
            yield Shot(name, screens, state, language, width, dark)


@contextmanager
def stage(browser: "Browser", *, width: int, dark: bool, text: float = 1) -> "Iterator[Page]":
    """A page of this width on which screens are drawn by the pages' own files, without a backend.

    `text`: how much larger than usual the reader has set the browser's letters.
    """
    context = browser.new_context(
        viewport={"width": width, "height": (SIZES | SMALLEST)[width]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        timezone_id="Asia/Shanghai",
        bypass_csp=True,
    )
    context.route(f"{ORIGIN}/**", _serve)
    try:
        page = context.new_page()
        if text != 1:
            letters = {"standard": round(LETTERS_PX * text), "fixed": round(LETTERS_PX * text)}
            context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": letters})
        page.goto(f"{ORIGIN}/t")
        yield page
    finally:
        context.close()


def draw(page: "Page", shot: Shot) -> None:
    """Put a state on the stage."""
    page.evaluate(_DRAW, {"language": shot.language, "screens": shot.screens, "state": shot.state})


def render(browser: "Browser", directory: Path) -> int:
    """Take every picture into `directory`; how many there are."""
    directory.mkdir(parents=True, exist_ok=True)
    count = 0
    for dark, width in product((False, True), SIZES):
        with stage(browser, width=width, dark=dark) as page:
            for shot in shots():
                if (shot.dark, shot.width) == (dark, width):
                    draw(page, shot)
                    _photograph(page, directory / shot.file_name)
                    count += 1
    return count


def _photograph(page: "Page", path: Path) -> None:
    """As high as it is long: what is sticky stands at the end then, and hides nothing. A higher page may be longer."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    for _ in range(GROWS_MOST):
        height: int = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": max(height, SIZES[width])})
    page.screenshot(path=path)
    page.set_viewport_size({"width": width, "height": SIZES[width]})


def _serve(route: "Route") -> None:
    name = route.request.url.rpartition("/")[2]
    path = STATIC / ("pay.html" if name == "t" else name)
    if name == "t":
        route.fulfill(body=path.read_text(encoding="utf-8").replace(_SCRIPT, ""), content_type="text/html")
    else:
        route.fulfill(path=path)


def main() -> None:
    """The command."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m workshop.gallery.pages", description="Every page as a picture.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"), help="the browser to use")
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox", "--disable-gpu"])
        render(browser, asked.directory)
        browser.close()


if __name__ == "__main__":
    main()
