# SPDX-License-Identifier: Apache-2.0
"""The browser view behind another tab and loaded anew: a person has seen only what was shown, and no key is lost."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from sandbox import simulator
from tests.support.counter import until
from tests.support.tabs import behind, tabs

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

__all__ = ["tabs"]

SCRIPT = Path(simulator.__file__).with_name("static") / "screen.js"
PAGE = """<!doctype html><canvas id="screen" tabindex="0"></canvas><p id="away" hidden></p><script type="module">
import { Screen } from "./screen.js";
addEventListener("pagehide", () => {
  const canvas = document.getElementById("screen");
  for (const key of window.last ?? "") canvas.dispatchEvent(new KeyboardEvent("keydown", { key }));
}, true);
addEventListener("visibilitychange", () => (window.turned = performance.now()), true);
new Screen(document.getElementById("screen"), document.getElementById("away")).follow();
document.body.dataset.ready = "";
</script>"""
DRAWN = "scene => document.getElementById('screen').width === scene"
"""Each scene's picture is as wide as its number says."""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


class Panel:
    """In the place of the terminal's screen: a picture of the scene that a test wants, and all that comes back."""

    def __init__(self) -> None:
        self.scene = 1
        self.touched: list[dict[str, Any]] = []

    async def frame(self, request: Request) -> Response:
        if request.query_params["after"] == str(self.scene):
            return Response(status_code=204)
        head = {"Frame": str(self.scene), "Scene": str(self.scene), "Area": "0,0,1,1", "Size": f"{self.scene}x1"}
        return Response(PIXEL, media_type="image/png", headers=head)

    async def input(self, request: Request) -> Response:
        self.touched.extend(msgspec.json.decode(await request.body()))
        return Response(status_code=204)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", lambda _: HTMLResponse(PAGE)),
                Route("/screen.js", lambda _: FileResponse(SCRIPT)),
                Route("/screen/frame", self.frame),
                Route("/screen/input", self.input, methods=["POST"]),
            ]
        )


@contextmanager
def served(panel: Panel) -> Iterator[str]:
    """Its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(panel.app(), log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


@pytest.fixture
def view(tabs: "BrowserContext") -> "Iterator[tuple[Page, Panel]]":
    """A tab in front that has drawn the first scene."""
    page, panel = tabs.new_page(), Panel()
    with served(panel) as url:
        page.bring_to_front()
        page.goto(url)
        page.wait_for_function(DRAWN, arg=1)
        yield page, panel
        page.close()


def press(view: "tuple[Page, Panel]", key: str, count: int) -> dict[str, Any]:
    """What the screen hears of a key, the `count`th that it hears of."""
    page, panel = view
    page.locator("#screen").press(key)
    until(lambda: len(panel.touched) == count, "it has arrived")
    return panel.touched[-1]


def test_what_changed_behind_another_tab_was_seen_by_nobody_before(view: "tuple[Page, Panel]") -> None:
    page, panel = view
    assert press(view, "1", 1)["scene"] == 1
    with behind(page):
        panel.scene = 2
        page.wait_for_function(DRAWN, arg=2, polling=20)
    seen = press(view, "2", 2)
    assert seen["scene"] == 2
    assert seen["at_ms"] - seen["stood_ms"] >= page.evaluate("turned")


def test_what_is_typed_just_before_it_is_loaded_anew_arrives(view: "tuple[Page, Panel]") -> None:
    page, panel = view
    page.evaluate("last = '18.8'")
    page.reload()
    until(lambda: len(panel.touched) == 4, "four keys have arrived")
    assert [(one["name"], one["seq"]) for one in panel.touched] == [("1", 1), ("8", 2), (".", 3), ("8", 4)]
