# SPDX-License-Identifier: Apache-2.0
"""The hash chain of the journal: which bytes a row's hash is taken over. Pure.

    hash = SHA-256( previous hash, 32 bytes; of row 1: 32 zero bytes
                  ‖ seq     8 bytes, unsigned big-endian
                  ‖ epoch   8 bytes, unsigned big-endian
                  ‖ counter 8 bytes, unsigned big-endian
                  ‖ at_utc  8 bytes, signed big-endian, Unix seconds by the device's clock
                  ‖ kind, subject, boot, body: each 4 bytes of length, unsigned big-endian, then its bytes )

Text is UTF-8. Every field has a fixed size or its length before it, so no two rows give the same bytes. `boot` is the
kernel's boot id (16 bytes): rows of one boot have comparable clocks. `epoch` and `counter` are those in force after the
row, so the last row says what the next intent must carry.
"""

import struct
from dataclasses import dataclass
from hashlib import sha256

GENESIS = bytes(32)
_FIXED = struct.Struct(">QQQq")
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class ChainedRow:
    """A row as it is stored, with its own hash and that of the row before it."""

    row: "Row"
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the journal without its hash."""

    seq: int
    epoch: int
    counter: int
    """The last intent counter used in this epoch, this row's own included."""
    kind: str
    subject: str
    at_utc: int
    boot: bytes
    body: bytes

    def hash_after(self, previous: bytes) -> bytes:
        """This row's hash, given the hash of the row before it."""
        kind, subject = self.kind.encode(), self.subject.encode()
        pack = _LENGTH.pack
        return sha256(
            b"".join((
                previous, _FIXED.pack(self.seq, self.epoch, self.counter, self.at_utc),
                pack(len(kind)), kind, pack(len(subject)), subject,
                pack(len(self.boot)), self.boot, pack(len(self.body)), self.body,
            ))
        ).digest()  # fmt: skip
