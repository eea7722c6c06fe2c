# SPDX-License-Identifier: Apache-2.0
"""The system's fonts, for characters that none of ours has: fontconfig is asked once, in a thread of its own.

Until it has answered, and where there is no fontconfig, no font has the character, and a stand-in is drawn. Fonts
that cannot be scaled or are coloured (emoji) are left out: the renderer draws one size and no other.
"""

import bisect
import subprocess
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple

FONTS_MOST = 256
ASK_TIMEOUT_S = 20.0
"""On a first start fontconfig reads every font of the system; from a card that takes seconds."""


class SystemFont(NamedTuple):
    """A file and the code points it has: `starts` and `ends` of ranges, both included, in order."""

    path: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def has(self, text: str) -> bool:
        """True if it has every character."""
        return all(self._has(ord(character)) for character in text)

    def _has(self, code: int) -> bool:
        place = bisect.bisect_right(self.starts, code) - 1
        return place >= 0 and code <= self.ends[place]


def ask_fontconfig() -> list[SystemFont]:
    """The system's fonts, the best for Chinese first; none without fontconfig. Raises nothing because of type."""
    query = ["-s", "sans:lang=zh-cn", "-f", "%{file}\t%{scalable}\t%{color}\t%{charset}\n"]
    try:
        answer = subprocess.run(["fc-match", *query], capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return []
    return list(read_fonts(answer.stdout.splitlines()[:FONTS_MOST]))


def read_fonts(lines: Iterable[str]) -> Iterable[SystemFont]:
    """Fonts of fontconfig's lines: file, scalable, colour, and ranges of code points in hexadecimal."""
    for line in lines:
        path, *facts = line.split("\t")
        if len(facts) != 3 or facts[:2] != ["True", "False"]:
            continue
        try:
            ranges = sorted(_range(said) for said in facts[2].split())
        except ValueError:
            continue
        yield SystemFont(path, tuple(start for start, _ in ranges), tuple(end for _, end in ranges))


def _range(said: str) -> tuple[int, int]:
    first, _, last = said.partition("-")
    return int(first, 16), int(last or first, 16)


class SystemFonts:
    """Which file has a character. `on_known` is called once, from the thread that asks, when the answer is there."""

    def __init__(
        self, on_known: Callable[[], None] = lambda: None, ask: Callable[[], list[SystemFont]] = ask_fontconfig
    ) -> None:
        self._on_known = on_known
        self._ask = ask
        self._known: tuple[SystemFont, ...] | None = None
        self._thread: threading.Thread | None = None

    @property
    def are_known(self) -> bool:
        """True once the system has answered."""
        return self._known is not None

    def path_with(self, text: str) -> str | None:
        """The file of the first font with every character; None if none has, or it is not known yet."""
        if self._known is None:
            self._begin()
            return None
        return next((font.path for font in self._known if font.has(text)), None)

    def wait(self, timeout_s: float) -> bool:
        """Ask, if that was not done, and wait for the answer: for pictures that are drawn once."""
        self._begin()
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self.are_known

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._find, name="system fonts", daemon=True)
            self._thread.start()

    def _find(self) -> None:
        self._known = tuple(self._ask())
        self._on_known()
