# SPDX-License-Identifier: Apache-2.0
"""Ends the screen's sleep: by its own waker, and by the display's connection where there is one.

SDL's own wait looks a thousand times a second, and so costs 2.5 % of a core at rest. Under X everything a person does
comes over one socket, on which a thread can sleep. Where there is no such socket (KMSDRM reads the panel's own
devices), the window has to ask now and then.
"""

import ctypes
import io
import os
import select
import sys
import threading
from typing import Final

import pygame

_ONE: Final = (1).to_bytes(8, sys.byteorder)
_POSTED_ONLY: Final = frozenset({"dummy", "offscreen"})
"""SDL's drivers without panel and keyboard: all that happens is posted by ourselves."""


class Wakeup:
    """The screen's sleep; made when the display is open."""

    def __init__(self) -> None:
        self._woken = io.FileIO(os.eventfd(0), "r+")
        self._closing = threading.RLock()
        """Held while the waker is written or closed: a number let go of may be another file's by then. A signal's
        handler may find its own thread holding it."""
        self._waiting = select.poll()
        self._waiting.register(self._woken, select.POLLIN)
        driver = pygame.display.get_driver()
        connection = _connection_to_x() if driver == "x11" else None
        if connection is not None:
            self._waiting.register(connection, select.POLLIN)
        self.hears_all: bool = connection is not None or driver in _POSTED_ONLY
        """True if nothing can happen that does not end a sleep."""

    def wake(self) -> None:
        """End the sleep, or the next one; safe from any thread and from a signal's handler."""
        with self._closing:
            if not self._woken.closed:
                self._woken.write(_ONE)

    def until_woken(self, limit_s: float) -> None:
        """Sleep until something may have happened, at most that long. A signal's handler runs and does not end it."""
        for fd, _ in self._waiting.poll(max(0.0, limit_s) * 1000):
            if fd == self._woken.fileno():
                self._woken.read(len(_ONE))

    def close(self) -> None:
        """Let go of the waker; the connection is SDL's."""
        with self._closing:
            self._woken.close()


def _connection_to_x() -> int | None:
    """The socket of SDL's own connection to the X server; None where this SDL or Xlib keeps it to itself."""
    capsule = pygame.display.get_wm_info().get("display")
    try:
        xlib = ctypes.CDLL("libX11.so.6")  # loaded already, by SDL
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
        xlib.XConnectionNumber.argtypes = (ctypes.c_void_p,)
        return int(xlib.XConnectionNumber(pointer(capsule, b"display")))
    except (OSError, AttributeError, ValueError, TypeError):
        return None
