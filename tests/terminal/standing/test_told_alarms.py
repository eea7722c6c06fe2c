# SPDX-License-Identifier: Apache-2.0
"""The backend's alarms at the shop: each once, by event or policy, also over a restart."""

from typing import Any

import pytest

from offline_queue.memory import MemoryJournal
from terminal.device.alarms import Alarms
from terminal.standing.told_alarms import ALARMS_MOST, ToldAlarms
from tests.support.parts import HandClock, run

NEW_KEY = {"kind": "new_key", "at": "2027-01-15T04:00:00Z"}
LATER = {"kind": "new_key", "at": "2027-01-16T04:00:00Z"}


def shown_after(*steps: Any) -> list[str]:
    """What the shop is shown after documents, events (text), alarms seen to (None) and restarts (...)."""
    journal = MemoryJournal(HandClock(), epoch=7)
    kinds: list[str] = []

    async def work() -> None:
        alarms = Alarms(journal, HandClock(), lambda: None)
        for step in steps:
            told = ToldAlarms(alarms)
            match step:
                case dict():
                    told.policy_says(step)
                case str():
                    told.heard(step)
                case None:
                    for alarm in alarms.shown:
                        alarms.seen_to(alarm.id)
                case _:
                    await saved(alarms)
                    alarms = Alarms(journal, HandClock(), lambda: None)
        kinds.extend(alarm.kind for alarm in alarms.shown)
        await saved(alarms)

    run(work())
    return kinds


async def saved(alarms: Alarms) -> None:
    """Let what is to be saved be saved."""
    if alarms._saving is not None:
        await alarms._saving


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        pytest.param(({"alarms": [NEW_KEY]},), ["new_key"], id="by the policy"),
        pytest.param(("new_key", {"alarms": [NEW_KEY]}), ["new_key"], id="by both"),
        pytest.param(({"alarms": [NEW_KEY]}, None, {"alarms": [NEW_KEY]}), [], id="seen to: not again"),
        pytest.param(({"alarms": [NEW_KEY]}, None, ..., {"alarms": [NEW_KEY]}), [], id="nor after a restart"),
        pytest.param(({"alarms": [NEW_KEY]}, ..., {}), ["new_key"], id="unseen: still there after a restart"),
        pytest.param(({"alarms": [NEW_KEY]}, None, {"alarms": [LATER]}), ["new_key"], id="it came again"),
        pytest.param(({"alarms": [{"kind": "of_1.9", "at": NEW_KEY["at"]}]},), ["backend_alarm"], id="not known"),
        pytest.param(({"alarms": ["?", {"kind": "new_key", "at": "soon"}, NEW_KEY]},), ["new_key"], id="malformed"),
        pytest.param(({"alarms": ["?"] * ALARMS_MOST + [NEW_KEY]},), [], id="too many"),
        pytest.param(({},), [], id="none"),
    ],
)
def test_each_is_shown_once(steps: tuple[Any, ...], shown: list[str]) -> None:
    assert shown_after(*steps) == shown
