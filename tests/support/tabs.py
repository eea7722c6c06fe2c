# SPDX-License-Identifier: Apache-2.0
"""Chromium with tabs as a person's: one is in front, and those behind it are hidden and know it.

Driven in the usual way, Playwright has every page believe that it is in front. Here Chromium is started by us and
joined without any of Playwright's defaults; so it is one browser for a module, as `tests.support.browser` is, and no
phone.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import ARGUMENTS, CHROMIUM, LIMIT_S
from tests.support.counter import until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

START_S = 60.0
"""How long Chromium may take to start, or to end, on a busy machine."""
_LANGUAGE = ("--lang=zh-CN", "--accept-lang=zh-CN")


@contextmanager
def chromium_with_tabs() -> Iterator["BrowserContext"]:
    """A browser whose pages are the tabs of one window."""
    from playwright.sync_api import sync_playwright  # as in tests.support.browser

    with tempfile.TemporaryDirectory(prefix="pengpos-tabs-", ignore_cleanup_errors=True) as home:
        port = Path(home) / "DevToolsActivePort"
        given = ["--headless=new", *ARGUMENTS, *_LANGUAGE, "--remote-debugging-port=0", f"--user-data-dir={home}"]
        with subprocess.Popen([CHROMIUM, *given, "about:blank"], stderr=subprocess.DEVNULL) as process:
            try:
                until(lambda: port.exists() and port.read_text().count("\n") > 0, "Chromium listens", START_S)
                number, path = port.read_text().split()
                with sync_playwright() as playwright:
                    url = f"ws://127.0.0.1:{number}{path}"
                    opened = playwright.chromium.connect_over_cdp(url, no_defaults=True).contexts[0]
                    opened.set_default_timeout(
                        2 * LIMIT_S * 1000
                    )  # what a hidden tab does comes a second later each time
                    yield opened
            finally:
                process.terminate()
                try:
                    process.wait(START_S)
                except subprocess.TimeoutExpired:
                    process.kill()


@pytest.fixture(scope="module")
def tabs() -> Iterator["BrowserContext"]:
    """The tabs of one window for the tests of a module; each closes those that it opens."""
    with chromium_with_tabs() as opened:
        yield opened


@contextmanager
def behind(page: "Page") -> Iterator[None]:
    """Another tab stands before this one, which is hidden meanwhile."""
    other = page.context.new_page()
    try:
        other.bring_to_front()
        page.wait_for_function("document.hidden", polling=20)
        yield
    finally:
        other.close()
        page.bring_to_front()
        page.wait_for_function("!document.hidden", polling=20)
