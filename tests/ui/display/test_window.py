# SPDX-License-Identifier: Apache-2.0
"""SDL's events as ours, on the dummy driver: fingers, mouse, keys, and the copies SDL makes up."""

from collections.abc import Iterator

import pygame
import pytest

from ui.display.window import MOUSE_FINGER, Closed, Down, Event, Exposed, Resized, Typed, Up, Window


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    opened = Window((800, 480), fullscreen=False)
    list(opened.wait(0.001))
    yield opened
    opened.close()


def finger(kind: int, **fields: object) -> pygame.Event:
    return pygame.Event(kind, {"touch_id": 1, "finger_id": 7, "x": 0.5, "y": 0.25, "dx": 0.0, "dy": 0.0, **fields})


def mouse(kind: int, *, button: int = 1, touch: bool = False) -> pygame.Event:
    return pygame.Event(kind, {"pos": (40, 30), "button": button, "touch": touch})


def key(code: int, character: str = "", mod: int = 0) -> pygame.Event:
    return pygame.Event(pygame.KEYDOWN, {"key": code, "unicode": character, "mod": mod, "scancode": 0})


@pytest.mark.parametrize(
    ("event", "ours"),
    [
        (finger(pygame.FINGERDOWN), [Down(7, 400.0, 120.0)]),
        (finger(pygame.FINGERUP), [Up(7, 400.0, 120.0)]),
        (mouse(pygame.MOUSEBUTTONDOWN), [Down(MOUSE_FINGER, 40, 30)]),
        (mouse(pygame.MOUSEBUTTONUP), [Up(MOUSE_FINGER, 40, 30)]),
        (mouse(pygame.MOUSEBUTTONDOWN, touch=True), []),
        (mouse(pygame.MOUSEBUTTONUP, touch=True), []),
        (mouse(pygame.MOUSEBUTTONDOWN, button=3), []),
        (key(pygame.K_RETURN, "\r"), [Typed("enter")]),
        (key(pygame.K_KP_ENTER, "\r"), [Typed("enter")]),
        (key(pygame.K_ESCAPE, "\x1b"), [Typed("escape")]),
        (key(pygame.K_BACKSPACE, "\b"), [Typed("backspace")]),
        (key(pygame.K_8, "8"), [Typed("8")]),
        (key(pygame.K_CLEAR), [Typed("delete")]),
        (key(pygame.K_KP8, "8"), [Typed("8")]),
        (key(pygame.K_KP8), [Typed("8")]),
        (key(pygame.K_KP0), [Typed("0")]),
        (key(pygame.K_KP_PERIOD, ","), [Typed(",")]),
        (key(pygame.K_KP_PERIOD), [Typed(".")]),
        (key(pygame.K_KP_MINUS), [Typed("-")]),
        (key(pygame.K_NUMLOCKCLEAR), []),
        (key(pygame.K_5, "5", pygame.KMOD_RSHIFT | pygame.KMOD_NUM | pygame.KMOD_CAPS), [Typed("5")]),
        (key(pygame.K_8, "8", pygame.KMOD_LALT), []),
        (key(pygame.K_KP0, "", pygame.KMOD_LCTRL), []),
        (key(pygame.K_PLUS, "+", pygame.KMOD_RCTRL), []),
        (key(pygame.K_RETURN, "\r", pygame.KMOD_LALT), []),
        (key(pygame.K_5, "5", pygame.KMOD_LGUI), []),
        (key(pygame.K_e, "€", pygame.KMOD_RALT), [Typed("€")]),
        (key(pygame.K_e, "€", pygame.KMOD_LCTRL | pygame.KMOD_RALT), [Typed("€")]),
        (key(pygame.K_e, "€", pygame.KMOD_MODE), [Typed("€")]),
        (key(pygame.K_LSHIFT), []),
        (pygame.Event(pygame.VIDEOEXPOSE), [Exposed()]),
        (pygame.Event(pygame.QUIT), [Closed()]),
    ],
    ids=[
        "finger down", "finger up", "mouse down", "mouse up", "made-up mouse down", "made-up mouse up", "other button",
        "return", "keypad enter", "escape", "backspace", "a digit",
        "a pad's key to clear", "a pad's digit", "without NumLock", "zero without NumLock", "a pad's comma",
        "its point without NumLock", "what is no part of an amount", "NumLock itself", "Shift and locks", "Alt",
        "Ctrl on a pad", "Ctrl", "Alt and return", "a desktop's key",
        "AltGr", "AltGr as Ctrl and Alt", "AltGr as a mode", "a modifier",
        "exposed", "window closed",
    ],
)  # fmt: skip
def test_an_event_is_translated(window: Window, event: pygame.Event, ours: list[Event]) -> None:
    pygame.event.post(event)
    assert list(window.wait(1.0)) == ours


def test_the_text_behind_a_shortcut_is_part_of_it(window: Window) -> None:
    """SDL gives what Alt and 8 type once more, as text."""
    pygame.event.clear()
    pygame.event.post(key(pygame.K_8, "8", pygame.KMOD_LALT))
    pygame.event.post(pygame.Event(pygame.TEXTINPUT, {"text": "8"}))
    pygame.event.post(key(pygame.K_9, "9"))
    assert [event for event in window.wait(0) if isinstance(event, Typed)] == [Typed("9")]


def test_a_window_that_grows_says_so(window: Window) -> None:
    pygame.event.post(pygame.Event(pygame.VIDEORESIZE, {"size": (800, 480), "w": 800, "h": 480}))
    assert list(window.wait(1.0)) == [Resized((800, 480))]


def test_another_thread_can_end_the_waiting(window: Window) -> None:
    window.wake()
    assert list(window.wait(5.0)) == []


def test_a_signal_closes_it(window: Window) -> None:
    window.close_soon()
    window.wake()
    assert Closed() in list(window.wait(5.0))


def test_waking_a_closed_window_is_no_error(window: Window) -> None:
    window.close()
    window.wake()
    pygame.display.init()
    assert pygame.display.get_init()
