# SPDX-License-Identifier: Apache-2.0
"""The browser view's keys in Chromium: what is printed on a key goes to the screen, or that a key could not be read."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sandbox import simulator
from tests.support.browser import browser, profile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

__all__ = ["browser"]

STATIC = Path(simulator.__file__).with_name("static")
HOME = "http://view.test/"
PAGE = """<!doctype html><canvas id="screen" tabindex="0"></canvas><p id="away" hidden></p><script type="module">
import { Screen } from "./screen.js";
new Screen(document.getElementById("screen"), document.getElementById("away"));
document.body.dataset.ready = "";
</script>"""
PRESS = (
    "keys => keys.forEach(key => document.getElementById('screen')"
    ".dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, ...key})))"
)
ALT_GR = {"modifierAltGraph": True, "ctrlKey": True, "altKey": True}
NO_KEY = "\ufffd"

KEYS: dict[str, tuple[dict[str, Any], str | None]] = {
    "a digit": ({"key": "8", "code": "Digit8"}, "8"),
    "a pad's digit": ({"key": "8", "code": "Numpad8"}, "8"),
    "without NumLock": ({"key": "ArrowUp", "code": "Numpad8"}, "8"),
    "zero without NumLock": ({"key": "Insert", "code": "Numpad0"}, "0"),
    "five without NumLock": ({"key": "Clear", "code": "Numpad5"}, "5"),
    "a pad's point without NumLock": ({"key": "Delete", "code": "NumpadDecimal"}, "."),
    "a pad's comma": ({"key": ",", "code": "NumpadDecimal"}, ","),
    "a Mac pad's key to clear": ({"key": "Clear", "code": "NumLock"}, "delete"),
    "delete": ({"key": "Delete", "code": "Delete"}, "delete"),
    "a pad's Enter": ({"key": "Enter", "code": "NumpadEnter"}, "enter"),
    "full width": ({"key": "８", "code": "Digit8"}, "８"),
    "an arrow": ({"key": "ArrowUp", "code": "ArrowUp"}, None),
    "NumLock": ({"key": "NumLock", "code": "NumLock"}, None),
    "held down": ({"key": "8", "code": "Digit8", "repeat": True}, None),
    "half an accent": ({"key": "Dead", "code": "BracketLeft"}, NO_KEY),
    "an input method has it": ({"key": "Process", "code": "Digit8", "isComposing": True}, NO_KEY),
    "what the browser cannot read": ({"key": "Unidentified", "code": ""}, NO_KEY),
    "a digit by AltGr": ({"key": "8", "code": "KeyK", **ALT_GR}, "8"),
    "a square by AltGr": ({"key": "²", "code": "Digit2", **ALT_GR}, "²"),
    "a character by Option": ({"key": "•", "code": "Digit8", "altKey": True}, "•"),
    "a shortcut": ({"key": "5", "code": "Digit5", "ctrlKey": True}, None),
    "a shortcut by Alt": ({"key": "5", "code": "Digit5", "altKey": True}, None),
}


@pytest.fixture(scope="module")
def sent(browser: "Browser") -> dict[str, str]:
    """Of the keys by their numbers, pressed one after another: what the screen was sent."""
    touched: list[dict[str, Any]] = []

    def answer(route: "Route") -> None:
        name = route.request.url.removeprefix(HOME)
        if name.startswith("screen/input"):
            touched.extend(msgspec.json.decode(route.request.post_data_buffer or b""))
            route.fulfill(status=204)
        elif name == "screen.js":
            route.fulfill(path=STATIC / name, content_type="text/javascript")
        else:
            route.fulfill(body=PAGE, content_type="text/html")

    with profile(browser) as person:
        page = person.new_page()
        page.route("**/*", answer)
        page.goto(HOME)
        page.wait_for_selector("body[data-ready]")
        marked = [key for at, (key, _) in enumerate(KEYS.values()) for key in (key, {"key": chr(0x4E00 + at)})]
        with page.expect_response(f"{HOME}screen/input*"):
            page.evaluate(PRESS, marked)
    return _between_marks([one["name"] for one in touched])


def _between_marks(names: list[str]) -> dict[str, str]:
    """Behind each key an ideograph was pressed, which says whose the one before was."""
    found: dict[str, str] = {}
    waiting = ""
    for name in names:
        if len(name) == 1 and 0x4E00 <= ord(name) < 0x4E00 + len(KEYS):
            found[list(KEYS)[ord(name) - 0x4E00]], waiting = waiting, ""
        else:
            waiting += name
    return found


@pytest.mark.parametrize("name", KEYS)
def test_what_a_key_of_the_browser_is_to_the_screen(sent: dict[str, str], name: str) -> None:
    assert sent[name] == (KEYS[name][1] or "")
