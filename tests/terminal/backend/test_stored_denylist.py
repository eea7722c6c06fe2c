# SPDX-License-Identifier: Apache-2.0
"""The denylist in the journal: found again after a restart, and not written whole for each key."""

import pytest

from offline_queue.memory import MemoryJournal
from offline_queue.values import DocumentStored, ValueStored
from pengpos.core.errors import MalformedError
from terminal.backend.stored_denylist import StoredDenylist
from workshop.samples.journal import HeldClock


def kid(number: int) -> bytes:
    return number.to_bytes(8, "big")


def grown(journal: MemoryJournal, stored: StoredDenylist, add: list[int], remove: list[int]) -> type:
    """Take a delta the way the daemon does; which kind of change kept it."""
    version = stored.now.version + 1
    denylist, change = stored.next(version, add=[kid(n) for n in add], remove=[kid(n) for n in remove])
    journal.record([change]).result(5)
    stored.keep(denylist, change)
    return type(change)


def test_a_long_list_is_kept_by_its_deltas_and_found_again() -> None:
    journal = MemoryJournal(HeldClock())
    stored = StoredDenylist(journal)
    assert grown(journal, stored, list(range(1_000)), []) is DocumentStored
    assert grown(journal, stored, [5_000], [3]) is ValueStored
    assert grown(journal, stored, [5_001], []) is ValueStored
    again = StoredDenylist(journal).now
    assert (again.version, len(again)) == (3, 1_001)
    assert [again.holds(kid(n)) for n in (3, 5_000, 5_001, 999)] == [False, True, True, True]


def test_it_is_stored_whole_once_its_deltas_weigh_a_quarter() -> None:
    journal = MemoryJournal(HeldClock())
    stored = StoredDenylist(journal)
    grown(journal, stored, list(range(100)), [])
    kinds = [grown(journal, stored, [1_000 + n], []) for n in range(60)]
    assert kinds.count(DocumentStored) >= 1
    assert kinds.count(ValueStored) > kinds.count(DocumentStored)
    again = StoredDenylist(journal).now
    assert (again.version, len(again)) == (61, 160)


def test_a_kid_of_another_size_changes_nothing() -> None:
    stored = StoredDenylist(MemoryJournal(HeldClock()))
    with pytest.raises(MalformedError, match="8 bytes"):
        stored.next(1, add=[b"short"], remove=[])
    assert stored.now.version == 0
