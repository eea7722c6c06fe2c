# SPDX-License-Identifier: Apache-2.0
"""`POST /admin/v1/imports`, and what is inside a sealed export (format `pengpos-export-1`, docs/journal.md).

Tests: tests/sandbox/backend/api/test_imports.py
"""

import struct
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from pengpos.core.times import LATEST_TIME
from pengpos.keys.sealed import SEALED_LIMIT
from pengpos.wire.encoding.base64url import b64u, unb64u
from sandbox.backend.contract.members import Base64url, Exact, Shape, Uuid
from sandbox.backend.contract.terminal_shapes import CancelAnswer, Intent, ItemProblem, Payment, Refund

Hash = Annotated[Base64url, Field(min_length=43, max_length=43)]
LongBase64url = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$", max_length=1024 * 1024)]
U64 = Annotated[StrictInt, Field(ge=0, lt=2**64)]
I64 = Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]

_FIXED = struct.Struct(">QQQq")
_LENGTH = struct.Struct(">I")


class ImportRequest(Exact):
    """`sealed`: JWE in compact form to an issuer's key, as `pengpos queue export` writes it; or a mirror's file."""

    sealed: Annotated[str, Field(max_length=SEALED_LIMIT)]


class ImportVerdict(Shape):
    """What became of one payment. `imported`: it is here for good; else see `verdict` or `refunds`, and import again.

    `verdict`: the payment's, as `POST /payments` gives it; of one under cancel, the cancel's; of one that nobody has
    authorised at the terminal, how the intent stands.
    """

    intent_id: Uuid
    imported: bool
    verdict: Payment | CancelAnswer | Intent | ItemProblem
    refunds: list[Refund | ItemProblem]


class ImportAnswer(Shape):
    """`acknowledgement`: COSE_Sign1 (context `head`) over JSON: `terminal_id, version, issued_at, not_after, epoch,
    sequence, hash, imported [intent id]`: the head that the export carried, and what of it is here for good.
    """

    verdicts: list[ImportVerdict]
    acknowledgement: LongBase64url


class ExportedRow(Shape):
    """A row of the terminal's journal; `previous` is the hash of the row before it."""

    seq: Annotated[StrictInt, Field(ge=1, lt=2**63)]
    epoch: U64
    counter: U64
    kind: Annotated[str, Field(max_length=100)]
    subject: Annotated[str, Field(max_length=200)]
    at_utc: I64
    boot: Base64url
    body: LongBase64url
    previous: Hash
    hash: Hash

    def follows(self) -> bool:
        """True if `hash` is this row's after `previous` (docs/journal.md, *Rows*)."""
        parts = (self.kind.encode(), self.subject.encode(), unb64u(self.boot), unb64u(self.body))
        hashed = sha256(unb64u(self.previous) + _FIXED.pack(self.seq, self.epoch, self.counter, self.at_utc))
        for part in parts:
            hashed.update(_LENGTH.pack(len(part)) + part)
        return b64u(hashed.digest()) == self.hash


class ExportedRefund(Shape):
    """A refund not yet done; without amount: all that was captured."""

    refund_id: str
    amount: int | None
    reason: str


class ExportedPayment(Shape):
    """One unsent sale. Without `authorisation` no wallet authorised it at the terminal; `occurred_at`: Unix seconds."""

    sale_id: str
    state: str
    intent_id: Uuid
    presentation: Base64url
    wallet_credential: Base64url | None = None
    authorisation: Base64url | None = None
    accepted_offline: StrictBool = False
    occurred_at: Annotated[StrictInt, Field(ge=0, le=LATEST_TIME)] | None = None
    cancel: str | None = None
    refunds: list[ExportedRefund] = Field(default_factory=list)
    rows: Annotated[list[ExportedRow], Field(min_length=1)]

    @property
    def being_undone(self) -> bool:
        """A cancel was under way, and no payment is sent any more."""
        return self.state in {"cancelling", "reversing"}


class MirroredPayment(ExportedPayment):
    """A payment of a second copy: it comes without its rows."""

    rows: Annotated[list[ExportedRow], Field(max_length=0)] = Field(default_factory=list)


class Export(Shape):
    """The content of a sealed export; `epoch`, `seq` and `hash` are the journal's head when it was made."""

    format: Literal["pengpos-export-1"]
    terminal_id: Annotated[str, Field(max_length=40)]
    made_at: int
    epoch: U64
    seq: Annotated[StrictInt, Field(ge=1, lt=2**63)]
    hash: Hash
    payments: list[ExportedPayment]

    def stated(self) -> dict[str, object]:
        """What the terminal's statement must say of this export, the digest of its content excepted."""
        return {
            "terminal_id": self.terminal_id,
            "made_at": self.made_at,
            "epoch": self.epoch,
            "sequence": self.seq,
            "hash": self.hash,
        }
