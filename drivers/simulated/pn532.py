# SPDX-License-Identifier: Apache-2.0
"""A PN532 on a pseudo-terminal: what nfcpy's and libnfc's unmodified drivers insist on, as reader and as card.

Commands: PN532 user manual (UM0701-02) §7. Two of these over one `Field` are joined by a virtual radio.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from types import TracebackType

from drivers.isodep.ats import read_ats
from drivers.isodep.reader import GarbledError, IsoDep, SilentError
from drivers.simulated.board import Board
from drivers.simulated.field import CorruptError, Field, Identity
from drivers.simulated.pn532_target import RELEASED, ReleasedError, TargetMode
from drivers.simulated.uart import ACK, BAUD_RATES, NACK, SYNTAX_ERROR, Uart, framed, wakes

_OK, _TIMEOUT, _CRC, _CONTEXT = b"\x00", b"\x01", b"\x02", b"\x27"
_FIFO_DATA = 0x6339
_FOR_EVER_S = 60.0
_GARBAGE = bytes.fromhex("00FF00FE5A0000FF17")
_BY_THE_BOOK = Board()
_AUTO_RATS, _AS_PICC = 0x10, 0x20  # SetParameters


class Fault(Enum):
    """What can be made to go wrong, once for each `inject`."""

    LOST_FRAME = "the card never hears it"
    TIMEOUT = "the card's answer is lost"
    CRC = "the card's answer is garbled"
    RELEASE = "as a card: released by the reader"
    GARBAGE = "noise on the UART instead of the answer"
    FLIPPED = "one bit of the answer's frame is another: each time of the next byte"
    LOST_ACK = "the command is carried out, its ACK lost"
    SYNTAX = "the chip says syntax error"
    MUTE = "the chip says nothing at all"


_Cancelled = threading.Event
"""Belongs to one command: an abort that comes late must not end the next one."""
_Task = Callable[[bytes, _Cancelled], bytes | None]


class SimulatedPn532:
    """The chip. `path` is its serial port; `field` what is over its antenna."""

    def __init__(self, field: Field | None = None, *, board: Board = _BY_THE_BOOK) -> None:
        self.field = field if field is not None else Field()
        self._board = board
        self._powered_down = False
        self._deaf_until_s = 0.0
        self.commands: Counter[int] = Counter()
        self._faults: list[Fault] = []
        self._flipped = 0
        self._lock = threading.Lock()
        self._asleep = True
        self._parameters = 0x14
        self._after_miss = False
        self._timeout_s = _FOR_EVER_S
        self._registers: dict[int, int] = {}
        self._target: TargetMode | None = None
        self._dep: IsoDep | None = None
        self._cancel = _Cancelled()
        self._command: threading.Thread | None = None
        self._tasks: dict[int, _Task] = {
            0x00: self._diagnose,
            0x02: lambda data, cancelled: bytes.fromhex("32010607"),
            0x04: lambda data, cancelled: bytes.fromhex("0000000000"),
            0x06: self._read_registers,
            0x08: self._write_registers,
            0x10: self._set_serial_baud_rate,
            0x12: self._set_parameters,
            0x14: lambda data, cancelled: b"",
            0x16: self._power_down,
            0x32: self._configure_radio,
            0x40: self._data_exchange,
            0x42: self._communicate_through,
            0x44: lambda data, cancelled: _OK,
            0x4A: self._list_passive_target,
            0x52: self._release_target,
            0x54: lambda data, cancelled: _OK,
            0x60: self._auto_poll,
            0x86: self._get_as_target,
            0x88: self._get_as_target,
            0x8A: self._target_status,
            0x8C: self._become_target,
            0x8E: self._answer_as_target,
            0x90: self._answer_as_target,
        }
        self._uart = Uart(self._heard, hears=self._hears, loses_first_byte=board.loses_first_byte)
        self.path = self._uart.path

    def __enter__(self) -> "SimulatedPn532":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.unplug()

    def inject(self, fault: Fault, times: int = 1) -> None:
        """Let something go wrong at the next occasions."""
        with self._lock:
            self._faults += [fault] * times

    def calm(self) -> None:
        """Nothing more goes wrong."""
        with self._lock:
            self._faults.clear()

    def unplug(self) -> None:
        """Pull it out of the socket; there is no way back."""
        self._abort()
        self._await_end()
        self._uart.unplug()
        self._leave_target_mode()

    def reset(self) -> None:
        """Cut its power for a moment, as a reset of the USB does: it sleeps, at its first speed, all forgotten."""
        self._abort()
        self._await_end()
        self._leave_target_mode()
        self.field.off()
        self._registers.clear()
        self._dep, self._after_miss, self._parameters = None, False, 0x14
        self._asleep, self._powered_down = True, False
        self._uart.reset()

    # --- the host's line ----------------------------------------------------------------------------------------------

    def _hears(self) -> bool:
        """Asked with each bytes of the host's that come."""
        if self._powered_down and not self._board.wakes_after_power_down:
            return False
        if self._asleep and self._board.wakes_after_s:
            self._asleep = False
            self._deaf_until_s = time.monotonic() + self._board.wakes_after_s
        return time.monotonic() >= self._deaf_until_s

    def _heard(self, frame: bytes, skipped: int) -> None:
        if self._asleep:
            if not wakes(skipped):
                return
            self._asleep = False
        self._powered_down = False
        if frame == ACK:
            self._abort()
        elif frame != NACK:
            self._abort()
            if self._strikes(Fault.MUTE):
                return
            if len(frame) < 2 or frame[0] != 0xD4 or frame[1] not in self._tasks or self._strikes(Fault.SYNTAX):
                self._uart.send(ACK + SYNTAX_ERROR)
                return
            time.sleep(self._board.answers_after_s)
            if not self._strikes(Fault.LOST_ACK):
                self._uart.send(ACK)
            self._await_end()  # after the ACK: no host waits 100 ms for that
            self._begin(frame[1], frame[2:])

    def _begin(self, code: int, data: bytes) -> None:
        self.commands[code] += 1
        self._cancel = cancelled = _Cancelled()
        if code in (0x40, 0x42, 0x60, 0x86, 0x88, 0x8C):  # these wait for the field or a reader
            carrying_out = threading.Thread(
                target=self._carry_out, args=(code, data, cancelled), name=f"PN532 {code:02X}", daemon=True
            )
            carrying_out.start()
            self._command = carrying_out
        else:
            self._carry_out(code, data, cancelled)

    def _carry_out(self, code: int, data: bytes, cancelled: _Cancelled) -> None:
        answer = self._tasks[code](data, cancelled)
        if answer is not None and not cancelled.is_set():
            frame = framed(bytes([0xD5, code + 1]) + answer)
            if self._strikes(Fault.GARBAGE):
                frame = _GARBAGE
            elif self._strikes(Fault.FLIPPED):
                at = self._flipped % len(frame)
                self._flipped += 1
                frame = frame[:at] + bytes([frame[at] ^ (1 << at % 8)]) + frame[at + 1 :]
            self._uart.send(frame)

    def _abort(self) -> None:
        self._cancel.set()
        if self._target is not None:
            self._target.wake()

    def _await_end(self) -> None:
        if self._command is not None and self._command is not threading.current_thread():
            self._command.join()
            self._command = None

    def _strikes(self, fault: Fault) -> bool:
        with self._lock, contextlib.suppress(ValueError):
            self._faults.remove(fault)
            return True
        return False

    # --- the chip itself ----------------------------------------------------------------------------------------------

    def _diagnose(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        if data[:1] == b"\x06":  # attention request: is the ISO-DEP card still there
            return _OK if self._dep is not None and self._dep.is_present() else _TIMEOUT
        return data

    def _read_registers(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        addresses = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
        return bytes(
            0x26 if address == _FIFO_DATA and self._after_miss else self._registers.get(address, 0)
            for address in addresses
        )

    def _write_registers(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        for at in range(0, len(data) - 2, 3):
            self._registers[int.from_bytes(data[at : at + 2], "big")] = data[at + 2]
        return b""

    def _set_serial_baud_rate(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        if data[0] < len(BAUD_RATES):
            self._uart.next_baud_rate = BAUD_RATES[data[0]]
        return b""

    def _set_parameters(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        self._parameters = data[0]
        return b""

    def _power_down(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        self._leave_target_mode()
        self.field.off()
        self._asleep = self._powered_down = True
        self._uart.cool_down()
        return _OK

    def _configure_radio(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        if data[0] == 0x01 and not data[1] & 0x01:
            self.field.off()
        elif data[0] == 0x02:  # §7.3.1: 100 us, doubled with each step; 0 waits for ever
            self._timeout_s = 1e-4 * 2.0 ** (data[3] - 1) if data[3] else _FOR_EVER_S
        return b""

    # --- as a reader --------------------------------------------------------------------------------------------------

    def _list_passive_target(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        self._leave_target_mode()
        self._dep = None
        identity = self.field.poll() if data[1] == 0 else None
        self._after_miss = identity is None
        if identity is None:
            return b"\x00"
        return b"\x01" + self._described(identity)

    def _described(self, identity: Identity) -> bytes:
        found = b"\x01" + identity.sens_res + bytes([identity.sel_res, len(identity.uid)]) + identity.uid
        if self._parameters & _AUTO_RATS and identity.sel_res & 0x20:
            ats = self.field.exchange(b"\xe0\x50", 0.1) or b""
            if ats:
                self._dep = IsoDep(_Antenna(self.field), read_ats(ats), frame_most=64)
            found += ats
        return found

    def _communicate_through(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        if self._strikes(Fault.LOST_FRAME):
            return _TIMEOUT
        try:
            answer = self.field.exchange(data, self._timeout_s)
        except CorruptError:
            return _CRC
        if answer is None or self._strikes(Fault.TIMEOUT):
            return _TIMEOUT
        return _CRC if self._strikes(Fault.CRC) else _OK + answer

    def _data_exchange(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        if self._dep is None:
            return _CONTEXT
        try:
            return _OK + self._dep.exchange(data[1:])
        except SilentError:
            return _TIMEOUT
        except GarbledError:
            return _CRC

    def _release_target(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        self._dep = None
        return _OK

    def _auto_poll(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        self._leave_target_mode()
        tries, pause_s, kinds = data[0], data[1] * 0.15, data[2:]
        while not cancelled.is_set():
            identity = self.field.poll() if any(kind in (0x00, 0x10, 0x20) for kind in kinds) else None
            if identity is not None:
                described = self._described(identity)
                return bytes([1, 0x20 if identity.sel_res & 0x20 else 0x10, len(described)]) + described
            if tries != 0xFF:
                tries -= 1
                if tries <= 0:
                    return b"\x00"
            cancelled.wait(pause_s)
        return None

    # --- as a card ----------------------------------------------------------------------------------------------------

    def _become_target(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        self.field.off()
        identity = Identity(sens_res=data[2:0:-1], sel_res=data[6], uid=b"\x08" + data[3:6])
        general = data[35]
        historical = data[37 + general : 37 + general + data[36 + general]]
        as_picc = bool(self._parameters & _AS_PICC)
        while not cancelled.is_set():
            self._leave_target_mode()
            self._target = target = TargetMode(identity, as_picc=as_picc, historical=historical)
            self.field.put(target)
            with contextlib.suppress(ReleasedError):  # selected, and gone before its first frame
                if first := target.next(cancelled.is_set):
                    return bytes([0x08 if as_picc else 0x00]) + first
        self._leave_target_mode()
        return None

    def _get_as_target(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        if self._target is None:
            return _CONTEXT
        if self._strikes(Fault.RELEASE):
            return bytes([RELEASED])
        try:
            heard = self._target.next(cancelled.is_set)
        except ReleasedError:
            return bytes([RELEASED])
        return None if heard is None else _OK + heard

    def _answer_as_target(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        if self._target is None:
            return _CONTEXT
        try:
            self._target.answer(data)
        except ReleasedError:
            return bytes([RELEASED])
        return _OK

    def _target_status(self, data: bytes, cancelled: _Cancelled) -> bytes | None:
        return bytes([0x01 if self._target is not None else 0x00, 0x00])

    def _leave_target_mode(self) -> None:
        target, self._target = self._target, None
        if target is not None:
            self.field.take(target)


class _Antenna:
    """The field as the firmware's own ISO-DEP uses it."""

    def __init__(self, field: Field) -> None:
        self._field = field

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        try:
            answer = self._field.exchange(frame, timeout_s)
        except CorruptError as error:
            raise GarbledError("wrong CRC") from error
        if answer is None:
            raise SilentError
        return answer
