# SPDX-License-Identifier: Apache-2.0
"""How a change becomes a row of the journal: kind, subject and body. Pure; `docs/journal.md` lists the same table.

| change | kind | subject | body |
|---|---|---|---|
| SaleChanged | ``sale`` | sale id | MessagePack ``[why, sale]`` |
| DocumentStored | ``document`` | kind of document | MessagePack ``[version, SHA-256]``; bytes in table `document` |
| ValueStored | ``value`` | kind ``/`` key | the bytes |
| HeadSigned | ``head`` | ``seq`` in decimal | the signed bytes |
| IssuerTimeSeen | ``issuer-time`` | empty | the time, 8 bytes, big-endian |
| EpochDrawn | ``epoch`` | why | the epoch, 8 bytes, big-endian |
"""

import secrets
from hashlib import sha256
from pathlib import Path
from typing import assert_never

import msgspec

from offline_queue.records.codec import encode_sale
from offline_queue.values import (
    Change,
    DocumentStored,
    EpochDrawn,
    HeadSigned,
    IssuerTimeSeen,
    SaleChanged,
    ValueStored,
)

HEAD_DOCUMENT = "head"  # the kind under which the last head the backend signed is found again


def parts_of(change: Change) -> tuple[str, str, bytes]:
    """A change's kind, subject and body. Raises ValueError for text that is not Unicode (a lone surrogate)."""
    kind, subject, body = _parts_of(change)
    f"{kind}{subject}".encode()
    return kind, subject, body


def _parts_of(change: Change) -> tuple[str, str, bytes]:
    match change:
        case SaleChanged(sale=sale, why=why):
            return "sale", str(sale.sale_id), encode_sale(sale, why)
        case DocumentStored(kind=kind, version=version, body=body):
            return "document", kind, document_body(version, body)
        case ValueStored(kind=kind, key=key, body=body):
            return "value", f"{kind}/{key}", body
        case HeadSigned(head=head, signed=signed):
            return "head", str(head.seq), signed
        case IssuerTimeSeen(at=at):
            return "issuer-time", "", at.to_bytes(8, "big")
        case EpochDrawn(epoch=epoch, why=why):
            return "epoch", why, epoch.to_bytes(8, "big")
        case _:
            assert_never(change)


def document_body(version: int, body: bytes) -> bytes:
    """Body of a `document` row: it binds the bytes without repeating them (a denylist may be megabytes)."""
    return msgspec.msgpack.encode((version, sha256(body).digest()))


def draw_epoch() -> int:
    """63 random bits, never 0."""
    return secrets.randbits(63) or 1


def read_boot_id() -> bytes:
    """The kernel's boot id, 16 bytes; zero bytes where the kernel has none."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    except OSError:
        return bytes(16)
    return bytes.fromhex(text.strip().replace("-", ""))
