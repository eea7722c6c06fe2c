# SPDX-License-Identifier: Apache-2.0
"""The counter's page on small and large screens, with usual letters and twice as large: nothing is cut or too small."""

from typing import TYPE_CHECKING

import pytest

from sandbox.simulator.shop import NAMES
from tests.sandbox.simulator.browser.standing import AWAY, Standing, due, handset, opened, standing
from tests.support.browser import DESK, browser, profile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

__all__ = ["browser", "standing"]

SMALLEST: "ViewportSize" = {"width": 320, "height": 568}
TABLET: "ViewportSize" = {"width": 768, "height": 1024}
MISFITS = """() => {
  const named = (one) => `${one.tagName.toLowerCase()} '${one.textContent.trim().slice(0, 20)}'`;
  const shown = (what) => [...document.querySelectorAll(what)].filter((one) => one.getClientRects().length > 0);
  const wrong = [];
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`${document.documentElement.scrollWidth} px wide`);
  for (const one of shown("button, select, a")) {
    const { width, height } = one.getBoundingClientRect();
    if (height < 47.5 || width < 47.5) wrong.push(`small: ${named(one)}`);
  }
  for (const one of shown("button, h1, h2, label, p, li, li > *, .say, .sum, .code")) {
    const { left, right } = one.getBoundingClientRect();
    const inline = getComputedStyle(one).display === "inline";
    if (one.scrollWidth > one.clientWidth + 1 && !inline) wrong.push(`cut: ${named(one)}`);
    if (left < -0.5 || right > innerWidth + 0.5) wrong.push(`sticks out: ${named(one)}`);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    for (const found of node.data.matchAll(/[¥\\d.,]{2,16}|[A-Za-z]{2,14}/g)) {
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      const boxes = [...range.getClientRects()];
      if (boxes.length > 1 && boxes.at(-1).top - boxes[0].top > boxes[0].height / 2) wrong.push(`broken: ${found[0]}`);
    }
  }
  return wrong;
}"""


def large_letters(page: "Page", times: int) -> None:
    """The browser's letters as a reader has set them."""
    fonts = {"standard": 16 * times, "fixed": 16 * times}
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": fonts})


@pytest.mark.parametrize(
    ("viewport", "times"),
    [(SMALLEST, 1), (SMALLEST, 2), (TABLET, 1), (TABLET, 2), (DESK, 1)],
    ids=["320", "320, 200 %", "768", "768, 200 %", "1280"],
)
def test_it_fits_and_every_target_is_large_enough(
    browser: "Browser", standing: tuple[Standing, str], viewport: "ViewportSize", times: int
) -> None:
    stands, url = standing
    said = {"merchant": "晨光咖啡", "amount": 18_80, "total": 18_80, "currency": "CNY", "currency_digits": 2}
    asked = due() | {"code": "40718265", "hint": "unlock", "reason": 0}
    wrong: dict[str, list[str]] = {}
    with profile(browser, viewport=viewport, expected=AWAY) as person:
        page = person.new_page()
        large_letters(page, times)
        opened(page, url)
        for language in ("zh-Hans", "zh-Hant", "en"):
            page.click(f"[data-language={language}]")
            for kind in ("idle", "asked", "paid", "confirmed", "declined", "due_open"):
                phone = handset("Lin", **(asked | said | {"kind": kind})) | {"dues": [due()] if kind == "idle" else []}
                stands.board.put("phones", [phone, *map(handset, NAMES[1:])])
                page.wait_for_selector(f"#face[data-kind={kind}]")
                if found := page.evaluate(MISFITS):
                    wrong[f"{language} {kind}"] = found
        assert page.evaluate("getComputedStyle(document.body).fontSize") == f"{16 * times}px"
    assert wrong == {}
