# SPDX-License-Identifier: Apache-2.0
"""Shows the shop the alarms that the backend has about this terminal: by its event, and by its signed policy.

An event may never come. The policy is fetched once a minute and names every alarm that no person at the backend has
seen to: each is shown once, and not again after a person at the shop has seen to it (backend API, *A copied key*).

Tests: tests/terminal/standing/test_told_alarms.py, tests/journeys/test_copied_key.py
"""

import logging
from typing import Any

import msgspec

from pengpos.core.times import parse_rfc3339
from terminal.device.alarm_words import of_the_backend
from terminal.device.alarms import Alarms

log = logging.getLogger(__name__)

ALARMS_MOST = 8
"""In a policy: one of each kind, the newest."""


class _Told(msgspec.Struct, frozen=True):
    kind: str
    at: str


class ToldAlarms:
    """Lives on the loop."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms

    def heard(self, kind: str) -> None:
        """The event `alarm`; nobody has signed it."""
        shown, words = of_the_backend(kind)
        self._alarms.raise_lasting(shown, shown, words)

    def policy_says(self, document: dict[str, Any]) -> None:
        """The `alarms` of a signed policy; what is not in their form is logged, and the rest counts."""
        for said in document.get("alarms", [])[:ALARMS_MOST]:
            try:
                told = msgspec.convert(said, _Told)
                at = parse_rfc3339(told.at)
            except (msgspec.ValidationError, ValueError) as error:
                log.warning("a policy's alarm that is none: %s", error)
                continue
            shown, words = of_the_backend(told.kind)
            self._alarms.raise_once(shown, at, words)
