# SPDX-License-Identifier: Apache-2.0
"""NDEF messages of one record, and what a tag says in each state of a sale.

Record  flags|TNF, type length, payload length (1 byte if SR, else 4), type, payload      NFC Forum NDEF 1.0 §3.2
URI     type "U": prefix code, rest of the URI in UTF-8                                   RTD URI §3.2
Text    type "T": length of the language code, language code, UTF-8 text                  RTD Text §3.2
"""

from dataclasses import dataclass
from typing import assert_never

from pengpos.core.errors import MalformedError
from pengpos.core.ports import TagCancelled, TagClaimed, TagIdle, TagPaid, TagState, TagWaiting

EMPTY = bytes.fromhex("D00000")
"""One empty record: a tag that is there and says nothing."""
MESSAGE_MOST = 868
"""What fits an NTAG I2C plus 1k (888 bytes of user memory) beside its TLVs, and more than any URL of a terminal."""

_BEGIN, _END, _CHUNK, _SHORT, _HAS_ID = 0x80, 0x40, 0x20, 0x10, 0x08
_WELL_KNOWN = 0x01
_BEING_PAID = "正在支付 · being paid"
_PREFIXES = ("", "http://www.", "https://www.", "http://", "https://")


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a well-known type."""

    kind: bytes
    payload: bytes

    @property
    def uri(self) -> str | None:
        """The URI if it is one with a prefix that is known here."""
        if self.kind != b"U" or not self.payload or self.payload[0] >= len(_PREFIXES):
            return None
        try:
            return _PREFIXES[self.payload[0]] + self.payload[1:].decode("utf-8")
        except UnicodeDecodeError:
            return None


def message_of(state: TagState, address: str | None = None) -> bytes:
    """What the tag says: tap protocol §3. `address` is the shop's; what fits no tag is said by an empty one."""
    match state:
        case TagIdle():
            message = EMPTY if address is None else uri_message(address)
        case TagWaiting():
            message = uri_message(state.url)
        case TagClaimed():
            message = text_message(_BEING_PAID)
        case TagPaid():
            message = EMPTY if state.receipt_url is None else uri_message(state.receipt_url)
        case TagCancelled():
            message = EMPTY
        case _:
            assert_never(state)
    return message if len(message) <= MESSAGE_MOST else EMPTY


def uri_message(uri: str) -> bytes:
    """A message of one URI record, its scheme abbreviated; iPhones read it in the background."""
    code = max((n for n, prefix in enumerate(_PREFIXES) if uri.startswith(prefix)), key=lambda n: len(_PREFIXES[n]))
    return _message(b"U", bytes([code]) + uri[len(_PREFIXES[code]) :].encode("utf-8"))


def text_message(text: str, language: str = "zh") -> bytes:
    """A message of one Text record."""
    return _message(b"T", bytes([len(language)]) + language.encode("ascii") + text.encode("utf-8"))


def read_message(raw: bytes) -> Record:
    """Read a message of one well-known record, as a terminal's tag has it. Raises MalformedError."""
    if len(raw) < 3:
        raise MalformedError("no NDEF record")
    flags, type_size = raw[0], raw[1]
    if flags & (_BEGIN | _END | _CHUNK | _HAS_ID) != _BEGIN | _END or flags & 0x07 > _WELL_KNOWN:
        raise MalformedError("not one plain NDEF record")
    length_size = 1 if flags & _SHORT else 4
    at = 2 + length_size
    size = int.from_bytes(raw[2:at], "big")
    if len(raw) != at + type_size + size or bool(type_size) != bool(flags & _WELL_KNOWN):
        raise MalformedError("an NDEF record that is not as long as it says")
    return Record(raw[at : at + type_size], raw[at + type_size :])


def _message(kind: bytes, payload: bytes) -> bytes:
    short = len(payload) < 256
    head = bytes([_BEGIN | _END | _WELL_KNOWN | (_SHORT if short else 0), len(kind)])
    return head + len(payload).to_bytes(1 if short else 4, "big") + kind + payload
