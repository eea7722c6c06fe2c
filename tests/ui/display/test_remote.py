# SPDX-License-Identifier: Apache-2.0
"""The screen in a browser: pictures of what changed, touches into SDL's queue, from this machine only."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pygame
import pytest

from tests.ui.fake_daemon import FakeDaemon
from ui.display import remote as module
from ui.display.remote import CHANGES_MOST, INPUT_MOST_BYTES, VIEWERS_MOST, Frames, KeyStroke, Remote, Viewer
from ui.display.window import Closed, Down, Event, LanguageChosen, Lost, Typed, Up, Window
from workshop.samples.screens import IDLE

RED, BLUE = (200, 10, 10), (10, 10, 200)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    opened = Window((400, 240), fullscreen=False)
    list(opened.wait(0.001))
    yield opened
    opened.close()


@pytest.fixture
def remote(window: Window) -> Iterator[Remote]:
    running = Remote(window, 0)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def viewer(remote: Remote) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=remote.url, timeout=10, trust_env=False) as client:
        yield client


def draw(window: Window, colour: tuple[int, int, int], *areas: pygame.Rect) -> None:
    for area in areas:
        window.surface.fill(colour, area)
    window.update(list(areas))


def picture(answer: httpx.Response) -> pygame.Surface:
    assert answer.status_code == 200, answer.text
    return pygame.image.load(io.BytesIO(answer.content), "png")


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_the_first_picture_is_the_whole_one(window: Window, viewer: httpx.Client) -> None:
    draw(window, RED, window.surface.get_rect())
    answer = viewer.get("frame", params={"after": 0})
    assert (answer.headers["area"], answer.headers["size"]) == ("0,0,400,240", "400x240")
    assert picture(answer).get_at((399, 239))[:3] == RED


def test_later_ones_hold_what_has_changed_since(window: Window, viewer: httpx.Client) -> None:
    seen = viewer.get("frame").headers["frame"]
    draw(window, RED, pygame.Rect(10, 20, 30, 40))
    draw(window, BLUE, pygame.Rect(50, 20, 10, 10), pygame.Rect(12, 90, 4, 4))
    answer = viewer.get("frame", params={"after": seen})
    assert answer.headers["area"] == "10,20,50,74"
    assert picture(answer).get_at((0, 0))[:3] == RED
    assert picture(answer).get_at((49, 0))[:3] == BLUE
    draw(window, BLUE, pygame.Rect(0, 0, 5, 5))
    assert viewer.get("frame", params={"after": answer.headers["frame"]}).headers["area"] == "0,0,5,5"


def test_a_waiting_viewer_is_answered_by_a_change(window: Window, remote: Remote, viewer: httpx.Client) -> None:
    seen = viewer.get("frame").headers["frame"]
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(viewer.get("frame", params={"after": seen})))
    waiting.start()
    while not remote._viewers:  # it waits now
        waiting.join(0.01)
    draw(window, RED, pygame.Rect(1, 2, 3, 4))
    waiting.join(10)
    assert answers[0].headers["area"] == "1,2,3,4"


def test_where_nothing_changes_there_is_no_picture(viewer: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.0)
    seen = viewer.get("frame").headers["frame"]
    assert viewer.get("frame", params={"after": seen}).status_code == 204


def test_a_picture_too_old_to_follow_is_made_whole(window: Window) -> None:
    frames = Frames(window.surface)
    first = frames.since(0)
    assert first is not None
    for _ in range(CHANGES_MOST + 1):
        frames.changed(window.surface, [pygame.Rect(0, 0, 2, 2)])
    late = frames.since(first.number)
    assert late is not None
    assert late.area == window.surface.get_rect()
    recent = frames.since(late.number - 1)
    assert recent is not None
    assert recent.area == pygame.Rect(0, 0, 2, 2)
    assert frames.since(late.number) is None
    assert frames.since(late.number + 7) is not None  # of a screen that ran before
    frames.changed(window.surface, [pygame.Rect(900, 900, 5, 5)])
    beyond = frames.since(late.number)
    assert beyond is not None
    assert beyond.pixels.get_size() == (1, 1)


def test_another_size_is_a_whole_picture(window: Window) -> None:
    frames = Frames(window.surface)
    first = frames.since(0)
    assert first is not None
    turned = pygame.Surface((240, 400))
    frames.changed(turned, [pygame.Rect(0, 0, 1, 1)])
    frame = frames.since(first.number)
    assert frame is not None
    assert (frame.size, frame.area) == ((240, 400), turned.get_rect())


# --- touches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "event"),
    [
        ({"kind": "finger", "down": True, "x": 0.5, "y": 0.25}, Down(0, 200.0, 60.0)),
        ({"kind": "finger", "down": False, "x": 0.5, "y": 0.25, "finger": 1}, Up(1, 200.0, 60.0)),
        ({"kind": "finger", "down": False, "x": -1, "y": -1}, Up(0, -400.0, -240.0)),
        ({"kind": "key", "name": "8"}, Typed("8")),
        ({"kind": "key", "name": "enter"}, Typed("enter")),
        ({"kind": "key", "name": "backspace"}, Typed("backspace")),
        ({"kind": "language", "language": "en"}, LanguageChosen("en")),
    ],
    ids=["down", "up", "let go outside", "digit", "enter", "backspace", "language"],
)
def test_what_is_touched_comes_as_from_a_panel(
    window: Window, viewer: httpx.Client, sent: dict[str, object], event: Event
) -> None:
    assert viewer.post("input", json=[sent]).status_code == 204
    assert event in list(window.wait(5.0))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b"[{}]", 400),
        (b"\xff", 400),
        (b"[" * 2000, 400),
        (b'[{"kind":"finger","down":true,"x":9,"y":0}]', 400),
        (b'[{"kind":"finger","down":true,"x":0,"y":0,"finger":2}]', 400),
        (b'[{"kind":"language","language":"fr"}]', 400),
        (b'[{"kind":"key","name":"much too long"}]', 400),
        (b"[" + b",".join([b'{"kind":"key","name":"1"}'] * 65) + b"]", 400),
        (b" " * (INPUT_MOST_BYTES + 1), 413),
    ],
    ids=["nothing", "an object", "no kind", "no UTF-8", "nested", "far away", "a third finger", "a language we lack",
         "a long key", "65 at once", "too large"],
)  # fmt: skip
def test_what_is_no_touch_is_refused(window: Window, viewer: httpx.Client, body: bytes, status: int) -> None:
    assert viewer.post("input", content=body).status_code == status
    assert [event for event in window.wait(0.001) if not isinstance(event, Closed)] == []


# --- who ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:1"}, 200),
        ({"Host": "localhost:8490"}, 200),
        ({"Host": "[::1]:8490"}, 200),
        ({"Origin": "http://localhost:8490"}, 200),
        ({"Host": "pay.example"}, 403),
        ({"Host": "127.0.0.1.example:80"}, 403),
        ({"Host": "["}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
    ids=["another port", "by name", "IPv6", "our page", "rebound", "alike", "no host", "a stranger's page", "a file"],
)  # fmt: skip
def test_only_pages_of_this_machine(viewer: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert viewer.get("frame", headers=headers).status_code == status
    assert viewer.post("input", json=[], headers=headers).status_code == (204 if status == 200 else status)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/x/frame", 404), ("/%C3%A9/frame", 404), ("/frame", 404), ("frame?after=x", 400), ("other", 404)],
)
def test_other_addresses_are_not_here(viewer: httpx.Client, path: str, status: int) -> None:
    assert viewer.get(viewer.base_url.join(path)).status_code == status


def test_it_listens_on_this_machine_only_and_not_twice(window: Window, remote: Remote) -> None:
    assert remote.url.startswith("http://127.0.0.1:")
    with pytest.raises(OSError, match="in use"):
        Remote(window, int(remote.url.split(":")[2].split("/")[0]))


def test_more_viewers_than_it_serves_are_refused(remote: Remote, viewer: httpx.Client) -> None:
    remote._viewers = VIEWERS_MOST
    assert viewer.get("frame").status_code == 503
    remote._viewers = 0
    assert viewer.get("frame").status_code == 200


# --- the program ------------------------------------------------------------------------------------------------------


def test_the_screen_without_any_display(tmp_path: Path) -> None:
    names = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "SDL_AUDIODRIVER"}
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment |= {"PENGPOS_HOME": str(tmp_path), "SDL_AUDIODRIVER": "dummy", "SDL_VIDEODRIVER": "dummy"}
    command = [sys.executable, "-m", "terminal", "ui", "--socket", str(tmp_path / "t.sock"), "--remote", "0"]
    with (
        FakeDaemon(tmp_path / "t.sock", IDLE),
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as screen,
    ):
        assert screen.stdout is not None
        url = json.loads(screen.stdout.readline())["url"]
        with httpx.Client(base_url=url, timeout=25, trust_env=False) as viewer:
            first = viewer.get("frame")
            assert picture(first).get_size() == (800, 480)
            viewer.post("input", json=[{"kind": "language", "language": "en"}]).raise_for_status()
            assert viewer.get("frame", params={"after": first.headers["frame"]}).status_code == 200
        screen.send_signal(signal.SIGTERM)
        assert screen.wait(10) == 0


def test_without_being_asked_for_it_is_not_even_imported() -> None:
    code = "import sys, ui.app; print(sorted({'ui.display.remote', 'uvicorn', 'starlette'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert said.stdout.splitlines()[-1] == "[]"


# --- latency, repetition and loss -------------------------------------------------------------------------------------


def keys(*pressed: tuple[str, int, float]) -> list[dict[str, object]]:
    """Of (name, number, at): pressed at scene 7."""
    return [
        {"kind": "key", "name": name, "seq": seq, "at_ms": at_ms, "scene": 7, "stood_ms": 900}
        for name, seq, at_ms in pressed
    ]


def test_keys_keep_their_times_whatever_their_latency(window: Window, viewer: httpx.Client) -> None:
    """Row 3 of the cases: "6 . 2 2" over a slow line lost its last digit."""
    viewer.post("input?viewer=a", json=keys(("6", 1, 1000.0))).raise_for_status()
    viewer.post("input?viewer=a", json=keys((".", 2, 1120.0), ("2", 3, 1240.0), ("2", 4, 1360.0))).raise_for_status()
    typed: list[Typed] = []
    while len(typed) < 4:
        typed += [event for event in window.wait(5.0) if isinstance(event, Typed)]
    assert [event.name for event in typed] == ["6", ".", "2", "2"]
    at_s = [event.when.at_s for event in typed[1:]]
    assert [later - earlier for earlier, later in pairwise(at_s)] == pytest.approx([0.12, 0.12])
    assert {(event.when.scene, event.when.stood_s) for event in typed} == {(7, 0.9)}


def test_what_is_sent_once_more_is_taken_once_and_a_loss_is_said(window: Window, viewer: httpx.Client) -> None:
    for batch in (keys(("1", 1, 10.0), ("8", 2, 20.0)), keys(("8", 2, 20.0)), keys(("5", 5, 90.0))):
        viewer.post("input?viewer=b", json=batch).raise_for_status()
    assert list(window.wait(5.0)) + list(window.wait(0.001)) == [Typed("1"), Typed("8"), Lost(), Typed("5")]


def test_a_picture_says_which_scene_it_shows(window: Window, viewer: httpx.Client) -> None:
    window.scene_number = 3
    draw(window, RED, pygame.Rect(0, 0, 4, 4))
    assert viewer.get("frame").headers["scene"] == "3"


def test_a_screen_that_was_started_anew_hears_that_the_beginning_is_missing() -> None:
    """The browser goes on counting: what was typed before went to another process."""
    heard = Viewer().events_of(KeyStroke(name="8", seq=3), (800, 480), 0.0)
    assert heard == [Lost(), Typed("8")]
