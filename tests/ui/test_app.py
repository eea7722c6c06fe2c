# SPDX-License-Identifier: Apache-2.0
"""The whole screen on the dummy driver, with its threads, against a daemon at a real socket."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pygame
import pytest

from pengpos.client import Problem
from tests.ui.fake_daemon import FakeDaemon
from ui.actions import Action, Do, Key, Press, PressPin
from ui.app import Options, Screen
from ui.display.threads import Caller, Follower, Inbox
from ui.display.window import Closed, Exposed, Window
from ui.drawing.system_fonts import SystemFont, SystemFonts
from ui.sounds import Sound, Speaker
from ui.state.items import ItemList
from ui.state.local import Daemon, ItemFault
from workshop.samples.screens import IDLE, ITEMS, NOW, SAMPLES, online, sale

DEADLINE_S = 15.0


class Bench:
    """A screen with its threads; time for touches is a number the test moves."""

    def __init__(self, window: Window, socket_path: Path) -> None:
        self.window = window
        self.clock_s = 100.0
        options = Options(socket_path=socket_path, motion=False, items=ItemList(items=ITEMS))
        self.screen = Screen(window, options, now=lambda: NOW, monotonic_s=lambda: self.clock_s)
        self.inbox = Inbox(window.wake)
        self.follower, self.caller = Follower(socket_path, self.inbox), Caller(socket_path, self.inbox)
        self.screen.make_call = self.caller.make
        self.screen.refresh()
        self.follower.start()
        self.caller.start()

    def until(self, condition: Callable[[], bool]) -> None:
        """Turn the loop until something holds, or fail."""
        end_s = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end_s, self.screen.scene
            for event in self.window.wait(0.05):
                self.screen.on_event(event)
            for message in self.inbox.take():
                self.screen.on_message(message)
            self.screen.refresh()

    def shows(self, kind: str) -> Callable[[], bool]:
        return lambda: self.screen.scene is not None and self.screen.scene.name.partition(" ")[0] == kind

    def touch(self, action: Action) -> None:
        """A finger on the middle of a target, as SDL sends it: finger first, then the mouse it makes up."""
        self.clock_s += 1.0
        self.window.collect()  # nothing has happened up to now
        scene = self.screen.scene
        target = scene.find(action) if scene else None
        assert target is not None, action
        x, y = (target.box.x + target.box.w / 2), (target.box.y + target.box.h / 2)
        width, height = self.window.size
        for kind, copy in ((pygame.FINGERDOWN, pygame.MOUSEBUTTONDOWN), (pygame.FINGERUP, pygame.MOUSEBUTTONUP)):
            place = {"touch_id": 1, "finger_id": 3, "x": x / width, "y": y / height}
            pygame.event.post(pygame.Event(kind, place))
            pygame.event.post(pygame.Event(copy, {"pos": (int(x), int(y)), "button": 1, "touch": True}))
        for event in self.window.wait(1.0):
            self.screen.on_event(event)
        self.screen.refresh()

    def type(self, keys: str) -> None:
        """Keys of the keyboard, as fast as they can be."""
        for key in keys:
            code = {"\r": pygame.K_RETURN, "\x7f": pygame.K_DELETE, "\t": pygame.K_TAB}.get(key, ord(key))
            pygame.event.post(pygame.Event(pygame.KEYDOWN, {"key": code, "unicode": key}))
        for event in self.window.wait(1.0):
            self.screen.on_event(event)
        self.clock_s += 0.1  # nothing follows
        self.screen.on_time()
        self.screen.refresh()

    def close(self, daemon: FakeDaemon) -> None:
        """End both threads; a last event lets the follower see that it is over."""
        self.follower.stop()
        self.caller.stop()
        daemon.publish(IDLE)
        self.follower.join(DEADLINE_S)
        self.caller.join(DEADLINE_S)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(tmp_path / "t.sock", IDLE) as running:
        yield running


@pytest.fixture
def bench(daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    window = Window((800, 480), fullscreen=False)
    made = Bench(window, daemon.socket_path)
    yield made
    made.close(daemon)
    window.close()


def test_a_sale_from_the_first_key_to_the_result(bench: Bench, daemon: FakeDaemon) -> None:
    assert bench.shows("starting")()
    bench.until(bench.shows("amount"))
    for key in (Key.D1, Key.D8, Key.POINT, Key.D8):
        bench.touch(Press(key))
    assert bench.screen.local.entry.minor == 1880
    daemon.on_call = lambda _path: daemon.publish(online(sale("presented", "cancel")))
    bench.touch(Do.CHARGE)
    bench.until(bench.shows("present"))
    path, body = daemon.calls[0]
    assert (path, body["amount"], body["currency"], len(str(body["idempotency_key"]))) == ("sales", 1880, "CNY", 36)
    daemon.publish(online(sale("approved")))
    bench.until(bench.shows("approved"))
    bench.touch(Do.NEXT)
    assert bench.shows("amount")()
    assert bench.screen.local.entry.minor == 0


def test_a_fast_hand_at_the_keyboard_charges_what_it_typed(bench: Bench, daemon: FakeDaemon) -> None:
    bench.until(bench.shows("amount"))
    bench.clock_s += 1.0
    bench.type("18.80\r")
    bench.until(lambda: bool(daemon.calls))
    assert [body["amount"] for _, body in daemon.calls] == [1880]


def test_of_an_amount_begun_before_the_result_no_half_is_charged(bench: Bench, daemon: FakeDaemon) -> None:
    daemon.publish(online(sale("presented", "cancel")))
    bench.until(bench.shows("present"))
    bench.type("18")
    daemon.publish(online(sale("approved")))
    bench.until(bench.shows("approved"))
    bench.type(".80\r")
    assert bench.shows("amount")()
    assert (bench.screen.local.entry.spoiled, daemon.calls) == (True, [])
    bench.clock_s += 1.0
    bench.type("\x7f18.80\r")
    bench.until(lambda: bool(daemon.calls))
    assert [body["amount"] for _, body in daemon.calls] == [1880]


def test_an_amount_begun_as_the_result_appears_is_whole(bench: Bench, daemon: FakeDaemon) -> None:
    daemon.publish(online(sale("approved")))
    bench.until(bench.shows("approved"))
    bench.type("18.80")
    bench.clock_s += 1.0
    bench.type("\r")
    bench.until(lambda: bool(daemon.calls))
    assert [body["amount"] for _, body in daemon.calls] == [1880]


@pytest.mark.parametrize(
    ("keys", "minor"),
    [
        ("18.80", 1880),
        ("18,80", 1880),
        ("１８．８０", 1880),
        ("18。80", 1880),
        ("٤٥", 4500),
        ("50-3", None),
        ("6901234567892", None),
        ("1,880.00", None),
    ],
)
@pytest.mark.parametrize("kind", [pygame.KEYDOWN, pygame.TEXTINPUT], ids=["keys", "an input method"])
def test_what_is_typed_is_charged_or_nothing_is(
    keys: str, minor: int | None, kind: int, bench: Bench, daemon: FakeDaemon
) -> None:
    """Rows 4, 5 and 7 of the cases, and characters of other scripts."""
    bench.until(bench.shows("amount"))
    bench.clock_s += 1.0
    for key in keys:
        fields = {"key": pygame.K_UNKNOWN, "unicode": key} if kind == pygame.KEYDOWN else {"text": key}
        pygame.event.post(pygame.Event(kind, fields))
        bench.clock_s += 0.1
        for event in bench.window.wait(1.0):
            bench.screen.on_event(event)
    bench.type("\r")
    if minor is None:
        assert not bench.screen.local.entry.is_payable
        assert daemon.calls == []
        return
    bench.until(lambda: bool(daemon.calls))
    assert [body["amount"] for _, body in daemon.calls] == [minor]


@pytest.mark.parametrize("suffix", ["\r", "\r\r", "\t", ""])
def test_a_scan_is_never_an_amount(suffix: str, bench: Bench, daemon: FakeDaemon) -> None:
    """Row 7 of the cases: a barcode was a signed sale of 69 million."""
    bench.until(bench.shows("amount"))
    bench.clock_s += 1.0
    bench.window.collect()
    bench.type("6901234567892" + suffix)
    assert bench.screen.local.entry.unknown_item == "6901234567892"
    bench.type("\r")
    assert daemon.calls == []


def test_a_till_s_sale_takes_what_was_typed_before_it(bench: Bench, daemon: FakeDaemon) -> None:
    """Row 1 of the cases: 45,618.80 was charged."""
    bench.until(bench.shows("amount"))
    bench.clock_s += 1.0
    bench.type("456")
    daemon.publish(online(sale("presented", "cancel")))
    bench.until(bench.shows("present"))
    daemon.publish(online(sale("approved")))
    bench.until(bench.shows("approved"))
    bench.clock_s += 3.0
    bench.type("18.80\r")
    bench.until(lambda: bool(daemon.calls))
    assert [body["amount"] for _, body in daemon.calls] == [1880]


def test_half_an_amount_that_a_till_s_sale_has_cut_is_not_charged(bench: Bench, daemon: FakeDaemon) -> None:
    bench.until(bench.shows("amount"))
    bench.clock_s += 1.0
    bench.type("18")
    daemon.publish(online(sale("approved")))
    bench.until(bench.shows("approved"))
    bench.type("80\r")
    assert bench.shows("amount")()
    assert (bench.screen.local.entry.is_payable, daemon.calls) == (False, [])


def test_a_key_that_is_refused_shakes_and_sounds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Sound] = []
    monkeypatch.setattr(Speaker, "play", lambda _speaker, sound: played.append(sound))
    bench.until(bench.shows("amount"))
    bench.type("5")
    bench.type("-")
    assert played == [Sound.REFUSED]
    bench.type("3")
    assert played == [Sound.REFUSED] * 2
    assert bench.screen.local.entry.typed == "5"


def test_a_refusal_is_said(bench: Bench, daemon: FakeDaemon) -> None:
    bench.until(bench.shows("amount"))
    bench.touch(Press(Key.D5))
    daemon.refuse = Problem(title="Conflict", status=409, code="busy", detail="")
    bench.touch(Do.CHARGE)
    bench.until(lambda: bench.screen.local.trouble is not None)
    assert bench.screen.scene is not None
    assert "还有一笔正在进行" in bench.screen.scene.words


def test_a_manager_is_asked_for_and_then_it_goes_on(bench: Bench, daemon: FakeDaemon) -> None:
    unknown = SAMPLES["unknown"].status
    assert unknown is not None
    daemon.publish(unknown)
    bench.until(bench.shows("unknown"))
    daemon.refuse = Problem(title="Forbidden", status=403, code="role_needed", roles=["manager"])
    bench.touch(Do.ACCEPT_OFFLINE)
    bench.until(bench.shows("pin"))
    for digit in "4711":
        bench.touch(PressPin(Key(digit)))
    bench.touch(Do.SEND_PIN)
    bench.until(bench.shows("unknown"))
    assert [path.rpartition("/")[2] for path, _ in daemon.calls] == [
        "accept-offline", "session", "accept-offline", "session",
    ]  # fmt: skip
    assert daemon.tokens[2] == "Bearer token of m-1"


def test_the_daemon_goes_and_comes_back(bench: Bench, daemon: FakeDaemon) -> None:
    bench.until(bench.shows("amount"))
    bench.touch(Press(Key.D5))
    daemon.stop()
    bench.until(bench.shows("away"))
    assert bench.screen.local.daemon is Daemon.AWAY
    daemon.start()
    bench.until(bench.shows("amount"))
    assert bench.screen.local.entry.minor == 500


def test_a_terminal_of_another_currency_offers_no_items(bench: Bench, daemon: FakeDaemon) -> None:
    bench.until(lambda: bench.screen.local.daemon is Daemon.CONNECTED)
    assert len(bench.screen.local.items) == len(ITEMS)
    assert IDLE.terminal is not None
    yen = msgspec.structs.replace(IDLE, terminal=msgspec.structs.replace(IDLE.terminal, currency="JPY"))
    daemon.publish(yen)
    bench.until(lambda: bench.screen.local.entry.currency == "JPY")
    assert len(bench.screen.local.items) == 0
    assert [spoilt.fault for spoilt in bench.screen.local.spoilt_items] == [ItemFault.OTHER_CURRENCY]
    assert bench.screen.scene is not None
    assert "快捷商品未显示：标价币种不是JPY" in bench.screen.scene.words


ODD_REFERENCES = ["桌\u200b7", "\u200b", "\U0001f469\u200d\U0001f467", "a\u2028b", "a\x00b", "\u0301", "中" * 3_000]


@pytest.mark.parametrize("reference", ODD_REFERENCES, ids=range(len(ODD_REFERENCES)))
def test_no_reference_of_an_old_sale_ends_the_screen(bench: Bench, daemon: FakeDaemon, reference: str) -> None:
    odd = msgspec.structs.replace(sale("approved"), reference=reference)
    daemon.publish(online(odd))
    bench.until(bench.shows("approved"))
    bench.touch(Do.NEXT)
    assert bench.shows("amount")()


def test_the_screen_is_drawn_anew_when_the_systems_fonts_are_known(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer = threading.Event()

    def ask() -> list[SystemFont]:
        assert may_answer.wait(DEADLINE_S)
        return []

    monkeypatch.setattr("ui.app.SystemFonts", lambda wake: SystemFonts(wake, ask))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    window = Window((800, 480), fullscreen=False)
    bench = Bench(window, daemon.socket_path)
    assert IDLE.terminal is not None
    tibetan = msgspec.structs.replace(IDLE.terminal, merchant_name="བོད་ཇ།")
    daemon.publish(msgspec.structs.replace(IDLE, terminal=tibetan))
    bench.until(lambda: bench.screen.scene is not None and "བོད་ཇ།" in bench.screen.scene.words)
    before = pygame.image.tobytes(window.surface, "RGB")
    window.surface.fill((1, 2, 3))
    may_answer.set()
    bench.until(lambda: window.surface.get_at((0, 0))[:3] != (1, 2, 3))
    assert pygame.image.tobytes(window.surface, "RGB") == before
    bench.close(daemon)
    window.close()


def test_lost_pixels_are_drawn_again(bench: Bench) -> None:
    bench.until(bench.shows("amount"))
    before = pygame.image.tobytes(bench.window.surface, "RGB")
    bench.window.surface.fill((1, 2, 3))
    bench.screen.on_event(Exposed())
    bench.screen.refresh()
    assert pygame.image.tobytes(bench.window.surface, "RGB") == before


def test_closing_ends_the_loop(bench: Bench) -> None:
    assert bench.screen.on_event(Closed()) is False


@pytest.mark.parametrize(
    ("name", "motion", "waits_a_frame"),
    [("present", True, True), ("present", False, False), ("approved", False, False)],
)
def test_it_sleeps_unless_something_moves(
    name: str, motion: bool, waits_a_frame: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    window = Window((800, 480), fullscreen=False)
    monotonic_s = iter(range(100))
    half_past = NOW + timedelta(milliseconds=250)
    screen = Screen(
        window,
        Options(socket_path=Path("none"), motion=motion),
        now=lambda: half_past,
        monotonic_s=lambda: next(monotonic_s),
    )
    screen.status, screen.local = SAMPLES[name].status, SAMPLES[name].local
    screen.refresh()
    screen.refresh()
    assert (screen.next_wait_s < 0.1) == waits_a_frame
    assert waits_a_frame or screen.next_wait_s == 0.75
    window.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "Ctrl-C"])
def test_the_command_ends_cleanly(number: signal.Signals, daemon: FakeDaemon) -> None:
    environment = os.environ | {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
    code = "from ui.cli import ui; ui(standalone_mode=False)"
    arguments = ["--socket", str(daemon.socket_path), "--size", "480x320", "--language", "en", "--theme", "dark"]
    running = subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stderr=subprocess.PIPE)
    assert daemon.followed.wait(DEADLINE_S)
    running.send_signal(signal.SIGHUP)  # of a console that is closed
    running.send_signal(number)
    _, said = running.communicate(timeout=DEADLINE_S)
    assert (running.returncode, said) == (0, b"")
