# SPDX-License-Identifier: Apache-2.0
"""The denylist in the journal: now and then whole, in between as the deltas that made it longer.

A million keys are eight megabytes; a journal that only grows must not take them again for each key that is added.
"""

import logging
import struct
from collections.abc import Collection

from offline_queue.port import JournalPort
from offline_queue.values import Change, DocumentStored, ValueStored
from pengpos.core.errors import MalformedError
from terminal.backend.denylist import KID_SIZE, Denylist

log = logging.getLogger(__name__)

WHOLE = "denylist"
DELTA = "denylist_delta"
_WHOLE_AFTER_PARTS = 4  # the list is stored whole once the deltas since are a quarter of it
_HEADER = struct.Struct(">QQI")  # from version, to version, keys added; then the added and the removed kids


class StoredDenylist:
    """The newest denylist, and the changes that let the journal give it back."""

    def __init__(self, journal: JournalPort) -> None:
        self._since_whole = 0
        self.now = self._load(journal)

    def next(self, version: int, *, add: Collection[bytes], remove: Collection[bytes]) -> tuple[Denylist, Change]:
        """The list after a delta, and the change that keeps it. Raises MalformedError; nothing has changed then."""
        try:
            denylist = self.now.changed(version, add=add, remove=remove)
        except ValueError as error:
            raise MalformedError(f"denylist: {error}") from error
        if (self._since_whole + len(add) + len(remove)) * _WHOLE_AFTER_PARTS > len(denylist):
            return denylist, DocumentStored(kind=WHOLE, version=version, body=denylist.to_bytes())
        body = _HEADER.pack(self.now.version, version, len(add)) + b"".join((*add, *remove))
        return denylist, ValueStored(kind=DELTA, key=f"{version:020}", body=body)

    def keep(self, denylist: Denylist, change: Change) -> None:
        """The change is durable: this is the list now."""
        if isinstance(change, ValueStored):
            self._since_whole += (len(change.body) - _HEADER.size) // KID_SIZE
        else:
            self._since_whole = 0
        self.now = denylist

    def _load(self, journal: JournalPort) -> Denylist:
        whole = journal.document(WHOLE)
        denylist = Denylist.from_bytes(whole.body, whole.version) if whole is not None else Denylist.empty()
        for _, body in sorted(journal.values(DELTA).items()):
            since, version, added = _HEADER.unpack_from(body)
            if since == denylist.version:
                kids = [body[at : at + KID_SIZE] for at in range(_HEADER.size, len(body), KID_SIZE)]
                denylist = denylist.changed(version, add=kids[:added], remove=kids[added:])
                self._since_whole += len(kids)
        return denylist
