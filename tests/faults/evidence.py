# SPDX-License-Identifier: Apache-2.0
"""All there is to judge a play by: what was shown, what the books say, what the wallets hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sandbox.phone.phone import VirtualPhone
from tests.faults.books import Entry
from tests.faults.witness import Witness

TAKEN = frozenset({"approved", "settled", "partly_refunded", "refunded"})
STORED = frozenset({"accepted_offline", "forwarding"})
NOT_TAKEN = frozenset({"declined", "declined_at_sync", "cancelled", "reversed", "expired"})
ENDS = TAKEN | NOT_TAKEN
NOTHING = Entry("", "never heard of")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All there is to judge by."""

    witness: Witness
    books: dict[str, Entry]
    phones: Sequence[VirtualPhone]
    overlaps: Sequence[UUID] = ()
    balanced: bool = True
    """The backend's ledger adds up to zero, each posting and each account."""

    def booked(self, intent_id: str) -> Entry:
        """What the books say of an intent."""
        return self.books.get(intent_id, NOTHING)


Rule = Callable[[Evidence], Iterator[str]]
