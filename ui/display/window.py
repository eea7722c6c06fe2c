# SPDX-License-Identifier: Apache-2.0
"""The only module that opens a display. Turns SDL's events into ours; knows no sale and no screen.

SDL sends each touch twice, as finger and as a mouse it makes up (`event.touch`), and some panels only as a mouse: both
are taken, the made-up ones dropped (SDL 2, pygame-ce).
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import pygame

from pengpos.client import Language
from ui.display.wakeup import Wakeup

MOUSE_FINGER: Final = -1
POLL_S: Final = 0.005
POLL_AT_REST_S: Final = 0.028
REST_AFTER_S: Final = 2.0
_KEYS: Final = {
    pygame.K_RETURN: "enter",
    pygame.K_KP_ENTER: "enter",
    pygame.K_ESCAPE: "escape",
    pygame.K_BACKSPACE: "backspace",
    pygame.K_DELETE: "delete",
}


class Down(NamedTuple):
    """A finger or the mouse's button came down, in panel pixels."""

    finger: int
    x: float
    y: float


class Up(NamedTuple):
    """The finger or the button went up again."""

    finger: int
    x: float
    y: float


class Typed(NamedTuple):
    """A key of the keyboard: ``enter``, ``escape``, ``backspace``, ``delete`` or a character."""

    name: str


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


Event = Down | Up | Typed | Resized | Exposed | LanguageChosen | Closed


def choose_language(language: Language) -> None:
    """Let `Window.wait` give LanguageChosen; from any thread. Raises pygame.error when SDL's queue is full."""
    pygame.event.post(pygame.Event(pygame.USEREVENT, {"language": language}))


class Window:
    """One window, or the whole panel."""

    def __init__(self, size: tuple[int, int], *, fullscreen: bool) -> None:
        pygame.display.init()
        if pygame.display.get_driver() == "x11":
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
                pygame.QUIT, pygame.KEYDOWN, pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP, pygame.FINGERDOWN,
                pygame.FINGERUP, pygame.VIDEORESIZE, pygame.VIDEOEXPOSE, pygame.USEREVENT,
            ]
        )  # fmt: skip
        self._is_closed = False
        self._wakeup = Wakeup()
        self._happened_s = time.monotonic()
        self.on_update: Callable[[pygame.Surface, list[pygame.Rect]], None] = lambda _surface, _areas: None
        """Called with the rectangles brought to the panel, on the screen's thread."""

    @property
    def size(self) -> tuple[int, int]:
        """The panel's pixels."""
        return self.surface.get_size()

    def end_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM close the window like its own button."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.close_soon())

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
        for event in happened:
            if (ours := self._translate(event)) is not None:
                yield ours

    def _await(self, limit_s: float) -> list[pygame.Event]:
        """Wait for what happens next, until `wake` at most. Sleeps only when SDL and Xlib hold nothing back."""
        end_s = time.monotonic() + limit_s
        while True:
            happened, now_s = pygame.event.get(), time.monotonic()
            if happened:
                self._happened_s = now_s
            if happened or self._is_closed or now_s >= end_s:
                return happened
            pause_s = limit_s if self._wakeup.hears_all else POLL_S if self._was_busy(now_s) else POLL_AT_REST_S
            self._wakeup.until_woken(min(pause_s, end_s - now_s))

    def _was_busy(self, now_s: float) -> bool:
        return now_s - self._happened_s < REST_AFTER_S

    def _translate(self, event: pygame.Event) -> Event | None:
        is_made_up = getattr(event, "touch", False)
        width, height = self.size
        match event.type:
            case pygame.FINGERDOWN:
                return Down(event.finger_id, event.x * width, event.y * height)
            case pygame.FINGERUP:
                return Up(event.finger_id, event.x * width, event.y * height)
            case pygame.MOUSEBUTTONDOWN if event.button == 1 and not is_made_up:
                return Down(MOUSE_FINGER, *event.pos)
            case pygame.MOUSEBUTTONUP if event.button == 1 and not is_made_up:
                return Up(MOUSE_FINGER, *event.pos)
            case pygame.KEYDOWN:
                name = _KEYS.get(event.key) or event.unicode
                return Typed(name) if name else None
            case pygame.VIDEORESIZE:
                self.surface = pygame.display.get_surface() or self.surface
                return Resized(self.size)
            case pygame.VIDEOEXPOSE:
                return Exposed()
            case pygame.USEREVENT if hasattr(event, "language"):
                return LanguageChosen(event.language)
            case pygame.QUIT:
                return Closed()
            case _:
                return None

    def update(self, areas: list[pygame.Rect]) -> None:
        """Bring these rectangles to the panel."""
        if areas:
            pygame.display.update(areas)
            self.on_update(self.surface, areas)

    def close(self) -> None:
        """Give the display back."""
        pygame.display.quit()
        self._wakeup.close()
