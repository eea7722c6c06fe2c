# SPDX-License-Identifier: Apache-2.0
"""What the screen costs: from a touch to the new frame, in motion, at rest; in memory or on the display there is.

`python -m workshop.bench.screen` is a screen that starts, says so with its first frame, and ends.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import TypeVar

import pygame

from ui.actions import Press
from ui.app import Options, Screen
from ui.display.threads import Snapshot
from ui.display.window import REST_AFTER_S, Down, Up, Window
from workshop.samples.screens import SAMPLES

SIZES = ((800, 480), (1280, 720))
CASHIER = (
    "amount-typing",
    "present",
    "approved",
    "amount-typing",
    "present",
    "declined",
    "amount-typing",
    "present",
    "stored",
)
"""What a screen goes through in a shop, over and over."""
ALONE = (
    ("present", "“tap here” moves", "goal 5 %"),
    ("amount-typing", "at rest", "goal 0.5 %"),
    ("approved", "a result stands", "goal 0.5 %"),
)


@dataclass(frozen=True, slots=True)
class Frames:
    """Seconds from something happening to the frame that shows it."""

    what: str
    took_s: Sequence[float]

    def line(self, goal: str = "") -> str:
        """For people."""
        cuts = statistics.quantiles(self.took_s, n=100, method="inclusive")
        p50, p99, most = (value * 1000 for value in (cuts[49], cuts[98], max(self.took_s)))
        count = len(self.took_s)
        return f"  {self.what:<36} p50 {p50:6.2f}  p99 {p99:6.2f}  most {most:6.2f} ms  n {count:<5} {goal}".rstrip()


@dataclass(frozen=True, slots=True)
class Share:
    """How much of one processor core went by over some seconds."""

    what: str
    share: float
    frames: int
    over_s: float

    def line(self, goal: str = "") -> str:
        """For people."""
        frames = f"{self.frames / self.over_s:4.1f} frames/s over {self.over_s:.0f} s"
        return f"  {self.what:<36} {self.share * 100:5.2f} % of a core, {frames}  {goal}".rstrip()


def run(*, touches: int = 600, over_s: float = 5.0, rests_after_s: float = REST_AFTER_S) -> Iterator[str]:
    """Measure, line by line; what a screen does by itself is watched once it has been left alone for so long."""
    pygame.display.init()
    yield f"SDL's video driver: {pygame.display.get_driver()}"
    for size in SIZES:
        goal = "goal p99 33 ms" if size == SIZES[-1] else ""
        yield f"{size[0]} × {size[1]}:"
        yield _with_window(size, lambda screen, window: _touches(screen, window, touches)).line(goal)
        yield _with_window(size, lambda screen, window: _snapshots(screen, window, touches // 2)).line()
        for name, what, goal in ALONE:
            watch = partial(_loop, name=name, what=what, rests_after_s=rests_after_s, over_s=over_s)
            yield _with_window(size, watch).line(goal)


T = TypeVar("T")


def _with_window(size: tuple[int, int], measure: Callable[[Screen, Window], T]) -> T:
    window = Window(size, fullscreen=False)
    try:
        return measure(Screen(window, Options(socket_path=Path("/nonexistent"), size=size)), window)
    finally:
        window.close()


def _show(screen: Screen, name: str) -> None:
    """What the daemon would have sent, and what the cashier would have done, for a sample."""
    sample = SAMPLES[name]
    assert sample.status is not None
    screen.on_message(Snapshot(sample.status))
    screen.local = replace(sample.local, now=screen.local.now, size=screen.local.size)


def _frame(screen: Screen, window: Window, happen: Callable[[], None]) -> float:
    """Let something happen, and go once round the loop of `ui.app.run`; seconds until the frame is out."""
    started_s = time.perf_counter()
    happen()
    for event in window.wait(0.001):
        screen.on_event(event)
    screen.refresh()
    return time.perf_counter() - started_s


def _touches(screen: Screen, window: Window, count: int) -> Frames:
    _show(screen, "amount-typing")
    screen.refresh()
    assert screen.scene is not None
    keys = [target for target in screen.scene.targets if isinstance(target.action, Press)]
    took_s = []
    for target in islice(cycle(keys), count):
        x, y = target.box.x + target.box.w / 2, target.box.y + target.box.h / 2
        took_s += [_frame(screen, window, partial(_touch, window, kind(1, x, y))) for kind in (Down, Up)]
    return Frames("touch → new frame", took_s)


def _touch(window: Window, event: Down | Up) -> None:
    """As the panel's driver gives it to SDL."""
    kind = pygame.FINGERDOWN if isinstance(event, Down) else pygame.FINGERUP
    width, height = window.size
    pygame.event.post(pygame.Event(kind, finger_id=event.finger, x=event.x / width, y=event.y / height))


def _snapshots(screen: Screen, window: Window, count: int) -> Frames:
    took_s = [_frame(screen, window, partial(_show, screen, name)) for name in islice(cycle(CASHIER), count)]
    return Frames("news from the daemon → new screen", took_s)


def _loop(screen: Screen, window: Window, *, name: str, what: str, rests_after_s: float, over_s: float) -> Share:
    """The loop of `ui.app.run` with nothing to do but what the screen itself wants."""
    _show(screen, name)
    _turns(screen, window, rests_after_s)  # a result has arrived, and the panel has not been touched lately
    began_s, worked_s = time.monotonic(), time.process_time()
    frames = _turns(screen, window, over_s)
    passed_s = time.monotonic() - began_s
    return Share(what, (time.process_time() - worked_s) / passed_s, frames, passed_s)


def _turns(screen: Screen, window: Window, over_s: float) -> int:
    """Turns of the loop over some seconds."""
    turns, until_s = 0, time.monotonic() + over_s
    while (left_s := until_s - time.monotonic()) > 0:
        for event in window.wait(min(screen.next_wait_s, left_s)):
            screen.on_event(event)
        screen.refresh()
        turns += 1
    return turns


def first_frame() -> None:
    """Start as `ui.app.run` does, and print `frame`."""
    options = Options(socket_path=Path("/nonexistent"))
    window = Window(options.size, fullscreen=False)
    Screen(window, options).refresh()
    sys.stdout.write("frame\n")
    sys.stdout.flush()
    window.close()


if __name__ == "__main__":
    first_frame()
