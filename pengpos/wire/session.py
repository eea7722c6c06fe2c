# SPDX-License-Identifier: Apache-2.0
"""One tap as the reader sees it: SELECT, PRESENT, GET RESPONSE, RESULT (tap protocol §2).

A plain sale is four exchanges. Whatever a card answers, a tap ends: after 8 s, 10 GET RESPONSEs or 2,048 bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from pengpos.core.errors import CardLostError, CardProtocolError, MalformedError, TapTimeoutError
from pengpos.core.ports import Transceive
from pengpos.wire import apdu
from pengpos.wire.objects.reply import MAX_REPLY_SIZE

TAP_LIMIT_S = 8.0
SELECT_LIMIT_S = 1.5
MAX_GET_RESPONSES = 10

_TAG_FCI, _TAG_DF_NAME, _TAG_PROPRIETARY = 0x6F, 0x84, 0xA5  # ISO 7816-4 §7.4
_TAG_VERSION, _TAG_FLAGS = 0x80, 0x82
_FLAG_LOCKED = 0x01


@dataclass(frozen=True, slots=True, kw_only=True)
class Fci:
    """What a wallet says of itself when it is selected: `6F { 84 AID, A5 { 80 01 version, 82 01 flags } }`."""

    version: int
    locked: bool


class CardSession:
    """One tap with one card; make a new one for each try. The tap's 8 s begin with its first exchange.

    `transceive` is `core.ports.Card`'s, and may be exchanged for another between two commands; what it raises comes
    through. Used by one thread at a time.
    """

    def __init__(self, transceive: Transceive, monotonic_s: Callable[[], float]) -> None:
        self.transceive = transceive
        self._monotonic_s = monotonic_s
        self._deadline_s: float | None = None
        self._took_s: list[float] = []

    @property
    def turnaround_ms(self) -> int:
        """How long phone and reader take for a command: the median of the exchanges so far, the lower one of two.

        The exchange in which the wallet decides and signs is left out: how long that takes is its own.
        """
        return ceil(1000 * sorted(self._took_s)[(len(self._took_s) - 1) // 2]) if self._took_s else 0

    def select(self) -> Fci | None:
        """Select the wallet; None if the card is none of ours (6A82 or any other answer): pass it over.

        Raises TapTimeoutError after 1.5 s of silence: an Android phone that wants unlocking.
        """
        response = self._exchange(apdu.select(), SELECT_LIMIT_S)
        return _read_fci(response.data) if response.sw == apdu.SW_OK else None

    def present(self, presentation: bytes) -> bytes:
        """Present, and fetch the whole reply, at most 2,048 bytes, unread.

        Raises CardProtocolError for an answer that the protocol does not know, and what `transceive` raises.
        """
        *links, last = apdu.present(presentation)
        for link in links:
            self._send_link(link)
        response = self._exchange(last, wallet_thinks=True)
        reply = response.data
        fetched = 0
        while (left := response.bytes_left) is not None:
            if not response.data or not left:
                raise CardProtocolError("61xx with nothing before it or nothing left")
            if fetched == MAX_GET_RESPONSES:
                raise CardProtocolError(f"more than {MAX_GET_RESPONSES} GET RESPONSEs")
            fetched += 1
            response = self._exchange(apdu.get_response(left))
            if len(response.data) > left:
                raise CardProtocolError("more bytes than were asked for")
            reply += response.data
            if len(reply) > MAX_REPLY_SIZE:
                raise CardProtocolError(f"a reply beyond {MAX_REPLY_SIZE} bytes")
        _expect_ok(response)
        return reply

    def push_result(self, receipt: bytes) -> bool:
        """Give the phone its receipt if it is still there; True if it took it. Raises only ReaderLostError."""
        try:
            *links, last = apdu.result(receipt)
            for link in links:
                self._send_link(link)
            return self._exchange(last).sw == apdu.SW_OK
        except (CardLostError, CardProtocolError, TapTimeoutError):
            return False

    def _send_link(self, link: bytes) -> None:
        response = self._exchange(link)
        _expect_ok(response)
        if response.data:
            raise CardProtocolError("an answer before the chain's end")

    def _exchange(self, command: bytes, limit_s: float = TAP_LIMIT_S, *, wallet_thinks: bool = False) -> apdu.Response:
        now_s = self._monotonic_s()
        if self._deadline_s is None:
            self._deadline_s = now_s + TAP_LIMIT_S
        left_s = self._deadline_s - now_s
        if left_s <= 0:
            raise TapTimeoutError(TAP_LIMIT_S)
        raw = self.transceive(command, min(limit_s, left_s))
        if not wallet_thinks:
            self._took_s.append(self._monotonic_s() - now_s)
        try:
            return apdu.Response.parse(raw)
        except MalformedError as error:
            raise CardProtocolError(str(error)) from None


def _expect_ok(response: apdu.Response) -> None:
    if response.sw != apdu.SW_OK:
        raise CardProtocolError(f"status word {response.sw:04X}")


def _read_fci(data: bytes) -> Fci | None:
    """The FCI if it is our wallet's, else None; further tags are ignored."""
    try:
        template = _read_tlv(_read_tlv(data).get(_TAG_FCI, b""))
        proprietary = _read_tlv(template.get(_TAG_PROPRIETARY, b""))
    except MalformedError:
        return None
    version, flags = proprietary.get(_TAG_VERSION, b""), proprietary.get(_TAG_FLAGS, b"")
    if template.get(_TAG_DF_NAME) != apdu.AID or len(version) != 1 or len(flags) != 1:
        return None
    return Fci(version=version[0], locked=bool(flags[0] & _FLAG_LOCKED))


def _read_tlv(data: bytes) -> dict[int, bytes]:
    """BER-TLV with tags and lengths of one byte, which is all that an FCI of ours needs (ISO 7816-4 §5.2)."""
    content: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        if at + 2 > len(data) or data[at + 1] > 0x7F or at + 2 + data[at + 1] > len(data):
            raise MalformedError("not BER-TLV of short tags")
        end = at + 2 + data[at + 1]
        content.setdefault(data[at], data[at + 2 : end])
        at = end
    return content
