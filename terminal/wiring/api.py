# SPDX-License-Identifier: Apache-2.0
"""The local API and the snapshot that it shows.

Tests: tests/terminal/test_app.py.
"""

from collections.abc import Callable
from functools import partial

from terminal.api.local_api import LocalApi
from terminal.api.snapshot import Snapshots
from terminal.device.alarm_words import pins_guessed
from terminal.device.journal_alarm import JournalUse
from terminal.device.second_copy import sealed_export
from terminal.operators.sessions import Sessions
from terminal.operators.tries import Tries
from terminal.sales.day import DayClose
from terminal.taps.reader_board import ReaderBoard
from terminal.wiring.backend import BackendParts
from terminal.wiring.device import DeviceParts
from terminal.wiring.sales import SaleParts
from terminal.wiring.surroundings import Surroundings

PINS_GUESSED_ALARM = "pins_guessed"


def make_snapshots(
    given: Surroundings, device: DeviceParts, backend: BackendParts, sales: SaleParts, board: ReaderBoard
) -> Snapshots:
    """`GET /v1/status` and every event of it."""
    return Snapshots(
        open_sales=sales.open_sales,
        reads=device.list_reads,
        executor=device.executors.lists,
        identity=device.identity,
        link=backend.link,
        policy=sales.policy,
        alarms=device.alarms,
        board=board,
        clock=device.clock,
        standing=backend.standing,
        views=device.views,
        screens=device.screens,
        trouble=sales.journal_alarm.of(JournalUse.SUMS),
    )


def make_local_api(
    given: Surroundings,
    device: DeviceParts,
    backend: BackendParts,
    sales: SaleParts,
    snapshots: Snapshots,
    *,
    sync_now: Callable[[], None],
) -> LocalApi:
    """What the screen, tills and scripts use."""
    days = DayClose(
        open_sales=sales.open_sales,
        journal=device.journal,
        reads=device.list_reads,
        executor=device.executors.lists,
        backend=backend.gateway,
        clock=device.clock,
    )
    sessions = Sessions(
        operators=lambda: backend.policy.operators,
        tries=Tries(device.journal, device.clock),
        executor=device.executors.pins,
        clock=device.clock,
        guessed=lambda: device.alarms.raise_lasting(PINS_GUESSED_ALARM, PINS_GUESSED_ALARM, pins_guessed()),
    )
    return LocalApi(
        open_sales=sales.open_sales,
        sessions=sessions,
        commands=sales.commands,
        lists=device.lists,
        reports=device.executors.reports,
        snapshots=snapshots,
        feed=device.feed,
        alarms=device.alarms,
        days=days,
        export=partial(sealed_export, given.home, device.identity, device.signer, device.clock),
        sync_now=sync_now,
        diagnosis=device.diagnosis,
        views=device.views,
        screens=device.screens,
    )
