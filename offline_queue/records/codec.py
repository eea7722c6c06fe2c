# SPDX-License-Identifier: Apache-2.0
"""A sale as bytes and back: MessagePack maps keyed by field name, so that a later version may add fields.

A field this version does not know is passed over when reading; one that is missing takes its default.
"""

import msgspec

from pengpos.core.errors import JournalError
from pengpos.core.sale import Sale


class _SaleRow(msgspec.Struct, frozen=True, array_like=True):
    why: str
    sale: Sale


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_SaleRow)


class UnreadableSaleError(JournalError):
    """The bytes of a row are not a sale as this version knows it."""


def encode_sale(sale: Sale, why: str = "") -> bytes:
    """The body of a `sale` row: MessagePack `[why, sale]`."""
    return _ENCODER.encode(_SaleRow(why, sale))


def decode_sale(body: bytes) -> Sale:
    """The sale in the body of a `sale` row. Raises UnreadableSaleError."""
    return _decode(body).sale


def decode_why(body: bytes) -> str:
    """What caused the row. Raises UnreadableSaleError."""
    return _decode(body).why


def _decode(body: bytes) -> _SaleRow:
    try:
        return _DECODER.decode(body)
    except msgspec.MsgspecError as error:
        raise UnreadableSaleError(f"not a sale: {error}") from error
