# SPDX-License-Identifier: Apache-2.0
"""Draws the README's pictures of the counter's page: a whole shop, the page in Chromium, an amount on the terminal."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.browser import chromium, profile  # noqa: E402 - found by the line above
from tests.support.running_shop import Shop  # noqa: E402 - the same

PICTURES = {"en-US": "counter.png", "zh-CN": "counter.zh-Hans.png"}


def main() -> None:
    """One picture a language, of an amount that waits for a phone."""
    with tempfile.TemporaryDirectory(prefix="pengpos-pictures-") as home:
        shop = Shop(Path(home) / "home", stdin=subprocess.DEVNULL, options=())
        try:
            line = shop.until_said("  simulator ")
            url = re.split(r"\s+", line.strip())[1]
            with chromium() as browser:
                for locale, name in PICTURES.items():
                    with profile(browser, viewport={"width": 1280, "height": 960}, locale=locale) as person:
                        page = person.new_page()
                        page.goto(url)
                        page.wait_for_selector("[data-balance]")
                        if page.locator(".guide").get_attribute("data-guide") != "presented":
                            page.click("[data-try=try_paid]")
                        page.wait_for_selector(".guide[data-guide=presented]")
                        page.wait_for_timeout(1500)  # the screen's picture follows its status
                        page.screenshot(path=ROOT / "docs" / "pictures" / name)
                        print(f"docs/pictures/{name}")
        finally:
            shop.process.terminate()
            shop.ended()
            shop.close()


if __name__ == "__main__":
    main()
