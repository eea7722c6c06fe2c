# SPDX-License-Identifier: Apache-2.0
"""The durable journal: one file, one thread that writes, and one sync for all changes that wait at the same moment.

A change is encoded by the caller, queued, and appended by the journal's thread; its future is done when the commit
that holds it is on the medium. Reads go over a second, read-only connection (`JournalReader`); what must
not wait for other reads gets one of its own (`connect`).
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

from offline_queue.journal.connection import FileLock
from offline_queue.journal.failures import system_failure
from offline_queue.journal.files import create, refuse_strays
from offline_queue.journal.projection import Numbers
from offline_queue.journal.reader import JournalReader
from offline_queue.journal.writer import Request, Writer
from offline_queue.lease import Leases
from offline_queue.records.rows import parts_of, read_boot_id
from offline_queue.values import Change, IntentNumber, JournalHealth, Recorded
from pengpos.core.errors import (
    JournalClosedError,
    JournalError,
    JournalFaultError,
    JournalUnavailableError,
)
from pengpos.core.ports import Clock

WAITING_LIMIT = 1_000  # changes not yet on the medium; more would mean it has stopped
GROUP_LIMIT = 200  # requests in one commit
REST_S = 0.05  # with nothing to write for so long, folding keeps no caller waiting; a row of a sale seldom comes alone
CONNECTIONS_MOST = 8  # beside the two that every journal has
OPEN_LIMIT_S = 120.0
CLOSE_LIMIT_S = 60.0


class Journal(JournalReader):
    """`JournalPort` on a medium. Open it with `Journal.open`; only one may be open on a file."""

    def __init__(self, path: Path, *, key: bytes, clock: Clock, boot_id: bytes, lock: FileLock) -> None:
        """For `open`, which holds the lock."""
        self.path = path
        self._file_lock = lock
        self._gate = threading.Lock()
        """Held while a request is queued or the queue is ended: none is queued that would not be answered."""
        self._leases = Leases()
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._writer = Writer(path, key, clock, boot_id)
        self._connections: list[JournalReader] = []
        self._closing = False
        self._stopped: BaseException | None = None
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="journal", daemon=True)
        self._thread.start()
        try:
            started.result(OPEN_LIMIT_S)
        except TimeoutError:
            self._take_no_more()
            self._requests.put(None)
            raise JournalUnavailableError(f"{path}: the medium has not opened it within {OPEN_LIMIT_S} s") from None
        try:
            super().__init__(path, key)
        except JournalError:
            self._take_no_more()
            self._stop_thread()
            raise

    @classmethod
    def open(cls, path: Path, *, key: bytes, clock: Clock, boot_id: bytes | None = None) -> Self:
        """Open the journal at `path`, creating it if there is none; `key` is 32 raw bytes.

        Walks the rows since the last head the backend signed, 10,000 at most. Raises JournalBusyError (another program
        has it), JournalForeignError (wrong key, no journal, damaged, newer version), JournalCorruptError (a row does
        not follow), JournalDamagedError, JournalTransientError (the medium fails), JournalFaultError,
        UnsafeSettingError. The file is left as it was: the caller decides whether `set_aside` is the answer.
        """
        lock = FileLock(path)
        boot = read_boot_id() if boot_id is None else boot_id
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.take()
            refuse_strays(path)
            if not path.exists():
                create(path, key, clock, boot)
            return cls(path, key=key, clock=clock, boot_id=boot, lock=lock)
        except OSError as error:
            lock.release()
            raise system_failure(path, error) from error
        except BaseException:
            lock.release()
            raise

    def record(self, changes: Sequence[Change]) -> Future[Recorded]:
        """See `Writes.record`."""
        request = Request(tuple((change, parts_of(change)) for change in changes))
        with self._gate:
            if self._closing:
                raise JournalClosedError("the journal")
            if self._stopped is not None:
                request.future.set_exception(_stopped(self._stopped))
            elif self._requests.qsize() >= WAITING_LIMIT:
                request.future.set_exception(JournalUnavailableError(f"{WAITING_LIMIT} changes wait for the medium"))
            else:
                self._requests.put(request)
        return request.future

    def next_counter(self) -> IntentNumber:
        """See `Writes.next_counter`."""
        numbers: Numbers = self._writer.numbers
        return IntentNumber(numbers.epoch, numbers.counter + 1)

    def connect(self) -> JournalReader:
        """See `Connects.connect`. Raises JournalError, also for more than `CONNECTIONS_MOST`."""
        with self._gate:
            if self._closing:
                raise JournalError("the journal is closed")
            if len(self._connections) >= CONNECTIONS_MOST:
                raise JournalError(f"{CONNECTIONS_MOST} connections to the journal are open")
            self._connections.append(JournalReader(self.path, self._key))
            return self._connections[-1]

    def health(self) -> JournalHealth:
        """See `Writes.health`."""
        return self._writer.health()

    def lease(self, name: str) -> AbstractContextManager[None]:
        """See `Writes.lease`."""
        return self._leases.hold(name)

    def close(self) -> None:
        """See `Writes.close`. Harmless when called again. Raises JournalUnavailableError if the medium hangs."""
        if self._closing:
            return
        self._take_no_more()
        for connection in self._connections:
            connection.close()
        super().close()  # first, so that the last to go is the writer, who folds the log into the file
        self._stop_thread()
        self._file_lock.release()

    def _take_no_more(self) -> None:
        with self._gate:
            self._closing = True

    def _stop_thread(self) -> None:
        """After what is queued, end. Nothing is queued after `_take_no_more`."""
        self._requests.put(None)
        self._thread.join(CLOSE_LIMIT_S)
        if self._thread.is_alive():  # the lock stays with this process: the thread may still write
            raise JournalUnavailableError(f"{self.path}: the medium has not answered for {CLOSE_LIMIT_S} s")

    def _run(self, started: Future[None]) -> None:
        """Entry of the journal's thread: it alone touches the read-write connection."""
        try:
            self._writer.open()
        except BaseException as error:  # noqa: BLE001 -- a thread's entry: the caller that opens gets it
            started.set_exception(error)
            return
        started.set_result(None)
        group: list[Request] = []
        try:
            while (group := self._next_group()) or not self._closing:
                self._writer.commit(group)
                self._writer.fold(idle=False)
        except BaseException as error:  # noqa: BLE001 -- a thread's entry: every caller gets it from here on
            with self._gate:
                self._stopped = error
            self._fail(group, error)
        finally:
            self._writer.close()

    def _next_group(self) -> list[Request]:
        """All that waits now, at least one; empty when the journal closes."""
        try:
            first = self._requests.get(timeout=REST_S)
        except Empty:
            self._writer.fold(idle=True)
            first = self._requests.get()
        if first is None:
            return []
        group = [first]
        while len(group) < GROUP_LIMIT and not self._requests.empty():
            request = self._requests.get()
            if request is None:
                self._requests.put(None)  # close after this group
                break
            group.append(request)
        return group

    def _fail(self, group: list[Request], error: BaseException) -> None:
        while not self._requests.empty():
            request = self._requests.get()
            if request is not None:
                group.append(request)
        for request in group:
            if not request.future.done():
                request.future.set_exception(_stopped(error))


def _stopped(error: BaseException) -> JournalFaultError:
    return JournalFaultError(f"the journal's thread has stopped: {error}")
