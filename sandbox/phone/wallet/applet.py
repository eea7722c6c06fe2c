# SPDX-License-Identifier: Apache-2.0
"""The card's side of the tap: command APDU in, response APDU out, whatever the bytes.

Knows tap protocol §2, "Card side": chaining, 61xx, status words and the order of complaints. Knows nothing of CBOR,
signatures or money; those are the wallet's, behind `WalletPort`.
"""

from enum import IntEnum
from typing import Protocol

from pengpos.core.errors import PengposError
from pengpos.wire import apdu
from pengpos.wire.apdu import Command, Response, WrongLengthError

SW_FAULT = 0x6F00  # ISO 7816-4 §5.6: no precise diagnosis
_VERSION = 1


class Ins(IntEnum):
    """The instructions this card knows."""

    SELECT = apdu.INS_SELECT
    PRESENT = apdu.INS_PRESENT
    RESULT = apdu.INS_RESULT
    GET_RESPONSE = apdu.INS_GET_RESPONSE


_CHAINED = apdu.CLA_PENGTAP | apdu.CLA_CHAINED
_CLASSES = {
    apdu.CLA_ISO: frozenset({Ins.SELECT, Ins.GET_RESPONSE}),
    apdu.CLA_PENGTAP: frozenset({Ins.PRESENT, Ins.RESULT}),
    _CHAINED: frozenset({Ins.PRESENT, Ins.RESULT}),
}


class WalletPort(Protocol):
    """What the card asks of the wallet behind it."""

    @property
    def locked(self) -> bool:
        """The phone is locked now; the FCI says so."""

    def answer(self, presentation: bytes) -> bytes:
        """The reply to a presentation, durable before it returns. Raises PengposError if nothing could be signed."""

    def take_receipt(self, receipt: bytes) -> None:
        """Store a receipt if it verifies, ignore it if not. Raises PengposError if it could not be stored."""


class Applet:
    """One card application; its state is that of one stay in the field: selected, an open chain, bytes to fetch."""

    def __init__(self, wallet: WalletPort) -> None:
        self._wallet = wallet
        self._selected = False
        self._chain: tuple[Ins, bytes] | None = None
        self._left = b""

    def power_cycle(self) -> None:
        """The field went off and on, or the phone came anew: nothing is selected, open or left."""
        self._selected = False
        self._chain = None
        self._left = b""

    def respond(self, command: bytes) -> bytes:
        """Answer one command; always at least a status word, whatever the bytes.

        Order of complaint: less than four bytes 6700, class 6E00, instruction 6D00, not selected 6985, P1P2 6A86,
        length 6700. Any command but GET RESPONSE drops what was left to fetch; SELECT, another instruction and any
        command answered by an error drop an open chain.
        """
        ins = command[1] if len(command) > 1 else None
        if ins != Ins.GET_RESPONSE:
            self._left = b""
        if self._chain is not None and self._chain[0] != ins:
            self._chain = None
        try:
            response = self._dispatch(command)
        except WrongLengthError:
            response = Response(b"", apdu.SW_WRONG_LENGTH)
        except PengposError:  # a full medium, a lost key: nothing was signed, so nothing is said
            response = Response(b"", SW_FAULT)
        if response.sw != apdu.SW_OK and response.bytes_left is None:
            self._chain = None
        return response.encode()

    def _dispatch(self, raw: bytes) -> Response:
        header = apdu.Header.parse(raw)
        if header.cla not in _CLASSES:
            return Response(b"", apdu.SW_UNKNOWN_CLA)
        if header.ins not in _CLASSES[header.cla]:
            return Response(b"", apdu.SW_UNKNOWN_INS)
        ins = Ins(header.ins)
        if not self._selected and ins is not Ins.SELECT:
            return Response(b"", apdu.SW_CONDITIONS)
        if (header.p1, header.p2) != (apdu.P1_BY_NAME if ins is Ins.SELECT else 0, 0):
            return Response(b"", apdu.SW_WRONG_P1P2)
        command = Command.parse(raw)
        match ins:
            case Ins.SELECT:
                return self._select(command.data)
            case Ins.GET_RESPONSE:
                return self._fetch(command.le) if self._left else Response(b"", apdu.SW_CONDITIONS)
            case Ins.PRESENT | Ins.RESULT:
                return self._collect(ins, command)

    def _select(self, aid: bytes) -> Response:
        """FCI `6F { 84 AID, A5 { 80 01 version, 82 01 flags } }`; flags bit 0: the phone is locked."""
        self._selected = aid == apdu.AID
        if not self._selected:
            return Response(b"", apdu.SW_NOT_FOUND)
        proprietary = bytes([0x80, 1, _VERSION, 0x82, 1, self._wallet.locked])
        template = bytes([0x84, len(aid)]) + aid + bytes([0xA5, len(proprietary)]) + proprietary
        return Response(bytes([0x6F, len(template)]) + template, apdu.SW_OK)

    def _collect(self, ins: Ins, command: Command) -> Response:
        """Add one link to the chain; with the last, hand the whole to the wallet."""
        whole = (self._chain[1] if self._chain else b"") + command.data
        if len(whole) > apdu.MAX_CHAIN_SIZE:
            raise WrongLengthError(f"a chain of more than {apdu.MAX_CHAIN_SIZE} bytes")
        if command.cla == _CHAINED:
            self._chain = (ins, whole)
            return Response(b"", apdu.SW_OK)
        self._chain = None
        if ins is Ins.RESULT:
            self._wallet.take_receipt(whole)
            return Response(b"", apdu.SW_OK)
        self._left = self._wallet.answer(whole)
        return self._fetch(command.le)

    def _fetch(self, le: int | None) -> Response:
        """At most Le bytes of what is left, ending in 9000 or in 61xx with xx the rest (FF: 255 or more)."""
        count = min(le or apdu.MAX_DATA_SIZE, apdu.MAX_DATA_SIZE)
        part, self._left = self._left[:count], self._left[count:]
        return Response(part, apdu.SW_MORE + min(len(self._left), 0xFF) if self._left else apdu.SW_OK)
