# SPDX-License-Identifier: Apache-2.0
"""The page over HTTP: its files, its headers, who is let in, and what is no action."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pengpos.home import Home
from sandbox.simulator.app import BODY_MOST_BYTES, VIEWERS_MOST, Page
from sandbox.simulator.shop import NAMES, SimulatedShop
from tests.support.dripping import answer as whole_answer
from tests.support.dripping import dripping, listening_on_tcp, origin_of
from tests.support.node import evaluated

NOWHERE = "http://127.0.0.1:9"  # discard: nobody listens
TURNED: list[tuple[str, str]] = []


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SimulatedShop]:
    TURNED.clear()
    made = SimulatedShop(
        Home(tmp_path),
        backend=NOWHERE,
        admin_token="none",
        vpcd_ports=(),
        switch=lambda what, to: TURNED.append((what, to)),
        switchable=frozenset({"link"}),
    )
    with made:
        yield made


def ask(shop: SimulatedShop, method: str, path: str, *, screen_url: str | None = None, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        page = Page(shop, token="secret", screen_url=screen_url).app()
        async with (
            page.router.lifespan_context(page),
            httpx.AsyncClient(transport=httpx.ASGITransport(page), base_url="http://127.0.0.1:8490") as client,
        ):
            return await client.request(method, path, **more)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "kind"),
    [("", "text/html"), ("counter.css", "text/css"), ("counter.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
def test_its_files_come_with_a_strict_policy(shop: SimulatedShop, path: str, kind: str) -> None:
    answer = ask(shop, "GET", f"/secret/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_page_has_no_script_or_style_of_its_own(shop: SimulatedShop) -> None:
    page = ask(shop, "GET", "/secret/").text
    assert page.count("<script") == page.count('<script type="module" src=') == 1
    assert "<style" not in page
    assert " style=" not in page


WISHES: list[tuple[list[str], str]] = [
    (["zh-Hant-CN"], "zh-Hant"),
    (["yue-HK"], "zh-Hant"),
    (["zh-Hans-HK"], "zh-Hans"),
    (["zh_TW.UTF-8"], "zh-Hant"),
    (["cmn-Hans-CN"], "zh-Hans"),
    (["fr", "zh-MO"], "zh-Hant"),
    (["zha"], "en"),
    ([], "en"),
]


@pytest.mark.parametrize("may_keep", [True, False])
def test_its_language_is_chosen_by_the_one_rule(shop: SimulatedShop, tmp_path: Path, *, may_keep: bool) -> None:
    """Also where a browser may keep nothing, for which a page of modules would stay blank."""
    for name in ("words.js", "languages.js", "sentences.js"):
        (tmp_path / name).write_text(ask(shop, "GET", f"/secret/{name}").text, encoding="utf-8")
    script = f"""
      import {{ readFileSync }} from "node:fs";
      const kept = {{}};
      const storage = {{ getItem: (key) => kept[key] ?? null, setItem: (key, value) => {{ kept[key] = value; }} }};
      const locked = {{ get() {{ throw new Error("SecurityError"); }} }};
      Object.defineProperty(globalThis, "localStorage", {"{ value: storage }" if may_keep else "locked"});
      const wishes = JSON.parse(readFileSync(0, "utf8"));
      const found = [];
      for (const [at, languages] of wishes.entries()) {{
        Object.defineProperty(globalThis, "navigator", {{ value: {{ languages }}, configurable: true }});
        const {{ speak, spoken }} = await import(`{(tmp_path / "words.js").as_uri()}?${{at}}`);
        found.push(spoken());
        if (at === wishes.length - 1) speak("zh-Hant");
        if (at === wishes.length - 1) found.push(spoken());
      }}
      console.log(JSON.stringify(found));
    """
    assert evaluated(script, [tags for tags, _ in WISHES]) == [*(language for _, language in WISHES), "zh-Hant"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/secret", 307),
        ("/guess/", 404),
        ("/", 404),
        ("/secret/app.py", 404),
        ("/secret/..%2Fapp.py", 404),
        ("/secret/%2e%2e%2fcounter.py", 404),
        ("/secret/nothing.js", 404),
        ("/secret/.html", 404),
        ("/gu%C3%A9ss/", 404),
    ],
)
def test_what_is_not_there(shop: SimulatedShop, path: str, status: int) -> None:
    assert ask(shop, "GET", path).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"Host": "localhost:1"}, 204),
        ({"Origin": "http://localhost:8490"}, 204),
        ({"Host": "shop.example:8490"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_only_pages_of_this_machine_may_act(shop: SimulatedShop, headers: dict[str, str], status: int) -> None:
    answer = ask(shop, "POST", "/secret/do", json={"do": "wipe", "phone": "Lin"}, headers=headers)
    assert answer.status_code == status


def test_a_switch_is_handed_on_if_it_may_be_turned(shop: SimulatedShop) -> None:
    for what in ("link", "reader"):
        assert ask(shop, "POST", "/secret/do", json={"do": "switch", "what": what, "to": "off"}).status_code == 204
    assert TURNED == [("link", "off")]
    said = shop.board.read("switches")
    assert said == {"at": {"link": "off", "reader": "on"}, "can": ["link"], "reader_is_virtual": False}


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ({"do": "bring", "phone": "nobody"}, 404),
        ({"do": "fly", "phone": "Lin"}, 400),
        ({"do": "wish", "phone": "Lin", "tip_minor": -1}, 400),
        ({"do": "wish", "phone": "Lin", "tip_minor": 1.5}, 400),
        ({"do": "wish", "phone": "Lin", "locked": "yes"}, 400),
        ({"do": "wish", "phone": "Lin", "moment": "later"}, 400),
        ({"do": "wish", "phone": "Lin", "balance": 9}, 400),
        ({"do": "switch", "what": "power", "to": "off"}, 400),
        ([], 400),
        ({"do": "wipe", "phone": "x" * BODY_MOST_BYTES}, 413),
    ],
)
def test_what_is_no_action_is_refused(shop: SimulatedShop, action: object, status: int) -> None:
    assert ask(shop, "POST", "/secret/do", json=action).status_code == status


@pytest.mark.parametrize(("screen_url", "status"), [(None, 404), (NOWHERE, 503)], ids=["no screen", "one that is gone"])
def test_without_a_screen_it_says_so(shop: SimulatedShop, screen_url: str | None, status: int) -> None:
    assert ask(shop, "GET", "/secret/screen/frame", screen_url=screen_url).status_code == status
    assert ask(shop, "POST", "/secret/screen/input", screen_url=screen_url, json=[]).status_code == status


@pytest.mark.parametrize(
    ("limit_s", "most_bytes", "body", "status"),
    [(0.3, 1_000, b"x" * 300, 503), (30.0, 200, b"x" * 201, 503), (30.0, 200, b"x" * 200, 200)],
    ids=["one that drips", "too much", "as much as may come"],
)
def test_a_screens_answer_is_bounded_as_a_whole(
    shop: SimulatedShop, monkeypatch: pytest.MonkeyPatch, limit_s: float, most_bytes: int, body: bytes, status: int
) -> None:
    monkeypatch.setattr("sandbox.simulator.app._FRAME_LIMIT_S", limit_s)
    monkeypatch.setattr("sandbox.simulator.app._FRAME_MOST_BYTES", most_bytes)
    said = whole_answer(body)
    at_once = 0 if limit_s < 1 else len(said)
    with listening_on_tcp() as listening, dripping(listening, said, at_once=at_once, every_s=0.1):
        given = ask(shop, "GET", "/secret/screen/frame", screen_url=origin_of(listening))
    assert (given.status_code, given.content == body) == (status, status == 200)


def test_more_viewers_than_it_serves_are_told(shop: SimulatedShop) -> None:
    async def run() -> int:
        page = Page(shop, token="secret", screen_url=None)
        page._viewers = VIEWERS_MOST
        transport = httpx.ASGITransport(page.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get("/secret/events")).status_code

    assert asyncio.run(run()) == 503


def test_every_phone_is_shown_even_without_a_backend(shop: SimulatedShop) -> None:
    async def first_phones() -> str:
        async for name, text in shop.board.follow():
            if name == "phones":
                return text
        return ""

    text = asyncio.run(asyncio.wait_for(first_phones(), 10))
    assert [name for name in NAMES if f'"name":"{name}"' in text] == list(NAMES)
