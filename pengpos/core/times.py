# SPDX-License-Identifier: Apache-2.0
"""Times: Unix seconds inside, RFC 3339 UTC text at the edges. Knows no clock.

Source: RFC 3339; backend API, "Rules for all of it" and *Judged as of its time*; tap protocol §1, *Clock*.
"""

import re
from datetime import UTC, date, datetime
from typing import Final

BUILD_TIME: Final = 1_795_305_600
"""2026-11-22, Unix seconds: nothing this program sees happened before it was written."""

CLOCK_TOLERANCE_S: Final = 300
"""Two clocks may differ by so much: a request's `created`, a document's `issued_at`, an intent's window (seconds)."""

LATE_PAYMENT_S: Final = 300
"""So long after its expiry an intent may still be paid; then it is expired for good (seconds)."""

LATEST_TIME: Final = 253_402_300_799
"""9999-12-31T23:59:59Z, Unix seconds: the last time that RFC 3339 can write."""

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def rfc3339(at: int) -> str:
    """Unix seconds as RFC 3339 in UTC, whole seconds; a time outside the calendar is the nearest one inside."""
    return datetime.fromtimestamp(max(0, min(at, LATEST_TIME)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> int:
    """Unix seconds of an RFC 3339 time with an offset, fractions cut off; of a leap second, of the one behind it.

    Raises ValueError for anything else.
    """
    if not _RFC3339.match(text):
        raise ValueError(f"not an RFC 3339 time: {text[:40]!r}")
    is_leap_second = text[17:19] == "60"
    written = text[:17] + "59" + text[19:] if is_leap_second else text
    return int(datetime.fromisoformat(written.upper()).timestamp()) + is_leap_second


def parse_date(text: str) -> date:
    """A date of RFC 3339, ``2026-11-22``, and none of ISO 8601's other ways. Raises ValueError for anything else."""
    if not _DATE.match(text):
        raise ValueError(f"not a date: {text[:40]!r}")
    return date.fromisoformat(text)
