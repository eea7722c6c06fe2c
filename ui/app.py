# SPDX-License-Identifier: Apache-2.0
"""The screen's loop: events → actions → local state → scene → what differs is drawn. One thread owns all of it."""

import json
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import assert_never

from pengpos.client import Language, Status
from ui.actions import Action
from ui.display.threads import Answer, Away, Caller, Follower, Inbox, Message, Snapshot
from ui.display.touch import Touches, target_of_key
from ui.display.window import Closed, Down, Event, Exposed, LanguageChosen, Resized, Typed, Up, Window
from ui.drawing.faces import Faces
from ui.drawing.paint import AT_REST, Painter
from ui.drawing.scene import Drawing, Scene
from ui.drawing.system_fonts import SystemFonts
from ui.drawing.typeset import Typesetter
from ui.screens import project
from ui.sounds import Speaker, sound_of_change
from ui.state.asking import on_time
from ui.state.calls import Call
from ui.state.items import ItemList, in_currency
from ui.state.local import LocalState
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
        self._monotonic_s = monotonic_s
        self._typesetter = Typesetter(Faces(system=SystemFonts(window.wake)))
        self._touches = Touches()
        self._speaker = Speaker()
        self._painter = self._new_painter()
        self._arrival_s: float | None = None
        self.scene: Scene | None = None

    def _new_painter(self) -> Painter:
        return Painter(self._window.surface, Theme(self.local.theme), self._typesetter)

    @property
    def next_wait_s(self) -> float:
        """How long the loop may sleep: to the next frame of a motion, else to the next second."""
        if self._arrival_s is not None or (self._options.motion and self.scene is not None and self.scene.moves):
            return FRAME_S
        return 1.0 - self._now().microsecond / 1e6

    def refresh(self) -> None:
        """Project, and draw what differs."""
        if self._typesetter.take_found_fonts():
            self._redraw_all()
        self.local = on_time(replace(self.local, now=self._now().replace(microsecond=0)))
        scene = project(self.status, self.local, self._typesetter)
        now_s = self._monotonic_s()
        if scene != self.scene:
            is_new = self.scene is None or scene.name != self.scene.name
            arrives = is_new and any(isinstance(node, Drawing) and node.arrives for node in scene.nodes)
            shakes = self.scene is not None and scene.wrong_pins > self.scene.wrong_pins
            if self._options.motion and (arrives or shakes):
                self._arrival_s = now_s
            self.scene = scene
            self._touches.shown(scene, now_s)
            self._window.update(self._painter.show(scene, self._phase(now_s)))
        if self._arrival_s is not None:
            progress = (now_s - self._arrival_s) / ARRIVAL_S
            self._window.update(self._painter.arrive(min(1.0, progress)))
            self._arrival_s = self._arrival_s if progress < 1 else None
        if scene.moves and self._options.motion:
            self._window.update(self._painter.move(self._phase(now_s)))

    def _phase(self, now_s: float) -> float:
        return (now_s % CYCLE_S) / CYCLE_S if self._options.motion else AT_REST

    def prepare_sound(self) -> None:
        """Open the audio device; after the first frame."""
        self._speaker.prepare()

    def on_event(self, event: Event) -> bool:
        """Something happened at the window; False ends the program."""
        scene, now_s = self.scene, self._monotonic_s()
        match event:
            case Closed():
                return False
            case _ if scene is None:
                return True
            case Down(finger, x, y):
                if (pressed := self._touches.begin(finger, x, y, scene, now_s)) is not None:
                    self.local = replace(self.local, pressed=pressed)
            case Up(finger, x, y):
                self.local = replace(self.local, pressed=None)
                self._act(self._touches.end(finger, x, y, scene, now_s))
            case Typed(name):
                if (target := target_of_key(scene, name)) is not None:
                    self._type(name, self._touches.key(name, target, now_s))
                elif name.isdigit():  # the rest of this amount may come when one is taken: half of it is a wrong one
                    self.local = replace(self.local, entry=replace(self.local.entry, spoiled=True))
                self.refresh()  # the next key of a fast hand is meant for what this one has made
            case Resized(size):
                self.local = replace(self.local, size=size)
                self._redraw_all()
            case Exposed():
                self._redraw_all()
            case LanguageChosen(language):
                self.local = replace(self.local, language=language)
            case _:
                assert_never(event)
        return True

    def _type(self, name: str, action: Action | None) -> None:
        self._act(action)
        if action is not None and name.isdigit() and self.scene is not None and self.status is not None:
            # A digit that left a result is also the next amount's first one.
            fresh = project(self.status, self.local, self._typesetter)
            if fresh.name != self.scene.name and (target := target_of_key(fresh, name)) is not None:
                self._act(target.action)

    def _act(self, action: Action | None) -> None:
        if action is None or self.status is None:
            return
        self.local, call = on_action(self.local, self.status, action, lambda: str(uuid.uuid4()))
        if call is not None:
            self.make_call(call)

    def on_message(self, message: Message) -> None:
        """Something came from one of the threads."""
        match message:
            case Snapshot(status):
                self.local = on_status(self.local, self.status, status)
                if (sound := sound_of_change(self.status, status, self.local)) is not None:
                    self._speaker.play(sound)
                self.status = status
                self._offer_items()
            case Away():
                self.local = on_away(self.local)
            case Answer(call, trouble):
                self.local = on_answer(self.local, call, trouble)
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
    screen = Screen(window, options)
    screen.refresh()  # the first frame, before anything that takes time
    inbox = Inbox(window.wake)
    follower, caller = Follower(options.socket_path, inbox), Caller(options.socket_path, inbox)
    screen.make_call = caller.make
    follower.start()
    caller.start()
    screen.prepare_sound()
    stop_remote = _start_remote(window, options)
    try:
        going = True
        while going:
            for event in window.wait(screen.next_wait_s):
                going = screen.on_event(event) and going
            for message in inbox.take():
                screen.on_message(message)
            if going:
                screen.refresh()
    finally:
        stop_remote()
        follower.stop()
        caller.stop()
        window.close()


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
