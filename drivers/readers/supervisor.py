# SPDX-License-Identifier: Apache-2.0
"""Keeps every reader served, whatever happens to readers, drivers, pcscd or the listener: one thread for each reader.

A reader that is lost is reported (`health`, with the cure) and opened again, soon at first, then every 2 s; so it sells
again within 5 s of coming back. One more thread asks which readers there are: one that appears gets a thread, one that
vanishes loses it. A listener that raises is an alarm on its reader, and the reader starts afresh. Another one nudges
the readers, for that is a call to their driver, which may hang. A last one calls no driver: it sees that one has not
come back from a call (a pcscd that is stuck never does), and reports that reader as lost until it has.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from drivers import words
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import Card, NudgeableReader, Reader, ReaderHealth, ReaderState, TapListener

logger = logging.getLogger(__name__)

NO_READER = "reader"
"""Stands for any reader while none was ever found: LOST with what is in the way, READY once there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things are looked at."""

    wait_s: float = 0.25
    """The longest `Reader.wait`: how often the listener hears of a field in which nothing happens."""
    rest_s: float = 1.0
    """The same, where the field is empty and the reader can be nudged (`look_again`)."""
    discover_s: float = 1.0
    """The longest wait for readers to come or go."""
    hung_s: float = 10.0
    """How much longer than it was asked to a driver may take, also to open a reader."""
    first_retry_s: float = 0.1
    last_retry_s: float = 2.0

    def retry_s(self, failures: int) -> float:
        """How long to rest after so many failures (≥ 1) in a row."""
        return min(self.last_retry_s, self.first_retry_s * 2.0 ** min(failures - 1, 16))


class ReaderSupervisor:
    """Serves `listener` from all readers that `discover` names, each opened by `open_reader` in its own thread.

    `discover(timeout_s)` returns the readers' names when they change or when the time is over; it and `open_reader` may
    raise ReaderLostError.
    """

    def __init__(
        self,
        listener: TapListener,
        *,
        discover: Callable[[float], Sequence[str]],
        open_reader: Callable[[str], Reader],
        pace: Pace | None = None,
    ) -> None:
        self._listener = listener
        self._discover = discover
        self._open_reader = open_reader
        self._pace = pace if pace is not None else Pace()
        self._stopping = threading.Event()
        self._attendants: dict[str, _Attendant] = {}
        self._found_any = False
        self._reported: ReaderHealth | None = None
        self._reporting = threading.Lock()
        self._call = _Call()
        self._thread = threading.Thread(target=self._run, name="readers", daemon=True)
        self._again = threading.Event()
        self._all_stopping = threading.Event()
        self._nudging = threading.Thread(target=self._nudge, name="readers, look again", daemon=True)
        self._watching = threading.Thread(target=self._watch, name="readers, watched", daemon=True)

    def start(self) -> None:
        """Begin; once only."""
        self._thread.start()
        self._nudging.start()
        self._watching.start()

    def look_again(self) -> None:
        """Have each field looked at now, and the listener hear of it; returns at once, in any thread."""
        self._again.set()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Close all readers and end all threads. False if some did not end in time: they end with the process."""
        deadline_s = time.monotonic() + timeout_s
        self._stopping.set()
        if self._thread.ident is None:  # never started
            return True
        self._thread.join(timeout_s)
        attendants = list(self._attendants.values())
        for attendant in attendants:
            attendant.stopping.set()
        self._all_stopping.set()
        self._again.set()
        threads = [self._thread, self._nudging, self._watching, *(attendant.thread for attendant in attendants)]
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        late = [thread.name for thread in threads if thread.is_alive()]
        if late:
            logger.error("did not end within %g s: %s", timeout_s, ", ".join(late))
        return not late

    def _run(self) -> None:
        _keep_alive(self._search, self._report, NO_READER, self._stopping, self._pace)

    def _nudge(self) -> None:
        while self._again.wait():
            self._again.clear()
            is_last = self._all_stopping.is_set()
            for attendant in list(self._attendants.values()):
                attendant.look_again()
            if is_last:
                return

    def _watch(self) -> None:
        while not self._all_stopping.wait(self._pace.hung_s / 4):
            if self._call.is_late(self._pace.hung_s):
                _trouble(partial(self._report, _hung(NO_READER)), NO_READER)
            for name, attendant in list(self._attendants.items()):
                _trouble(attendant.watch, name)

    def _search(self) -> None:
        last: tuple[str, ...] | None = None
        while not self._stopping.is_set():
            began_s = time.monotonic()
            with self._call.of(self._pace.discover_s):
                names = tuple(self._discover(self._pace.discover_s))
            self._attend(names)
            if names == last:  # a `discover` that does not wait must not make this spin
                self._stopping.wait(began_s + self._pace.discover_s - time.monotonic())
            last = names

    def _attend(self, names: Sequence[str]) -> None:
        for name, attendant in list(self._attendants.items()):
            if name not in names:
                attendant.vanish()
            if not attendant.thread.is_alive():
                del self._attendants[name]
        for name in names:
            if name not in self._attendants:  # the thread of one that just vanished may not have ended yet
                attendant = _Attendant(name, self._listener, self._open_reader, self._pace)
                self._attendants[name] = attendant
                attendant.thread.start()
        if names:
            with self._reporting:
                self._found_any = True
                if self._reported is not None:
                    self._listener.health(ReaderHealth(NO_READER, ReaderState.READY))
                    self._reported = None
        else:
            none = ReaderHealth(NO_READER, ReaderState.LOST, words.READER_NONE.said(), words.PLUG_IN.said())
            self._report(none)

    def _report(self, trouble: ReaderHealth) -> None:
        """Report why there is no reader, unless each that was found reports for itself."""
        with self._reporting:
            if not self._found_any and trouble != self._reported:
                _log(trouble)
                self._listener.health(trouble)
                self._reported = trouble


class _Attendant:
    """One reader's thread."""

    def __init__(self, name: str, listener: TapListener, open_reader: Callable[[str], Reader], pace: Pace) -> None:
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"reader {name}", daemon=True)
        self._name = name
        self._listener = listener
        self._open_reader = open_reader
        self._pace = pace
        self._vanished = False
        self._reported: ReaderHealth | None = None
        self._reporting = threading.Lock()
        self._call = _Call()
        self._nudgeable: NudgeableReader | None = None

    def look_again(self) -> None:
        """End the wait for the field, from another thread."""
        reader = self._nudgeable
        if reader is not None:
            reader.nudge()

    def watch(self) -> None:
        """Report it as lost, from another thread, while its driver does not come back."""
        with self._reporting:
            if self._call.is_late(self._pace.hung_s):
                self._say(_hung(self._name))

    def vanish(self) -> None:
        """End, for the reader is not there any more, and report that."""
        self._vanished = True
        self.stopping.set()

    def _run(self) -> None:
        _keep_alive(self._attend, self._report, self._name, self.stopping, self._pace)

    def _attend(self) -> None:
        """Open the reader and serve it until it or the listener fails."""
        if self._reported is None:
            self._report(ReaderHealth(self._name, ReaderState.STARTING))
        with self._call.of(0.0):
            reader = self._open_reader(self._name)
        self._nudgeable = reader if isinstance(reader, NudgeableReader) else None
        cards: Sequence[Card] | None = None
        try:
            while not self.stopping.is_set():
                may_rest = self._nudgeable is not None and cards is not None and not cards
                wait_s = self._pace.rest_s if may_rest else self._pace.wait_s
                with self._call.of(wait_s):
                    cards = reader.wait(wait_s)
                self._report(ReaderHealth(self._name, ReaderState.READY))  # one that opens and cannot look is not
                self._listener.field(self._name, cards)
        finally:
            self._nudgeable = None
            reader.close()
        if self._vanished:
            self._report(ReaderHealth(self._name, ReaderState.LOST, words.VANISHED.said(), words.PLUG_AGAIN.said()))

    def _report(self, health: ReaderHealth) -> None:
        with self._reporting:
            self._say(health)

    def _say(self, health: ReaderHealth) -> None:
        if health != self._reported:
            _log(health)
            self._listener.health(health)
            self._reported = health


class _Call:
    """A call of a driver that is under way, if one is: looked at from another thread."""

    def __init__(self) -> None:
        self._due_s: float | None = None

    @contextmanager
    def of(self, wait_s: float) -> Iterator[None]:
        """One that was asked to come back after this time."""
        self._due_s = time.monotonic() + wait_s
        try:
            yield
        finally:
            self._due_s = None

    def is_late(self, by_s: float) -> bool:
        """Whether it is still under way, so much later than it was asked to come back."""
        due_s = self._due_s
        return due_s is not None and time.monotonic() >= due_s + by_s


def _hung(name: str) -> ReaderHealth:
    return ReaderHealth(name, ReaderState.LOST, words.HANGS.said(), words.PLUG_OR_RESTART.said())


def _log(news: ReaderHealth) -> None:
    if news.state is ReaderState.LOST:
        logger.warning("%s: %s. %s", news.name, news.detail, news.cure)
    else:
        logger.info("%s: %s", news.name, news.state.value)


def _keep_alive(
    live: Callable[[], None],
    report: Callable[[ReaderHealth], None],
    name: str,
    stopping: threading.Event,
    pace: Pace,
) -> None:
    """A thread's whole life: `live`, report what ended it, rest, and again; until `live` returns or `stopping`."""
    failures = 0
    while True:
        began_s = time.monotonic()
        trouble = _trouble(live, name)
        if trouble is None:
            return
        _trouble(partial(report, trouble), name)  # a listener that fails at this too is in the log
        failures = 1 if time.monotonic() - began_s > 2 * pace.last_retry_s else failures + 1
        if stopping.wait(pace.retry_s(failures)):
            return


def _trouble(call: Callable[[], None], name: str) -> ReaderHealth | None:
    """What went wrong in `call`; None if nothing did."""
    try:
        call()
    except ReaderLostError as lost:
        return ReaderHealth(name, ReaderState.LOST, lost.detail, lost.cure)
    except Exception as error:  # the thread's entry: an alarm, and a fresh start
        logger.exception("%s: starting afresh", name)
        detail = words.BROKEN.said(error=f"{error!r}")
        return ReaderHealth(name, ReaderState.LOST, detail, words.RESTART_TERMINAL.said())
    return None
