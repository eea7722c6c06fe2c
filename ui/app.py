# SPDX-License-Identifier: Apache-2.0
"""The screen's loop: events → actions → local state → scene → what differs is drawn. One thread owns all of it."""

import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import assert_never

from pengpos import __version__
from pengpos.client import Language, ScreenReport, Status
from ui.actions import Action, Do, Key, Press, PressPin, Scanned
from ui.display.keyboard import Blur, Burst, Keystroke, Meant, Scan, Typist, struck, target_of_key, waited
from ui.display.moments import Panel, When
from ui.display.reporter import Reporter
from ui.display.threads import Answer, Away, Caller, Follower, Inbox, Message, Snapshot
from ui.display.touch import Doubt, Touches
from ui.display.window import Closed, Down, Event, Exposed, LanguageChosen, Lost, Resized, Typed, Up, Window
from ui.drawing.faces import Faces
from ui.drawing.paint import AT_REST, Painter
from ui.drawing.scene import Drawing, Scene
from ui.drawing.system_fonts import SystemFonts
from ui.drawing.typeset import Typesetter
from ui.office.steps import on_snapshot, to_read
from ui.office.steps import on_time as office_on_time
from ui.projection import project
from ui.screens.notice import is_too_small, too_small_words
from ui.sounds import Sound, Speaker, sound_of_change
from ui.state.asking import on_time
from ui.state.calls import Call, is_of_office
from ui.state.items import ItemList, in_currency
from ui.state.local import LocalState
from ui.state.typing import at_rest, refuse, refuse_key
from ui.theme import Theme, ThemeName
from ui.update import on_action, on_answer, on_away, on_status

FRAME_S = 1 / 30
CYCLE_S = 1.6
ARRIVAL_S = 0.18


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the screen was asked to be."""

    socket_path: Path
    size: tuple[int, int] = (800, 480)
    language: Language = "zh-Hans"
    theme: ThemeName = "light"
    fullscreen: bool = False
    motion: bool = True
    items: ItemList = field(default_factory=ItemList)
    remote_port: int | None = None
    """Where a browser on this machine may look on and touch (`ui.display.remote`); 0: any free port; None: nowhere."""


class Screen:
    """The state of the screen and what it does with events; `make_call` sends a call on its way."""

    def __init__(
        self,
        window: Window,
        options: Options,
        *,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.local = LocalState(
            now=now(),
            up_s=monotonic_s(),
            size=window.size,
            language=options.language,
            theme=options.theme,
            items=options.items.items,
            spoilt_items=options.items.spoilt,
        )
        self.status: Status | None = None
        self.make_call: Callable[[Call], None] = lambda _call: None
        self._options = options
        self._window = window
        self._now = now
        self._monotonic_s = window.monotonic_s = monotonic_s
        self._typesetter = Typesetter(Faces(system=SystemFonts(window.wake)))
        self._panel = Panel()
        self._touches = Touches(self._panel)
        self._typist = Typist()
        self._burst = Burst()
        self._is_by_digit = False
        """What is drawn next was brought by a digit of an amount."""
        self._speaker = Speaker()
        self._painter = self._new_painter()
        self._arrival_s: float | None = None
        self._refusals = 0
        """How many of them have been shown."""
        self.scene: Scene | None = None

    def _new_painter(self) -> Painter:
        return Painter(self._window.surface, Theme(self.local.theme), self._typesetter)

    @property
    def next_wait_s(self) -> float:
        """How long the loop may sleep: to the next frame of a motion or the end of a burst, else to the next second."""
        if self._arrival_s is not None or (self._options.motion and self.scene is not None and self.scene.moves):
            limit_s = FRAME_S
        else:
            limit_s = 1.0 - self._now().microsecond / 1e6
        due_s = self._burst.due_s
        return limit_s if due_s is None else max(0.0, min(limit_s, due_s - self._monotonic_s()))

    def refresh(self) -> None:
        """Project, and draw what differs."""
        if self._typesetter.take_found_fonts():
            self._redraw_all()
        self._tell_time()
        self.local = at_rest(office_on_time(on_time(self.local)))
        self._read()
        scene = project(self.status, self.local, self._typesetter)
        now_s = self._monotonic_s()
        if self.local.refusals > self._refusals:
            self._speaker.play(Sound.REFUSED)
        if scene != self.scene:
            is_new = self.scene is None or scene.name != self.scene.name
            arrives = is_new and any(isinstance(node, Drawing) and node.arrives for node in scene.nodes)
            shakes = self.scene is not None and scene.wrong_pins > self.scene.wrong_pins
            shakes = shakes or self.local.refusals > self._refusals
            if self._options.motion and (arrives or shakes):
                self._arrival_s = now_s
            self._bring(scene, now_s, is_new=self.scene is None or scene.name != self._panel.now.name)
        if self._arrival_s is not None:
            progress = (now_s - self._arrival_s) / ARRIVAL_S
            self._window.update(self._painter.arrive(min(1.0, progress)))
            self._arrival_s = self._arrival_s if progress < 1 else None
        self._refusals = self.local.refusals
        if scene.moves and self._options.motion:
            self._window.update(self._painter.move(self._phase(now_s)))

    def _read(self) -> None:
        """Ask for what the open page shows and the snapshot does not hold."""
        self.local, reading = to_read(self.local)
        if reading is not None:
            self.make_call(reading)

    def _bring(self, scene: Scene, now_s: float, *, is_new: bool) -> None:
        """Draw it. What was pressed until it stood there was meant for what stood there before."""
        self.scene = scene
        if is_new:
            self._panel.number += 1
            self._window.scene_number = self._panel.number
        self._window.update(self._painter.show(scene, self._phase(now_s)))
        if is_new:
            self._window.collect()
            self._panel.put(scene, self._monotonic_s(), by_digit=self._is_by_digit)
        self._is_by_digit = False

    def _tell_time(self) -> None:
        """What happens now is dated now, however long we were held."""
        now, up_s = self._now().replace(microsecond=0), self._monotonic_s()
        self.local = replace(self.local, now=now, up_s=up_s)

    def _phase(self, now_s: float) -> float:
        return (now_s % CYCLE_S) / CYCLE_S if self._options.motion else AT_REST

    def prepare_sound(self) -> None:
        """Open the audio device; after the first frame."""
        self._speaker.prepare()

    def on_event(self, event: Event) -> bool:
        """Something happened at the window; False ends the program."""
        self._tell_time()
        scene = self.scene
        match event:
            case Closed():
                return False
            case _ if scene is None:
                return True
            case Down(finger, x, y, when):
                if (pressed := self._touches.begin(finger, x, y, scene, when)) is not None:
                    self.local = replace(self.local, pressed=pressed)
            case Up(finger, x, y, when):
                self.local = replace(self.local, pressed=None)
                self._touched(self._touches.end(finger, x, y, scene, when))
            case Typed(name, when):
                self._burst, meant = struck(self._burst, Keystroke(name, when))
                self._take(meant)
            case Lost():
                self._spoil()
            case Resized(size):
                self.local = on_snapshot(replace(self.local, size=size))
                self._redraw_all()
                self.refresh()  # a key that came with it is not lost for want of a scene
            case Exposed():
                self._redraw_all()
                self.refresh()
            case LanguageChosen(language):
                self.local = replace(self.local, language=language)
            case _:
                assert_never(event)
        return True

    def on_time(self) -> None:
        """Let go the keys that nothing has followed."""
        self._tell_time()
        self._burst, meant = waited(self._burst, self._monotonic_s())
        self._take(meant)

    def _take(self, meant: tuple[Meant, ...]) -> None:
        for one in meant:
            match one:
                case Keystroke():
                    self._type(one)
                case Scan(code, first, last):
                    self._scanned(code, first, last)
                case Blur():
                    self._spoil()
            self.refresh()  # the next key of a fast hand is meant for what this one has made

    def _type(self, stroke: Keystroke) -> None:
        if stroke.name == "tab" or self.scene is None:
            return
        target, spoils = self._typist.judge(stroke, self.scene, self._panel)
        if target is None:
            self.local = refuse_key(self.local) if spoils else refuse(self.local)
            return
        leaves = target.action is Do.NEXT and len(stroke.name) == 1
        was_spoiled = spoils or self.local.entry.spoiled
        self._act(target.action)
        if leaves and self.status is not None:  # the digit is also the next amount's first one
            fresh = project(self.status, self.local, self._typesetter)
            self._is_by_digit = True
            if was_spoiled or (target := target_of_key(fresh, stroke.name)) is None:
                self.local = refuse_key(self.local)
            else:
                self._act(target.action)

    def _scanned(self, code: str, first: When, last: When) -> None:
        """What a scanner read is an item of an amount; on any other screen it is nothing at all."""
        seen = {self._panel.seen(first).takes_amount, self._panel.seen(last).takes_amount}
        if seen == {True} and self._panel.now.takes_amount and self.status is not None:
            self._act(Scanned(code))
        else:
            self.local = refuse(self.local)

    def _spoil(self) -> None:
        self._typist.lost()
        self.local = refuse_key(self.local)

    def _touched(self, action: Action | Doubt | None) -> None:
        if isinstance(action, Doubt):
            self._spoil()
            return
        if action is not None and (not isinstance(action, Press | PressPin) or action.key is Key.CLEAR):
            self._typist.ended()
        self._act(action)

    def _act(self, action: Action | None) -> None:
        if action is None or self.status is None:
            return
        theme = self.local.theme
        self.local, call = on_action(self.local, self.status, action, lambda: str(uuid.uuid4()))
        if self.local.theme != theme:
            self._redraw_all()
        if call is not None:
            self.make_call(call)

    def on_message(self, message: Message) -> None:
        """Something came from one of the threads."""
        match message:
            case Snapshot(status):
                had_begun = not self.local.entry.is_empty
                self.local = on_status(self.local, self.status, status)
                if had_begun and self.local.entry.is_empty:
                    self._typist.lost()
                if (sound := sound_of_change(self.status, status, self.local)) is not None:
                    self._speaker.play(sound)
                self.status = status
                self._offer_items()
            case Away():
                self.local = on_away(self.local)
            case Answer(call, trouble, found):
                self.local = on_answer(self.local, call, trouble, found)
            case _:
                assert_never(message)

    def _offer_items(self) -> None:
        """Quick items are priced in one currency; a terminal of another one offers none, and says so."""
        terminal = self.status.terminal if self.status else None
        listed = self._options.items if terminal is None else in_currency(self._options.items, terminal.currency)
        self.local = replace(self.local, items=listed.items, spoilt_items=listed.spoilt)

    def _redraw_all(self) -> None:
        self._painter, self.scene = self._new_painter(), None


def run(options: Options) -> None:
    """Open the window and run until it is closed, or SIGINT or SIGTERM."""
    window = Window(options.size, fullscreen=options.fullscreen)
    window.end_on_signals()
    if is_too_small(window.size):
        sys.stderr.write(f"pengpos ui: {too_small_words(window.size, options.language)}\n")
    screen = Screen(window, options)
    screen.refresh()  # the first frame, before anything that takes time
    inbox = Inbox(window.wake)
    follower, caller = Follower(options.socket_path, inbox), Caller(options.socket_path, inbox)
    clerk = Caller(options.socket_path, inbox)  # a long list, or a day's close, never keeps a sale waiting
    screen.make_call = lambda call: (clerk if is_of_office(call) else caller).make(call)
    reporter = Reporter(options.socket_path, lambda: _about(window))
    follower.start()
    caller.start()
    clerk.start()
    reporter.start()
    screen.prepare_sound()
    stop_remote = _start_remote(window, options)
    try:
        going = True
        while going:
            for event in window.wait(screen.next_wait_s):
                going = screen.on_event(event) and going
            screen.on_time()
            for message in inbox.take():
                screen.on_message(message)
            if going:
                screen.refresh()
                reporter.came_by()
    finally:
        stop_remote()
        follower.stop()
        caller.stop()
        clerk.stop()
        reporter.stop()
        window.close()


def _about(window: Window) -> ScreenReport:
    width, height = window.size
    return ScreenReport(pid=os.getpid(), software_version=__version__, size=f"{width}x{height}", panel=window.driver)


def _start_remote(window: Window, options: Options) -> Callable[[], None]:
    """Let a browser look on, and say where, if that was asked for; gives what ends it."""
    if options.remote_port is None:
        return lambda: None
    from ui.display.remote import Remote

    try:
        remote = Remote(window, options.remote_port)
    except OSError as error:
        sys.exit(f"pengpos ui: port {options.remote_port}: {error.strerror or error}")
    remote.start()
    sys.stdout.write(json.dumps({"url": remote.url}) + "\n")
    sys.stdout.flush()
    return remote.stop
