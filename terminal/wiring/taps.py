# SPDX-License-Identifier: Apache-2.0
"""The parts of a tap: what the readers report, the judgement on the loop, and the readers' threads.

Tests: tests/terminal/test_app.py.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pengpos.core.errors import JournalError
from terminal.taps.acceptance import Acceptance
from terminal.taps.fields import Fields
from terminal.taps.reader_board import ReaderBoard
from terminal.wiring.backend import BackendParts
from terminal.wiring.device import DeviceParts
from terminal.wiring.sales import SaleParts
from terminal.wiring.surroundings import Readers, Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class TapParts:
    """Readers and the judgement of what they bring."""

    acceptance: Acceptance
    readers: Readers


def make_taps(
    given: Surroundings,
    device: DeviceParts,
    backend: BackendParts,
    sales: SaleParts,
    board: ReaderBoard,
    *,
    broken: Callable[[JournalError], None],
) -> TapParts:
    """Make them on the loop; no thread is started. `broken`: as for `make_sales`."""
    acceptance = Acceptance(
        open_sales=sales.open_sales,
        reads=device.tap_reads,
        executor=device.executors.tap,
        identity=device.identity,
        signer=device.signer,
        clock=device.clock,
        policy=sales.policy,
        denylisted=backend.documents.denylisted,
        arming=device.arming,
        board=board,
        journal_broken=broken,
    )
    fields = Fields(asyncio.get_running_loop(), acceptance, device.clock, device.arming)
    readers = given.readers(fields)
    device.arming.tell(readers.look_again)
    return TapParts(acceptance=acceptance, readers=readers)
