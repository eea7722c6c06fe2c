# SPDX-License-Identifier: Apache-2.0
"""Times: Unix seconds inside, RFC 3339 UTC text at the edges. Knows no clock."""

from datetime import UTC, datetime
from typing import Final

LATEST_TIME: Final = 253_402_300_799
"""9999-12-31T23:59:59Z, Unix seconds: the last time that RFC 3339 can write."""


def rfc3339(at: int) -> str:
    """Unix seconds as RFC 3339 in UTC, whole seconds; a time outside the calendar is the nearest one inside."""
    return datetime.fromtimestamp(max(0, min(at, LATEST_TIME)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
