# SPDX-License-Identifier: Apache-2.0
"""A shopper with a phone's browser in front of a shop's pages: opens addresses, signs up, presses, reads."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from pengpos.wire.encoding.base64url import unb64u
from tests.support.backend import Shop
from tests.support.browser import LIMIT_S, profile
from tests.support.shop import Sale, Till, Wallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Route

SECONDS_MOST = 90
"""How many seconds of a page's own time are let pass before a test gives up."""


@dataclass(slots=True, kw_only=True)
class Shopper:
    """A browser with storage of its own, and the tab that is in front."""

    context: "BrowserContext"
    page: "Page"
    shop: Shop
    unanswered: "set[Request]" = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.unanswered.add(request))
        self.page.on("requestfinished", lambda request: self.unanswered.discard(request))
        self.page.on("requestfailed", lambda request: self.unanswered.discard(request))

    def open(self, url: str) -> None:
        """Follow an address, as after a tap or a scan."""
        self.page.goto(url)

    def sign_up(self, name: str | None = None) -> None:
        """Say who it is, and wait for what comes then."""
        self.says_name(name)
        self.page.get_by_role("textbox").wait_for(state="detached")

    def says_name(self, name: str | None = None) -> None:
        """Say who it is; without a name the one that is offered, by one touch."""
        if name is not None:
            self.page.get_by_role("textbox").fill(name)
        self.press("开始")

    def press(self, label: str) -> None:
        """Press a button whose words begin so."""
        self.page.get_by_role("button", name=label).click()

    def sees(self, heading: str) -> None:
        """Wait for the screen with this heading."""
        self._heading(heading).wait_for()

    def _heading(self, words: str) -> "Locator":
        """The heading of a screen, not of the document that stands before it."""
        return self.page.locator("main:not(#terms)").get_by_role("heading", name=words, level=1)

    def reads(self, text: str) -> None:
        """Wait for these words on the page."""
        self.page.get_by_text(text).first.wait_for()

    def pay(self) -> None:
        """Press the button that names an amount."""
        self.page.get_by_role("button", name=re.compile("^付款¥")).click()

    def hurries_until(self, heading: str) -> None:
        """Let the page's own time run, second by second, until the screen with this heading is there.

        The page must have been opened with `with_own_time`. Raises AssertionError.
        """
        wanted = self._heading(heading)
        for _ in range(SECONDS_MOST):
            if wanted.is_visible():
                return
            self.second()
        raise AssertionError(f"{heading!r} did not come; there is {self.page.inner_text('main')!r}")

    def second(self) -> None:
        """Let a second of the page's own time pass, and what it asks in it be answered."""
        self.page.clock.run_for(1_000)
        self.until_answered()

    def until_answered(self) -> None:
        """Wait until all that the page has asked is answered, and it has asked nothing more; raises AssertionError."""
        end, quiet = monotonic() + LIMIT_S, 0
        while quiet < 2:
            self.page.evaluate("0")  # events come in between
            quiet = 0 if self.unanswered else quiet + 1
            assert monotonic() < end, f"no answer: {[request.url for request in self.unanswered]}"

    def with_own_time(self) -> None:
        """From here on the page's time passes only as the test says."""
        self.page.clock.install()
        self.page.clock.pause_at(4_000_000_000)

    def wallet(self) -> Wallet:
        """The account that this browser keeps."""
        kept = json.loads(self.page.evaluate("localStorage.getItem('pengpos.account')"))
        wallet = Wallet.sign_up(self.shop.http, self.shop.clock, with_credential=False)
        wallet.token = kept["token"]
        return wallet

    def card(self) -> Wallet:
        """The same account with a key of its own, to tap with."""
        wallet = self.wallet()
        wallet.account_id = wallet.call("POST", "/purses", {"name": "小荷包"}).json()["members"][0]
        wallet.credential = unb64u(wallet.certify(wallet.key).json()["credential"])
        return wallet

    def second_tab(self) -> "Shopper":
        """Another tab of the same browser."""
        return Shopper(context=self.context, page=self.context.new_page(), shop=self.shop)


@contextmanager
def shopper(browser: "Browser", shop: Shop, **given: Any) -> Iterator[Shopper]:
    """A new shopper; `given` goes to `profile`."""
    with profile(browser, **given) as context:
        yield Shopper(context=context, page=context.new_page(), shop=shop)


def address(till: Till, sale: Sale) -> str:
    """What the terminal shows for a sale: its registered address, or with the presentation where it is offline."""
    if sale.intent.claims.online:
        return str(till.put(sale).json()["url"])
    return f"{till.http.base_url}/t#{sale.text}"


def number_of(till: Till, sale: Sale) -> str:
    """What both sides of the counter call a sale."""
    return f"{till.terminal_id.rsplit('-', 1)[-1][-4:]}-{sale.intent.claims.counter:04d}"


def sent_but_unanswered(route: "Route") -> None:
    """A request that arrives, and whose answer is lost."""
    route.fetch()
    route.abort("connectionreset")


def never_sent(route: "Route") -> None:
    """A request that gets no further than the phone."""
    route.abort("internetdisconnected")
