# SPDX-License-Identifier: Apache-2.0
"""The machine's clock is a `Clock`, in whole seconds."""

import time

import pytest

from pengpos.core.ports import Clock
from pengpos.system_clock import SystemClock


def test_it_says_what_the_machine_says(monkeypatch: pytest.MonkeyPatch) -> None:
    clock: Clock = SystemClock()
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.9)
    monkeypatch.setattr(time, "monotonic", lambda: 12.5)
    assert (clock.now(), clock.monotonic_s()) == (1_800_000_000, 12.5)
