# SPDX-License-Identifier: Apache-2.0
"""The part that carries out what the operator orders.

Tests: tests/journeys/test_standing.py
"""

from collections.abc import Awaitable, Callable

from terminal.sales.open_sales import OpenSales
from terminal.standing.orders import Diagnosis, Orders
from terminal.wiring.backend import BackendParts
from terminal.wiring.device import DeviceParts
from terminal.wiring.surroundings import Surroundings


def make_orders(
    given: Surroundings,
    device: DeviceParts,
    backend: BackendParts,
    open_sales: OpenSales,
    *,
    restart: Callable[[], None],
    found: Callable[[], None],
) -> Orders:
    """Make it. `restart` ends this terminal, `found` has the next heartbeat sent now."""
    return Orders(
        device.journal,
        device.clock,
        document=lambda: backend.policy.document,
        idle=lambda: open_sales.blocking is None,
        restart=restart,
        diagnose=_in_a_thread(given, device),
        found=found,
    )


def _in_a_thread(given: Surroundings, device: DeviceParts) -> Callable[[], Awaitable[Diagnosis]] | None:
    diagnose = given.diagnose
    return None if diagnose is None else lambda: device.executors.reports.run(diagnose)
