# SPDX-License-Identifier: Apache-2.0
"""The counter's page as a person uses it: fingers on the terminal's screen, a phone brought and taken, rows read."""

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.support.browser import DESK, profile
from tests.support.spots import SIZE, spot
from ui.actions import Action, Do
from ui.theme import Theme, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page


PAPER_OF_AMOUNT = (16, 120)
"""A pixel that is paper where an amount is typed, a card where it is presented, and a tint where a result is shown."""
_HAS = (
    "([x, y, rgb]) => { const canvas = document.getElementById('screen');"
    "const found = canvas.getContext('2d').getImageData(x, y, 1, 1).data;"
    "return rgb.every((part, at) => Math.abs(part - found[at]) < 4); }"
)


class CounterPage:
    """One visitor's tab."""

    def __init__(self, page: "Page", url: str) -> None:
        self.page = page
        page.goto(url)
        page.wait_for_selector("#face p")
        page.wait_for_selector("#ledger li:not(.empty)")  # a shop begins with everybody's top-up
        page.wait_for_selector(".guide:not([data-guide=starting])")

    # --- the terminal -------------------------------------------------------------------------------------------------

    def touch(self, action: Action, screen: str) -> None:
        """A click in the middle of what the terminal's screen offers there."""
        box = spot(action, screen)
        canvas = self.page.locator("#screen")
        shown = canvas.bounding_box()
        assert shown is not None
        x, y = (box.x + box.w / 2) / SIZE[0] * shown["width"], (box.y + box.h / 2) / SIZE[1] * shown["height"]
        canvas.click(position={"x": x, "y": y})

    def screen_has(self, token: Token, x: int, y: int) -> bool:
        """Whether a pixel of the terminal's picture has this colour of the light theme."""
        return bool(self.page.evaluate(_HAS, [x, y, list(Theme("light").rgb(token))]))

    def until_screen_has(self, token: Token, x: int, y: int) -> None:
        """Wait until it has."""
        self.page.wait_for_function(_HAS, arg=[x, y, list(Theme("light").rgb(token))])

    def until_drawn(self) -> None:
        """Wait until the screen's guard against a second touch is over: it takes none just after it has changed."""
        self.page.wait_for_timeout(400)

    def enter(self, amount: str) -> None:
        """Type an amount and Enter, as a cashier does who looks at the screen meanwhile."""
        self.page.locator("#screen").focus()
        while not self.screen_has(Token.PAPER, *PAPER_OF_AMOUNT):
            self.page.keyboard.press("5")  # leaves a result, once it is drawn and has stood for a moment
            self.page.wait_for_timeout(100)
        self.until_drawn()
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(amount, delay=60)
        box = spot(Do.CHARGE, "amount")
        self.until_screen_has(Token.BRAND, round(box.x + 20), round(box.y + box.h / 2))
        self.page.keyboard.press("Enter")

    def charge(self, amount: str) -> None:
        """Enter an amount, until the terminal shows it to a shopper."""
        self.enter(amount)
        self.until("presented")

    def until(self, guide: str) -> None:
        """Wait until the page tells this of the terminal."""
        self.page.wait_for_selector(f".guide[data-guide={guide}]")

    def line(self, to: str) -> None:
        """Have the terminal's line `on`, `off`, or break in the next payment (`breaks`)."""
        self.page.click(f"#link [data-to={to}]")
        self.page.wait_for_selector(f"#link [data-to={to}][aria-checked=true]")

    def plug(self, *, plugged: bool) -> None:
        """Pull the reader's plug, or put it in again."""
        self.page.click(f"#plug[aria-checked={'false' if plugged else 'true'}]")

    # --- the phone ----------------------------------------------------------------------------------------------------

    def choose(self, name: str) -> None:
        self.page.click(f"[data-phone={name}]")

    def wish(self, name: str, on: bool = True) -> None:
        """Set the phone, and wait until it is."""
        switch = self.page.locator(f"[data-wish={name}]")
        if (switch.get_attribute("aria-checked") == "true") != on:
            switch.click()
        self.page.wait_for_selector(f"[data-wish={name}][aria-checked={'true' if on else 'false'}]")

    def hold(self) -> None:
        self.page.click("#hold[data-near=false]")

    def open_the_codes_page(self) -> "Page":
        """Follow the link to what the code on the screen names; the tab that it opens."""
        with self.page.context.expect_page() as opened:
            self.page.click("#open")
        return opened.value

    def until_face(self, kind: str) -> str:
        """Wait until the phone shows this; all its words."""
        found = self.page.wait_for_selector(f"#face[data-kind={kind}]")
        assert found is not None
        return found.inner_text()

    def press(self, act: str) -> None:
        self.page.click(f"#face [data-act={act}]")

    @property
    def balance(self) -> int:
        """What the phone says it has, in minor units; its result is wiped away for it."""
        self.page.evaluate(
            "phone => fetch('do', {method: 'POST', body: JSON.stringify({do: 'wipe', phone})})", self.chosen
        )
        text = self.page.wait_for_selector("[data-balance]")
        assert text is not None
        return int(re.sub(r"\D", "", text.inner_text()))

    def until_balance(self, minor: int) -> None:
        """Wait until the phone has learnt that this is what it has, wiping away whatever news it shows meanwhile."""
        script = (
            "async ([phone, minor]) => {"
            "await fetch('do', {method: 'POST', body: JSON.stringify({do: 'wipe', phone})});"
            "return document.querySelector('[data-balance]')?.textContent.replace(/\\D/g, '') === String(minor); }"
        )
        self.page.wait_for_function(script, arg=[self.chosen, minor], polling=200)

    @property
    def chosen(self) -> str:
        return str(self.page.get_attribute("#phones [aria-pressed=true]", "data-phone"))

    # --- the books ----------------------------------------------------------------------------------------------------

    def until_states(self, *states: str) -> None:
        """Wait until the journal says that the last sale went through these states, whatever was noted between."""
        script = (
            "states => { const rows = [...document.querySelectorAll('#journal li')].map(row => row.dataset.state);"
            "const sale = rows.slice(0, rows.indexOf('signed') + 1).reverse();"
            "return sale.filter((state, at) => state !== sale[at - 1] && state !== 'head').join() === states; }"
        )
        self.page.wait_for_function(script, arg=",".join(states))

    def bookings(self) -> list[dict[str, Any]]:
        """The ledger's payments as the page has them, oldest first; a result may stand before its row is here."""
        script = (
            "rows => rows.map(row => ({kind: row.dataset.kind, key: row.dataset.key,"
            "sum: row.querySelector('.sum').textContent}))"
        )
        rows = self.page.eval_on_selector_all("#ledger li:not(.empty)", script)
        return [row for row in reversed(rows) if row["kind"] == "payment"]

    def until_booked(self, count: int) -> None:
        """Wait until the ledger has so many payments."""
        self.page.wait_for_function(
            "count => document.querySelectorAll('#ledger li[data-kind=payment]').length === count", arg=count
        )


@contextmanager
def visited(browser: "Browser", url: str, *, expected: tuple[str, ...] = ()) -> "Iterator[CounterPage]":
    """A visitor at a desk who reads English."""
    with profile(browser, viewport=DESK, locale="en-GB", expected=expected) as person:
        yield CounterPage(person.new_page(), url)
