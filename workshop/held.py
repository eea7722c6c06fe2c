# SPDX-License-Identifier: Apache-2.0
"""A phone that lies at a virtual reader for as long as something takes, and is away when the reader has seen it leave.

Tests: tests/workshop/test_demo.py
"""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from drivers.readers.pcsc.winscard import Context, SlotState
from pengpos.core.errors import ReaderLostError
from sandbox.phone.field.hold import HeldPhone, hold

_AWAY_LIMIT_S = 25.0


@contextmanager
def held(phone: HeldPhone, port: int, reader: str, patience_s: float) -> Iterator[None]:
    """Hold a phone to vpcd's reader at `port` meanwhile, or until it tears itself away, for `patience_s` at most.

    `reader` is its name at the PC/SC service that this process's environment names. Raises ReaderLostError if that
    service goes on seeing the phone.
    """
    lifted = threading.Event()
    lying = threading.Thread(
        target=partial(hold, phone, "127.0.0.1", port, patience_s, done=lifted.is_set), name="a phone held to a reader"
    )
    lying.start()
    try:
        yield
    finally:
        lifted.set()
        lying.join()
        _until_seen_empty(reader)


def _until_seen_empty(reader: str) -> None:
    """PC/SC looks a few times a second whether a card is there: one that is back earlier has never left."""
    deadline_s = time.monotonic() + _AWAY_LIMIT_S
    with closing(Context()) as pcsc:
        slot = SlotState()
        while (slot := pcsc.await_slot(reader, slot, 1.0)).present:
            if time.monotonic() > deadline_s:
                raise ReaderLostError(
                    reader, "it still sees a phone that was taken away", "End pcscd, and begin again."
                )
