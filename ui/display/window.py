# SPDX-License-Identifier: Apache-2.0
"""The only module that opens a display. Turns SDL's events into ours; knows no sale and no screen.

SDL sends each touch twice, as finger and as a mouse it makes up (`event.touch`), and some panels only as a mouse: both
are taken, the made-up ones dropped (SDL 2, pygame-ce). Characters come with a key (`KEYDOWN`, `unicode`), or without
one from an input method or a remapped key (`TEXTINPUT`).

SDL 2 keeps no time of a press. Under X each event is preceded by X's own (`SYSWMEVENT`), and that has one; elsewhere
the time is when we looked, and vague by how long we had not.
"""

import contextlib
import os
import signal
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import pygame

from pengpos.client import Language
from ui.display.moments import When
from ui.display.wakeup import Wakeup

MOUSE_FINGER: Final = -1
POLL_S: Final = 0.005
POLL_AT_REST_S: Final = 0.028
REST_AFTER_S: Final = 2.0
TEXT_MOST: Final = 64
"""Characters that an input method gives at once."""
_KEYS: Final = {
    pygame.K_RETURN: "enter",
    pygame.K_KP_ENTER: "enter",
    pygame.K_ESCAPE: "escape",
    pygame.K_BACKSPACE: "backspace",
    pygame.K_DELETE: "delete",
    pygame.K_TAB: "tab",
    pygame.K_CLEAR: "delete",
}
_PAD: Final = {
    **{getattr(pygame, f"K_KP{digit}"): str(digit) for digit in range(10)},
    pygame.K_KP_PERIOD: ".", pygame.K_KP_PLUS: "+", pygame.K_KP_MULTIPLY: "*", pygame.K_KP_MINUS: "-",
    pygame.K_KP_DIVIDE: "/",
}  # fmt: skip
"""What is printed on the keys of a numeric pad. With NumLock off they give no character, and off it is when Linux
starts without a desktop."""
_ALT_GR: Final = pygame.KMOD_RALT | pygame.KMOD_MODE
_X_PRESSES: Final = frozenset({2, 4, 5})
"""KeyPress, ButtonPress, ButtonRelease (X11/X.h)."""
_X_TIME_AT: Final = 56
"""Of an `XKeyEvent` and an `XButtonEvent` of 64 bits (X11/Xlib.h): an unsigned long, milliseconds."""
_X_CLOCK_MS: Final = 2**32
_X_BEHIND_MOST_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Down:
    """A finger or the mouse's button came down, in panel pixels."""

    finger: int
    x: float
    y: float
    when: When = field(default=When(), compare=False)


@dataclass(frozen=True, slots=True)
class Up:
    """The finger or the button went up again."""

    finger: int
    x: float
    y: float
    when: When = field(default=When(), compare=False)


@dataclass(frozen=True, slots=True)
class Typed:
    """A key of the keyboard: ``enter``, ``tab``, ``escape``, ``backspace``, ``delete`` or a character."""

    name: str
    when: When = field(default=When(), compare=False)


class Lost(NamedTuple):
    """Keys of a remote viewer did not come through."""


class Resized(NamedTuple):
    """The window has another size."""

    size: tuple[int, int]


class Exposed(NamedTuple):
    """The window system lost our pixels."""


class LanguageChosen(NamedTuple):
    """A remote viewer chose the screen's language (`ui.display.remote`); a panel has no such control."""

    language: Language


class Closed(NamedTuple):
    """The window was closed, or the program asked to end."""


Event = Down | Up | Typed | Lost | Resized | Exposed | LanguageChosen | Closed


def post(events: Sequence[Event]) -> None:
    """Let `Window.wait` give these at once; from any thread. Raises pygame.error when SDL's queue is full."""
    pygame.event.post(pygame.Event(pygame.USEREVENT, {"ours": tuple(events)}))


class Window:
    """One window, or the whole panel."""

    def __init__(self, size: tuple[int, int], *, fullscreen: bool) -> None:
        pygame.display.init()
        self.driver = pygame.display.get_driver()
        """What SDL draws on: x11, wayland, kmsdrm; dummy is memory alone."""
        if self.driver == "x11":
            # Else SDL passes our pixels through a texture, which OpenGL in software makes 15 times as dear. Other
            # drivers know no other way.
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        pygame.display.set_caption("pengpos")
        flags = pygame.FULLSCREEN if fullscreen else pygame.RESIZABLE
        self.surface = pygame.display.set_mode((0, 0) if fullscreen else size, flags)
        if fullscreen:
            pygame.mouse.set_visible(False)
        pygame.event.set_allowed(None)
        pygame.event.set_allowed(
            [
                pygame.QUIT, pygame.KEYDOWN, pygame.KEYUP, pygame.TEXTINPUT,
                pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP,
                pygame.FINGERDOWN, pygame.FINGERUP, pygame.VIDEORESIZE, pygame.VIDEOEXPOSE, pygame.USEREVENT,
                pygame.SYSWMEVENT,
            ]
        )  # fmt: skip
        self._is_closed = False
        self._wakeup = Wakeup()
        self.monotonic_s: Callable[[], float] = time.monotonic
        self.scene_number = 0
        """Of the scene that is brought to the panel next, or stands there."""
        self._happened_s = self._looked_s = time.monotonic()
        self._waiting: list[Event] = []
        self._x_time_s: float | None = None
        self._echo = ""
        """What the key that is held down has given: SDL gives it once more as text, and again while it is held."""
        self._echo_of = 0
        self.on_update: Callable[[pygame.Surface, list[pygame.Rect]], None] = lambda _surface, _areas: None
        """Called with the rectangles brought to the panel, on the screen's thread."""

    @property
    def size(self) -> tuple[int, int]:
        """The panel's pixels."""
        return self.surface.get_size()

    def end_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM close the window like its own button; a console that hangs up closes nothing."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.close_soon())
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def close_soon(self) -> None:
        """Let `wait` give Closed; safe from a signal handler."""
        self._is_closed = True
        self._wakeup.wake()

    def wake(self) -> None:
        """Let `wait` return at once; safe from any thread."""
        with contextlib.suppress(pygame.error):  # the queue is full, so `wait` returns anyway, or the window is closed
            pygame.event.post(pygame.event.Event(pygame.USEREVENT))
        self._wakeup.wake()

    def wait(self, limit_s: float) -> Iterator[Event]:
        """Give everything that has happened; waits up to `limit_s` for the first of it."""
        happened = self._await(limit_s)
        if self._is_closed:
            yield Closed()
        yield from happened

    def collect(self) -> None:
        """Keep what has happened up to now for `wait`: it was pressed before the new scene stood on the panel."""
        before = self.scene_number - 1
        self._waiting += [_dated(event, before) for event in self._look()[1]]

    def _look(self) -> tuple[bool, list[Event]]:
        """Ask SDL what has happened: whether anything, and what of it is for us."""
        happened, now_s = pygame.event.get(), self.monotonic_s()
        vague_s, self._looked_s = max(0.0, now_s - self._looked_s), now_s
        ours = [event for one in happened for event in self._translate(one, When(now_s, vague_s))]
        return bool(happened), ours

    def _await(self, limit_s: float) -> list[Event]:
        """Wait for what happens next, until `wake` at most. Sleeps only when SDL and Xlib hold nothing back."""
        end_s = time.monotonic() + limit_s
        while True:
            has_happened, ours = self._look()
            now_s = time.monotonic()
            if has_happened:
                self._happened_s = now_s
            if has_happened or self._waiting or self._is_closed or now_s >= end_s:
                ours, self._waiting = self._waiting + ours, []
                return ours
            pause_s = limit_s if self._wakeup.hears_all else POLL_S if self._was_busy(now_s) else POLL_AT_REST_S
            self._wakeup.until_woken(min(pause_s, end_s - now_s))
            if self._wakeup.hears_all:  # it happened as we woke
                self._looked_s = self.monotonic_s()

    def _was_busy(self, now_s: float) -> bool:
        return now_s - self._happened_s < REST_AFTER_S

    def _translate(self, event: pygame.Event, when: When) -> list[Event]:
        match event.type:
            case pygame.SYSWMEVENT:
                self._x_time_s = _x_time_s(getattr(event, "event", b""), when.at_s)
            case pygame.USEREVENT:
                return list(getattr(event, "ours", ()))
            case pygame.KEYDOWN:
                name = _KEYS.get(event.key) or event.unicode or _PAD.get(event.key, "")
                self._echo, self._echo_of = event.unicode if len(name) == 1 else "", event.key
                return [Typed(name, self._by_x(when))] if _is_name(name) and not _is_shortcut(event) else []
            case pygame.KEYUP if event.key == self._echo_of:
                self._echo = ""
            case pygame.TEXTINPUT:
                text = "" if event.text == self._echo else event.text[:TEXT_MOST]
                return [Typed(character, self._by_x(when)) for character in text if _is_name(character)]
            case _:
                other = self._touch_of(event, when) or self._change_of(event)
                return [other] if other is not None else []
        return []

    def _touch_of(self, event: pygame.Event, when: When) -> Event | None:
        is_made_up = getattr(event, "touch", False)
        width, height = self.size
        match event.type:
            case pygame.FINGERDOWN:
                return Down(event.finger_id, event.x * width, event.y * height, when)
            case pygame.FINGERUP:
                return Up(event.finger_id, event.x * width, event.y * height, when)
            case pygame.MOUSEBUTTONDOWN if event.button == 1 and not is_made_up:
                return Down(MOUSE_FINGER, event.pos[0], event.pos[1], self._by_x(when))
            case pygame.MOUSEBUTTONUP if event.button == 1 and not is_made_up:
                return Up(MOUSE_FINGER, event.pos[0], event.pos[1], self._by_x(when))
            case _:
                return None

    def _change_of(self, event: pygame.Event) -> Event | None:
        match event.type:
            case pygame.VIDEORESIZE:
                self.surface = pygame.display.get_surface() or self.surface
                return Resized(self.size)
            case pygame.VIDEOEXPOSE:
                return Exposed()
            case pygame.QUIT:
                return Closed()
            case _:
                return None

    def _by_x(self, when: When) -> When:
        """The time of X's own event, which came just before; else when we looked."""
        return When(self._x_time_s) if self._x_time_s is not None and when.scene is None else when

    def update(self, areas: list[pygame.Rect]) -> None:
        """Bring these rectangles to the panel."""
        if areas:
            pygame.display.update(areas)
            self.on_update(self.surface, areas)

    def close(self) -> None:
        """Give the display back."""
        pygame.display.quit()
        self._wakeup.close()


def _is_shortcut(event: pygame.Event) -> bool:
    """A key with Ctrl, Alt or a window system's key is for that. AltGr, to some Ctrl and Alt, types characters."""
    mod = getattr(event, "mod", 0)
    return bool(mod & (pygame.KMOD_CTRL | pygame.KMOD_LALT | pygame.KMOD_META)) and not mod & _ALT_GR


def _is_name(name: str) -> bool:
    """No control character, no modifier."""
    return len(name) > 1 or (name.isprintable() and bool(name))


def _dated(event: Event, scene: int) -> Event:
    """Pressed while this scene stood there, where nothing better is known."""
    if isinstance(event, Down | Up | Typed) and event.when.vague_s and event.when.scene is None:
        return replace(event, when=event.when._replace(scene=scene))
    return event


def _x_time_s(event: bytes, now_s: float) -> float | None:
    """The moment of a press by the X server's clock, where that is this machine's monotonic one; None if it is not."""
    if len(event) < _X_TIME_AT + 8 or struct.unpack_from("i", event)[0] not in _X_PRESSES:
        return None
    behind_ms = (round(now_s * 1000) - int(struct.unpack_from("L", event, _X_TIME_AT)[0])) % _X_CLOCK_MS
    if behind_ms > _X_CLOCK_MS - 1000:  # a server's clock is coarse
        return now_s
    return now_s - behind_ms / 1000 if behind_ms < _X_BEHIND_MOST_MS else None
