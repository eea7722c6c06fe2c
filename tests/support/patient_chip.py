# SPDX-License-Identifier: Apache-2.0
"""A simulated chip is a thread beside many programs: what it says is waited for, however late it comes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.readers.pn53x import serial_port

LIMIT_S = 10.0


@contextmanager
def patient() -> Iterator[None]:
    """No reader is lost by a busy machine: nfcpy gives a chip 100 ms for its ACK. Not for chips that are to be mute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serial_port, "_ANSWERED_S", LIMIT_S)
        yield
