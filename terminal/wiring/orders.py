# SPDX-License-Identifier: Apache-2.0
"""The part that carries out what the operator orders.

Tests: tests/journeys/test_standing.py
"""

from collections.abc import Callable

from terminal.sales.open_sales import OpenSales
from terminal.standing.orders import Orders
from terminal.wiring.backend import BackendParts
from terminal.wiring.device import DeviceParts


def make_orders(
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
        diagnose=None if device.diagnosis is None else device.diagnosis.result,
        found=found,
    )
