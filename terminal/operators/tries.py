# SPDX-License-Identifier: Apache-2.0
"""How many wrong PINs may be typed: a few at once, then one in five minutes; for each operator, and for all together.

Each wrong PIN is forgiven by time alone, one after the other. A right one forgives nothing: who knows one PIN would
else buy tries at another's with it. What is not yet forgiven is in the journal, so a restart forgives nothing either.
"""

from typing import Final

from offline_queue.port import JournalPort
from offline_queue.values import ValueStored
from pengpos.core.ports import Clock
from terminal.device.recording import durable

FORGIVEN_AFTER_S: Final = 300
TRIES_OF_ONE: Final = 5
TRIES_IN_ALL: Final = 10

_KIND: Final = "operator_tries"
_ALL: Final = "*"
"""No operator's id: those are `A-Z a-z 0-9 _ -`."""


class Tries:
    """What has been typed wrong. Lives on the loop; the caller lets one try happen at a time."""

    def __init__(self, journal: JournalPort, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._forgiven_at = {key: int.from_bytes(body, "big") for key, body in journal.values(_KIND).items()}
        """By key: when the last wrong try is forgiven, Unix seconds."""

    def wait_s(self, operator_id: str | None) -> int:
        """How long until another try is allowed; 0: it is now."""
        return max(self._wait_s(key, most) for key, most in _counted(operator_id))

    def left(self, operator_id: str | None) -> int:
        """How many more may be wrong now."""
        return min(most - self._standing(key, most) for key, most in _counted(operator_id))

    async def wrong(self, operator_id: str | None) -> None:
        """Count a wrong try, and return once it is durable. Raises JournalError: it is counted all the same."""
        rows = []
        for key, most in _counted(operator_id):
            forgiven_at = max(self._owed_s(key, most), 0) + self._clock.now() + FORGIVEN_AFTER_S
            self._forgiven_at[key] = forgiven_at
            rows.append(ValueStored(kind=_KIND, key=key, body=forgiven_at.to_bytes(8, "big")))
        await durable(self._journal, rows)

    def _owed_s(self, key: str, most: int) -> int:
        """Seconds until all is forgiven. A clock that was set back makes it no longer than all tries take."""
        now = self._clock.now()
        forgiven_at = min(self._forgiven_at.get(key, 0), now + most * FORGIVEN_AFTER_S)
        self._forgiven_at[key] = forgiven_at
        return forgiven_at - now

    def _standing(self, key: str, most: int) -> int:
        """Wrong tries that are not forgiven yet."""
        return max(0, -(-self._owed_s(key, most) // FORGIVEN_AFTER_S))

    def _wait_s(self, key: str, most: int) -> int:
        return max(0, self._owed_s(key, most) - (most - 1) * FORGIVEN_AFTER_S)


def _counted(operator_id: str | None) -> list[tuple[str, int]]:
    in_all = (_ALL, TRIES_IN_ALL)
    return [in_all] if operator_id is None else [in_all, (operator_id, TRIES_OF_ONE)]
