# SPDX-License-Identifier: Apache-2.0
"""pcsc-lite's C interface as Python values: a context, a connection, and one exception with the status word.

Thin over pyscard's `smartcard.scard`, whose own card and reader monitors die with pcscd and never come back. A status
comes from pyscard as a signed number; here it is always the unsigned 32-bit one of the PC/SC documents. A context and
what was opened with it belong to one thread; any may `cancel` its wait.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from smartcard import scard

from pengpos.core.errors import PengposError

_PNP = "\\\\?PnP?\\Notification"
"""pcsc-lite's pseudo reader: its state changes when any reader comes or goes."""


_CCID_ESCAPE = scard.SCARD_CTL_CODE(1)
"""The control code under which libccid and ACS's own driver pass bytes on to the reader."""


class Status(IntEnum):
    """The statuses that mean something here (PC/SC part 5, WinSCard)."""

    OK = 0
    CANCELLED = 0x80100002
    INVALID_HANDLE = 0x80100003
    INSUFFICIENT_BUFFER = 0x80100008
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    COMM_ERROR = 0x80100013
    NOT_TRANSACTED = 0x80100016
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_READERS = 0x8010002E
    UNSUPPORTED_CARD = 0x80100065
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069
    SECURITY_VIOLATION = 0x8010006A


class Disposition(IntEnum):
    """What happens to the card when a connection ends."""

    LEAVE = 0
    RESET = 1
    UNPOWER = 2


class _State(IntFlag):
    UNKNOWN = 0x0004
    UNAVAILABLE = 0x0008
    PRESENT = 0x0020
    EXCLUSIVE = 0x0080
    INUSE = 0x0100


class WinscardError(PengposError):
    """A call failed with `status`; `call` names it."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(f"{call}: {scard.SCardGetErrorMessage(status).strip()} ({status:08X})")
        self.call = call
        self.status = status


@dataclass(frozen=True, slots=True)
class SlotState:
    """One reader's slot as pcscd saw it last; `raw` goes into the next question, so that only news is answered."""

    raw: int = 0
    atr: bytes = b""
    """What the card said of itself when it was powered first; nobody needs to connect for it."""

    @property
    def present(self) -> bool:
        """Something is in the field, answering or not."""
        return bool(self.raw & _State.PRESENT)

    @property
    def in_use(self) -> bool:
        """Some program, perhaps this one, has connected to the card."""
        return bool(self.raw & (_State.EXCLUSIVE | _State.INUSE))

    @property
    def held_alone(self) -> bool:
        """Some program, perhaps this one, holds the card and shares it with none."""
        return bool(self.raw & _State.EXCLUSIVE)

    @property
    def gone(self) -> bool:
        """The reader itself is no more."""
        return bool(self.raw & (_State.UNKNOWN | _State.UNAVAILABLE))

    @property
    def events(self) -> int:
        """Insertions and removals so far, modulo 65,536: the same number, the same card."""
        return self.raw >> 16 & 0xFFFF


class Connection:
    """One card, shared with other programs, or one reader without looking at its card."""

    def __init__(self, handle: int, protocol: int) -> None:
        self._handle = handle
        self._control = _control_of(protocol)

    def begin(self) -> None:
        """Begin a transaction: until its end no other program's command reaches the card.

        Blocks while another's is under way. A card that was reset by another program meanwhile is taken as it is.
        """
        status = scard.SCardBeginTransaction(self._handle)
        if _unsigned(status) in (Status.RESET_CARD, Status.UNPOWERED_CARD):
            self._reconnect()
            status = scard.SCardBeginTransaction(self._handle)
        _check("SCardBeginTransaction", status)

    def end(self) -> None:
        """End the transaction; the card stays as it is."""
        _check("SCardEndTransaction", scard.SCardEndTransaction(self._handle, scard.SCARD_LEAVE_CARD))

    def transmit(self, command: bytes) -> bytes:
        """One C-APDU, its R-APDU; empty when the card vanished meanwhile. Blocks as long as card and driver do."""
        status, response = scard.SCardTransmit(self._handle, self._control, list(command))
        _check("SCardTransmit", status)
        return bytes(response)

    def control(self, command: bytes) -> None:
        """A command for the reader itself (CCID's escape), which its driver may refuse."""
        status, _ = scard.SCardControl(self._handle, _CCID_ESCAPE, list(command))
        _check("SCardControl", status)

    def disconnect(self, disposition: Disposition) -> None:
        """Let go of the card."""
        _check("SCardDisconnect", scard.SCardDisconnect(self._handle, int(disposition)))

    def _reconnect(self) -> None:
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        status, protocol = scard.SCardReconnect(
            self._handle, scard.SCARD_SHARE_SHARED, protocols, scard.SCARD_LEAVE_CARD
        )
        _check("SCardReconnect", status)
        self._control = _control_of(protocol)


class Context:
    """One conversation with pcscd. Raises WinscardError if there is none to talk to."""

    def __init__(self) -> None:
        status, handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _check("SCardEstablishContext", status)
        self._handle = handle

    def readers(self) -> tuple[str, ...]:
        """The names of all readers there are, contact ones too."""
        status, names = scard.SCardListReaders(self._handle, [])
        if _unsigned(status) == Status.NO_READERS:
            return ()
        _check("SCardListReaders", status)
        return tuple(names)

    def await_readers(self, timeout_s: float) -> None:
        """Return when a reader comes or goes, or the time is over; one missed between two calls is not reported."""
        status, _ = scard.SCardGetStatusChange(self._handle, _milliseconds(timeout_s), [(_PNP, 0)])
        if _unsigned(status) != Status.TIMEOUT:
            _check("SCardGetStatusChange", status)

    def await_slot(self, reader: str, known: SlotState, timeout_s: float) -> SlotState:
        """The slot's state as soon as it differs from `known`, or when the time is over or the wait cancelled."""
        status, states = scard.SCardGetStatusChange(self._handle, _milliseconds(timeout_s), [(reader, known.raw)])
        if _unsigned(status) == Status.CANCELLED:
            return known
        if _unsigned(status) != Status.TIMEOUT:
            _check("SCardGetStatusChange", status)
        _, raw, atr = states[0]
        return SlotState(_unsigned(raw), bytes(atr))

    def connect(self, reader: str) -> Connection:
        """Power the card if need be and share it; T=1, which ISO 14443-4 cards are given, or else T=0."""
        status, handle, protocol = self._connect(reader, scard.SCARD_PROTOCOL_T1)
        if _unsigned(status) == Status.PROTO_MISMATCH:
            status, handle, protocol = self._connect(reader, scard.SCARD_PROTOCOL_T0)
        _check("SCardConnect", status)
        return Connection(handle, protocol)

    def connect_reader(self, reader: str) -> Connection:
        """Hold the reader itself, whether there is a card or not."""
        status, handle, protocol = scard.SCardConnect(
            self._handle, reader, scard.SCARD_SHARE_DIRECT, scard.SCARD_PROTOCOL_UNDEFINED
        )
        _check("SCardConnect", status)
        return Connection(handle, protocol)

    def cancel(self) -> None:
        """End a wait of another thread; one that begins a moment later is not ended. Never raises."""
        scard.SCardCancel(self._handle)  # fails only where pcscd is gone, and the wait with it

    def close(self) -> None:
        """Release the context and everything opened with it; never raises."""
        scard.SCardReleaseContext(self._handle)  # fails only where pcscd, and with it the context, is gone

    def _connect(self, reader: str, protocols: int) -> tuple[int, int, int]:
        status, handle, protocol = scard.SCardConnect(self._handle, reader, scard.SCARD_SHARE_SHARED, protocols)
        return status, handle, protocol


def _control_of(protocol: int) -> int:
    return int(scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1)


def _check(call: str, status: int) -> None:
    if status != 0:
        raise WinscardError(call, _unsigned(status))


def _unsigned(status: int) -> int:
    return status & 0xFFFFFFFF


def _milliseconds(timeout_s: float) -> int:
    return max(0, round(timeout_s * 1000))
