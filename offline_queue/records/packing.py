# SPDX-License-Identifier: Apache-2.0
"""The body of a sale's row as it is stored: deflated, for two fifths of it are names of fields. Pure.

    stored = C1 01 ‖ raw deflate (RFC 1951), window 4,096 bytes, preset dictionary `DICTIONARY`

C1 begins no MessagePack value: what begins otherwise is stored as it is, as by the versions before. The row's hash is
taken over the body, not over what is stored. The dictionary never changes; another one would get another second byte.

Tests: tests/offline_queue/records/test_packing.py.
"""

import zlib

import msgspec

from offline_queue.records.chain import Row
from offline_queue.records.codec import UnreadableSaleError, decode_sale
from pengpos.core.sale import Sale

_MARK = b"\xc1\x01"
_WINDOW_BITS = -12
_BODY_MOST = 16 * 2**20

# A sale as most are, in the order in which fields are written: the longer the stretch that is alike, the fewer bytes.
_ID = "01a3185c-5002-73b7-bd2a-4a678a1d6248"
_AT = 1_800_000_000
_SALE = {
    "sale_id": _ID, "idempotency_key": _ID, "request_hash": bytes(32), "number": "0001-0001",
    "amount": {"minor": 1_880, "currency": "CNY"}, "ways": ["reader", "tag", "qr"], "state": "presented",
    "created_at": _AT, "intents": [{
        "intent_id": _ID, "epoch": 2**62, "counter": 1_000, "issued_at": _AT, "lifetime_s": 120, "online": True,
        "presentation": b"", "url": None, "put_sent": False, "fragment_shown": False, "ways": [], "ended_at": None,
        "end": None,
    }],
    "reference": None, "purpose": 0, "split_id": None, "authorised": {
        "wallet_credential": b"", "authorisation": b"", "wallet_kid": bytes(8), "counter": 1, "total_minor": 1_880,
        "tip_minor": 0, "authorised_at": _AT, "occurred_at": _AT, "offline_allowed": True, "turnaround_ms": 38,
    },
    "booking": {
        "total_minor": 1_880, "booked_at": _AT, "by": "reader", "receipt": b"", "receipt_url": None,
        "lines": [{"kind": "amount", "label": "", "amount_minor": 1_880}], "cards": [], "payer_display": None,
        "confirmed": True, "denied": False,
    },
    "refusal": None, "prompt": None, "notice": None, "parked": False, "wrong_codes": 0, "cancel": None, "refunds": [],
    "settled_on": None, "attempts": 0, "retry_at": None, "history": [
        {"state": "signed", "at": _AT, "why": "amount confirmed", "by": None},
        {"state": "presented", "at": _AT, "why": "field empty, armed", "by": None},
        {"state": "authorised", "at": _AT, "why": "authorised by a phone", "by": None},
        {"state": "accepted_offline", "at": _AT, "why": "accepted offline by the policy", "by": None},
        {"state": "forwarding", "at": _AT, "why": "sent by the drainer", "by": None},
        {"state": "approved", "at": _AT, "why": "approved at sync", "by": None},
        {"state": "settled", "at": _AT, "why": "in the settlement", "by": None},
    ],
}  # fmt: skip
_SELDOM = {
    "ways": ["reader", "qr"], "intents": [{"online": False, "presentation": b"", "url": "https://"}],
    "authorised": None, "booking": None,
    "refusal": {
        "reason": 0, "code": None, "phone_time": None, "receipt": None, "borne_by": "merchant", "guaranteed_minor": 0,
        "due": {"state": "open", "amount_minor": 0},
    },
    "cancel": {
        "reason": "customer", "by_time": False, "sent": False, "again": False, "held": False, "by_cashier": True,
        "unless_paid": False, "elsewhere": False, "given_back_minor": 0,
    },
    "refunds": [{
        "refund_id": "", "idempotency_key": "", "amount_minor": None, "reason": "", "asked_minor": None,
        "state": "queued", "at": 0, "by": None, "elsewhere": False,
    }],
}  # fmt: skip
DICTIONARY = msgspec.msgpack.encode(_SELDOM) + msgspec.msgpack.encode(_SALE)

_EMPTY = zlib.compressobj(6, zlib.DEFLATED, _WINDOW_BITS, 8, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)


def packed(kind: str, body: bytes) -> bytes:
    """What is stored for the body of a row."""
    if kind != "sale":
        return body
    deflate = _EMPTY.copy()
    stored = _MARK + deflate.compress(body) + deflate.flush()
    return stored if len(stored) < len(body) else body


def unpacked(kind: str, stored: bytes) -> bytes:
    """The body of a row, from what is stored for it. Raises UnreadableSaleError."""
    if kind != "sale" or stored[:1] != _MARK[:1]:
        return stored
    inflate = zlib.decompressobj(_WINDOW_BITS, DICTIONARY)
    try:
        body = inflate.decompress(stored[len(_MARK) :], _BODY_MOST)
    except zlib.error as error:
        raise UnreadableSaleError(f"not a packed sale: {error}") from error
    if not (stored.startswith(_MARK) and inflate.eof) or inflate.unused_data:
        raise UnreadableSaleError("not a sale as this version packs it")
    return body


def stored_sale(stored: bytes) -> Sale:
    """The sale of a row, from what is stored for its body. Raises UnreadableSaleError."""
    return decode_sale(unpacked("sale", stored))


def stored_row(
    seq: int, epoch: int, counter: int, kind: str, subject: str, at_utc: int, boot: bytes, stored: bytes
) -> Row:
    """A row from its columns. Raises UnreadableSaleError."""
    return Row(seq, epoch, counter, kind, subject, at_utc, boot, unpacked(kind, stored))
