# SPDX-License-Identifier: Apache-2.0
"""Unix seconds inside, RFC 3339 UTC at the edge (backend API, "Rules for all of it")."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LATEST_TIME = 253_370_764_800
"""9999-01-01T00:00:00Z: RFC 3339 can write no year after this one; later times are refused or cut to it."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)


class SystemClock:
    """The machine's clock, as `pengpos.core.ports.Clock`."""

    def now(self) -> int:
        """Unix seconds, UTC."""
        return int(time.time())

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


def rfc3339(unix_s: int) -> str:
    """``2026-01-01T00:00:05Z``; a time beyond `LATEST_TIME` is cut to it."""
    return datetime.fromtimestamp(max(0, min(unix_s, LATEST_TIME)), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> int:
    """Unix seconds of an RFC 3339 time with an offset; raises ValueError for anything else."""
    if not _RFC3339.match(text):
        raise ValueError(f"not an RFC 3339 time: {text[:40]!r}")
    return int(datetime.fromisoformat(text.upper()).timestamp())


def business_date(unix_s: int, timezone: str, cut_off_hour: int) -> date:
    """The merchant's day on which `unix_s` counts: a day begins at `cut_off_hour` local time."""
    return (datetime.fromtimestamp(unix_s, tz=ZoneInfo(timezone)) - timedelta(hours=cut_off_hour)).date()
