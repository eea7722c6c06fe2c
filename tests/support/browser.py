# SPDX-License-Identifier: Apache-2.0
"""Real Chromium for the tests of pages, driven by Playwright; and tabs that notice what a page should not do.

A module that wants it imports the fixture `browser`. It lives as long as that module and no longer: while Playwright's
synchronous API runs, its thread has an event loop running, and `asyncio.run` in other tests would fail. Chromium takes
a second to start.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

CHROMIUM = Path("/usr/bin/chromium")
"""Debian's (scripts/debian-packages); Playwright's own download is never used."""
ARGUMENTS = (
    "--no-sandbox",  # tests may run as root, where Chromium's own sandbox refuses to
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LIMIT_S = 40.0
"""How long anything in a page may take on a busy machine before a test gives it up."""
PHONE: "ViewportSize" = {"width": 360, "height": 740}
DESK: "ViewportSize" = {"width": 1280, "height": 800}


@contextmanager
def chromium() -> Iterator["Browser"]:
    """A browser with a fresh profile of its own."""
    from playwright.sync_api import sync_playwright  # slow to import, and most test processes open no page

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield opened
        finally:
            opened.close()


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One browser for the tests of a module; each opens a `profile` of its own in it."""
    with chromium() as opened:
        yield opened


@contextmanager
def profile(
    browser: "Browser",
    *,
    viewport: "ViewportSize" = PHONE,
    locale: str = "zh-CN",
    dark: bool = False,
    expected: tuple[str, ...] = (),
    java_script_enabled: bool = True,
    workers: bool = False,
) -> "Iterator[BrowserContext]":
    """One person's browser: storage of its own, that is empty. Tabs opened in it are watched.

    Raises AssertionError at the end if a page threw, logged an error (a breach of the Content-Security-Policy is one),
    or asked any host but that of its own address. `expected`: parts of messages that belong to the test. `workers`:
    with service workers, whose requests no route of a test sees.
    """
    context = browser.new_context(
        viewport=viewport,
        locale=locale,
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        has_touch=viewport["width"] < 600,
        java_script_enabled=java_script_enabled,
        service_workers="allow" if workers else "block",
    )
    context.set_default_timeout(LIMIT_S * 1000)
    complaints: list[str] = []
    context.on("page", lambda page: _watch(page, complaints))
    try:
        yield context
    finally:
        context.close()
    unexpected = [said for said in complaints if not any(part in said for part in expected)]
    if unexpected:
        raise AssertionError("; ".join(unexpected))


def _watch(page: "Page", complaints: list[str]) -> None:
    page.on("pageerror", lambda error: complaints.append(f"thrown: {error}"))
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}") if said.type == "error" else None)
    page.on("request", lambda request: _note_stranger(page, request.url, complaints))


def _note_stranger(page: "Page", url: str, complaints: list[str]) -> None:
    asked, own = urlsplit(url), urlsplit(page.url)
    if asked.scheme in {"http", "https"} and own.netloc and asked.netloc != own.netloc:
        complaints.append(f"a request to another host: {url}")
