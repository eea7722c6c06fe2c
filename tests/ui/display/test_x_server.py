# SPDX-License-Identifier: Apache-2.0
"""The screen in a window of a true X server (Xvfb): a real pointer and keyboard in, the server's own pixels out."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ImageGrab

from tests.support.counter import until
from tests.support.spots import KEYPAD, SIZE, spot
from tests.ui.fake_daemon import FakeDaemon
from ui.actions import Action, Do
from ui.theme import Theme, Token
from workshop.samples.screens import IDLE, online, sale

ROOT = Path(__file__).parents[3]
LIMIT_S = 20.0
RESULT_GROUND = (20, 200)
PAPER_OF_AMOUNT = (16, 450)


@pytest.fixture
def display() -> Iterator[str]:
    """An X server of our own, as large as the panel; its name."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as said:
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x480x24", "-nolisten", "tcp", "-noreset"]
        server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        try:
            assert select.select([said], [], [], LIMIT_S)[0], "Xvfb said nothing"
            yield f":{said.readline().strip()}"
        finally:
            server.terminate()
            server.wait(LIMIT_S)


class Seat:
    """A cashier in front of it."""

    def __init__(self, display: str) -> None:
        self.display = display

    def do(self, *words: str) -> None:
        """One xdotool command."""
        environment = {**os.environ, "DISPLAY": self.display}
        subprocess.run(
            ["xdotool", *words], env=environment, capture_output=True, text=True, check=True, timeout=LIMIT_S
        )

    def types(self, *keys: str) -> None:
        """As a hand does: the server has had each key, and some time has passed, before the next one is struck.

        One command for all of them goes on while the server is held, which then has them at once, as of a scanner.
        """
        for key in keys:
            self.do("sleep", "0.08", "key", key)

    def click(self, action: Action, screen: str) -> None:
        box = spot(action, screen)
        self.do("mousemove", str(round(box.x + box.w / 2)), str(round(box.y + box.h / 2)))
        self.do("click", "1")

    def sees(self, token: Token, place: tuple[int, int]) -> bool:
        """Whether a pixel on the server's screen has this colour of the light theme."""
        picture = ImageGrab.grab(xdisplay=self.display)
        assert picture.size == SIZE
        found = picture.getpixel(place)
        assert isinstance(found, tuple)
        return all(abs(one - other) < 4 for one, other in zip(found, Theme("light").rgb(token), strict=False))

    def until_sees(self, token: Token, place: tuple[int, int]) -> None:
        until(lambda: self.sees(token, place), f"{token} at {place}", LIMIT_S)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(tmp_path / "t.sock", IDLE) as running:
        yield running


@pytest.fixture
def screen(display: str, daemon: FakeDaemon, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "DISPLAY": display, "PENGPOS_HOME": str(tmp_path), "SDL_AUDIODRIVER": "dummy"}
    for name in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "terminal", "ui", "--language", "en", "--windowed", "--no-motion"]
    running = subprocess.Popen([*command, "--socket", str(daemon.socket_path)], env=environment, cwd=ROOT)
    try:
        assert daemon.followed.wait(LIMIT_S)
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(LIMIT_S) == 0


@pytest.fixture
def seat(display: str, screen: "subprocess.Popen[bytes]") -> Seat:
    assert screen.poll() is None
    person = Seat(display)
    person.until_sees(Token.PAPER, PAPER_OF_AMOUNT)
    return person


def test_a_sale_with_pointer_and_keyboard(seat: Seat, daemon: FakeDaemon) -> None:
    for key in ("1", "8", ".", "8"):
        seat.click(KEYPAD[key], "amount")
    daemon.on_call = lambda path: daemon.publish(online(sale("presented", "cancel"))) if path == "sales" else None
    seat.click(Do.CHARGE, "amount")
    until(lambda: bool(daemon.calls), "a sale was started", LIMIT_S)
    path, body = daemon.calls[0]
    assert (path, body["amount"]) == ("sales", 18_80)
    seat.until_sees(Token.CARD, (30, 120))
    daemon.publish(online(sale("approved")))
    seat.until_sees(Token.APPROVED_TINT, RESULT_GROUND)
    until(lambda: _typed(seat), "a digit leaves the result", LIMIT_S)


SLEEPER = """
from ui.display.wakeup import Wakeup
from ui.display.window import Down, Window

window = Window((800, 480), fullscreen=False)
print(Wakeup().hears_all, flush=True)
while not any(isinstance(event, Down) for event in window.wait(600.0)):
    pass
print("touched", flush=True)
"""


def test_a_touch_ends_a_long_sleep(display: str) -> None:
    """The panel is not asked now and then: X itself says that something happened."""
    environment = {**os.environ, "DISPLAY": display, "SDL_VIDEODRIVER": "x11", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    person = Seat(display)
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as sleeper:
        try:
            said = sleeper.stdout
            assert said is not None
            assert said.readline() == "True\n"
            person.do("mousemove", "400", "240")

            def touched() -> bool:
                person.do("click", "1")  # once more, where the window was not on the panel yet
                return bool(select.select([said], [], [], 0.5)[0])

            until(touched, "a touch was heard", LIMIT_S)
            assert said.readline() == "touched\n"
        finally:
            sleeper.kill()


def _typed(seat: Seat) -> bool:
    """A digit is the next amount's first one, once the result has stood for a moment.

    Without a window manager keys go where the pointer is.
    """
    seat.do("key", "5")
    return not seat.sees(Token.APPROVED_TINT, RESULT_GROUND)


def test_what_is_typed_while_the_screen_is_held_is_charged(
    seat: Seat, screen: "subprocess.Popen[bytes]", daemon: FakeDaemon
) -> None:
    """Row 2 of the cases: 1 1 8 8 7 7 0 0, its process held meanwhile, was 1,887,700."""
    seat.types("1", "1")
    screen.send_signal(signal.SIGSTOP)
    seat.types(*"887700")
    screen.send_signal(signal.SIGCONT)
    seat.do("key", "Return", "Return")
    seat.until_sees(Token.BRAND_TINT, RESULT_GROUND)

    def answered() -> bool:
        seat.do(
            "key", "--delay", "100", "asterisk"
        )  # once more, where the question had not stood there for a moment yet
        return bool(daemon.calls)

    until(answered, "it is really so much", LIMIT_S)
    assert [body["amount"] for _, body in daemon.calls] == [11_887_700_00]


def test_a_key_held_down_is_one_key(seat: Seat, daemon: FakeDaemon) -> None:
    """X repeats it 25 times a second after 0.66 s; a hand that rests on a key means one digit."""
    seat.do("keydown", "1", "sleep", "1.2", "keyup", "1")
    seat.types("1", "8", "Return")
    until(lambda: bool(daemon.calls), "a sale was started", LIMIT_S)
    assert daemon.calls[0][1]["amount"] == 118_00


def test_a_numeric_pad_without_numlock_types_what_is_printed_on_its_keys(seat: Seat, daemon: FakeDaemon) -> None:
    """Of 180, begun with NumLock and ended without it, 1.00 was charged."""
    seat.types("KP_1", "KP_Up", "KP_Insert", "KP_Enter")
    until(lambda: bool(daemon.calls), "a sale was started", LIMIT_S)
    assert daemon.calls[0][1]["amount"] == 180_00


def test_what_a_scanner_types_is_no_amount(seat: Seat, daemon: FakeDaemon) -> None:
    """Row 7 of the cases; then a pad with a decimal comma, row 5."""
    seat.do("type", "--delay", "1", "6901234567892")
    seat.types("Return", "Return", "Delete")
    seat.types("1", "8", "comma", "8", "0", "Return")
    until(lambda: bool(daemon.calls), "a sale was started", LIMIT_S)
    assert [body["amount"] for _, body in daemon.calls] == [18_80]
