# SPDX-License-Identifier: Apache-2.0
"""Short command and response APDUs, and the four commands of the tap (tap protocol §2, ISO 7816-4 §5).

C-APDU  CLA INS P1 P2 [Lc data] [Le]       Lc 1..255, Le 1..256 (256 is the byte 00)
R-APDU  data SW1 SW2
"""

from dataclasses import dataclass

from pengpos.core.errors import MalformedError

AID = bytes.fromhex("F050454E4754415001")  # F0 "PENGTAP" 01

CLA_ISO = 0x00
CLA_PENGTAP = 0x80
CLA_CHAINED = 0x10  # set on every link of a chain but the last
INS_SELECT = 0xA4
INS_GET_RESPONSE = 0xC0
INS_PRESENT = 0x50
INS_RESULT = 0x52
P1_BY_NAME = 0x04

SW_OK = 0x9000
SW_MORE = 0x6100  # 61xx: xx bytes left, FF if 255 or more
SW_WRONG_LENGTH = 0x6700
SW_CONDITIONS = 0x6985
SW_NOT_FOUND = 0x6A82
SW_WRONG_P1P2 = 0x6A86
SW_UNKNOWN_INS = 0x6D00
SW_UNKNOWN_CLA = 0x6E00

MAX_DATA_SIZE = 255
"""Of a command and of a response: short APDUs only."""
MAX_CHAIN_SIZE = 1_024
"""What a wallet gathers from one chain before it answers 6700."""
HEADER_SIZE = 4


class WrongLengthError(MalformedError):
    """A command that is shorter, or longer, than its own lengths say; a card answers 6700."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first four bytes, which a card judges before the lengths."""

    cla: int
    ins: int
    p1: int
    p2: int

    @classmethod
    def parse(cls, raw: bytes) -> "Header":
        """Read the header only; raises WrongLengthError for fewer than four bytes."""
        if len(raw) < HEADER_SIZE:
            raise WrongLengthError("a command of fewer than four bytes")
        return cls(*raw[:HEADER_SIZE])


@dataclass(frozen=True, slots=True)
class Command:
    """A short C-APDU; `le` is the number of bytes wanted, 1..256, or None."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def encode(self) -> bytes:
        """The bytes to send; raises ValueError for what short APDUs cannot say."""
        if len(self.data) > MAX_DATA_SIZE or (self.le is not None and not 1 <= self.le <= 256):
            raise ValueError("a short APDU carries at most 255 bytes and asks for 1..256")
        body = bytes([len(self.data)]) + self.data if self.data else b""
        end = b"" if self.le is None else bytes([self.le & 0xFF])
        return bytes([self.cla, self.ins, self.p1, self.p2]) + body + end

    @classmethod
    def parse(cls, raw: bytes) -> "Command":
        """Read a C-APDU; raises WrongLengthError (a MalformedError) where its lengths do not fit, extended ones too."""
        header = Header.parse(raw)
        fields = (header.cla, header.ins, header.p1, header.p2)
        body = raw[HEADER_SIZE:]
        if not body:
            return cls(*fields)
        if len(body) == 1:
            return cls(*fields, le=body[0] or 256)
        size = body[0]
        if size == 0 or len(body) not in (size + 1, size + 2):
            raise WrongLengthError("a command that does not fit its own lengths")
        le = (body[-1] or 256) if len(body) == size + 2 else None
        return cls(*fields, data=body[1 : size + 1], le=le)


@dataclass(frozen=True, slots=True)
class Response:
    """An R-APDU: data and status word."""

    data: bytes
    sw: int

    def encode(self) -> bytes:
        """The bytes to answer."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def parse(cls, raw: bytes) -> "Response":
        """Read an R-APDU; raises MalformedError for one without status word or longer than 255 bytes of data."""
        if not 2 <= len(raw) <= MAX_DATA_SIZE + 2:
            raise MalformedError("a response without status word or beyond 255 bytes")
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))

    @property
    def bytes_left(self) -> int | None:
        """xx of 61xx, None for any other status word."""
        return self.sw & 0xFF if self.sw & 0xFF00 == SW_MORE else None


def select() -> bytes:
    """SELECT by the whole AID: HCE phones match no prefix."""
    return Command(CLA_ISO, INS_SELECT, P1_BY_NAME, 0, AID, le=256).encode()


def present(presentation: bytes) -> list[bytes]:
    """PRESENT, in as many links as it takes."""
    return _chain(INS_PRESENT, presentation)


def result(receipt: bytes) -> list[bytes]:
    """RESULT, in as many links as it takes."""
    return _chain(INS_RESULT, receipt)


def get_response(count: int) -> bytes:
    """GET RESPONSE for `count` bytes, as 61xx named them."""
    return Command(CLA_ISO, INS_GET_RESPONSE, 0, 0, le=count).encode()


def _chain(ins: int, data: bytes) -> list[bytes]:
    links = [data[at : at + MAX_DATA_SIZE] for at in range(0, len(data), MAX_DATA_SIZE)] or [b""]
    *first, last = links
    return [
        *(Command(CLA_PENGTAP | CLA_CHAINED, ins, 0, 0, link).encode() for link in first),
        Command(CLA_PENGTAP, ins, 0, 0, last, le=256).encode(),
    ]
