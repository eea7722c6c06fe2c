# SPDX-License-Identifier: Apache-2.0
"""What no operator goes beyond alone, nor with another: sums that platform or merchant would bear by one call.

Source: backend API, *Bounds*; the page has this table. More of it takes who runs the machine, and another number here.

Tests: tests/sandbox/backend/terminals/test_bounds.py
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.backend.errors import InvalidRequestError

BOUNDS: Final[Mapping[str, int]] = {
    "guaranteed": 10_000_00,
    "discount": 500_00,
    "value": 500_00,
    "budget": 50_000_00,
}
"""Minor units of the sum's currency: a guarantee, a campaign's discount, a coupon's value, what others fund."""


def check_settings(changes: Mapping[str, Any]) -> None:
    """Raise InvalidRequestError `over_bound` for settings that go beyond. What was set before stands."""
    check("guaranteed", changes.get("risk", {}).get("guaranteed", 0))
    for campaign in changes.get("campaigns", []):
        check("discount", campaign["discount"])
        if campaign.get("funder") in {"platform", "sponsor"}:
            check("budget", campaign["budget"])


def check(name: str, amount_minor: int) -> None:
    """Raise InvalidRequestError `over_bound` if so much is too much."""
    if amount_minor > BOUNDS[name]:
        raise InvalidRequestError(f"{name} is at most {BOUNDS[name]} in minor units", code="over_bound")
