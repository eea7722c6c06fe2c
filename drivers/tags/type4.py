# SPDX-License-Identifier: Apache-2.0
"""A read-only Type 4 tag: C-APDU in, R-APDU out. NFC Forum T4T 2.0; tap protocol §3.

AID D2760000850101; CC file E103; NDEF file E104: NLEN (2 bytes), message. Unknown AID 6A82, unknown command 6D00.
One phone's session lasts from its first command until the field goes: all of it reads the content of its beginning.
"""

import threading
from collections.abc import Callable

from drivers.tags.ndef import MESSAGE_MOST, message_of
from pengpos.core.ports import TagIdle, TagNews, TagState

AID = bytes.fromhex("D2760000850101")
CC_FILE, NDEF_FILE = b"\xe1\x03", b"\xe1\x04"
_FILE_MOST = MESSAGE_MOST + 2
_CC = bytes.fromhex("000F2000FF00010406E104") + _FILE_MOST.to_bytes(2, "big") + bytes.fromhex("00FF")

_OK = b"\x90\x00"
_WRONG_LENGTH = b"\x67\x00"
_READ_ONLY = b"\x69\x82"
_NO_FILE = b"\x69\x86"
_NOT_FOUND = b"\x6a\x82"
_BEYOND_END = b"\x6b\x00"
_UNKNOWN = b"\x6d\x00"


class _Shown:
    """What all tags of one presenter say."""

    def __init__(self, message: bytes) -> None:
        self.message = message


class Type4Tag:
    """The tag; `address` is the shop's. `respond` and `field_off` are the radio's to call, `show` is for any thread."""

    def __init__(self, address: str | None = None, *, shown: _Shown | None = None) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._shown = shown if shown is not None else _Shown(message_of(TagIdle(), address))
        self._ndef_file: bytes | None = None
        self._selected_application = False
        self._file: bytes | None = None

    def tell(self, listener: Callable[[TagNews], None]) -> None:
        """See `core.ports.TagPresenter`: it is read-only for every phone, so there never are any."""

    def show(self, state: TagState) -> None:
        """See `core.ports.TagPresenter`."""
        self._shown.message = message_of(state, self._address)

    def another(self) -> "Type4Tag":
        """The same content for another antenna, with a session of its own."""
        return Type4Tag(self._address, shown=self._shown)

    def field_off(self) -> None:
        """The phone's session is over."""
        with self._lock:
            self._ndef_file = self._file = None
            self._selected_application = False

    def respond(self, command: bytes) -> bytes:
        """The answer to a C-APDU, whatever it is."""
        with self._lock:
            if self._ndef_file is None:
                message = self._shown.message
                self._ndef_file = len(message).to_bytes(2, "big") + message
            if len(command) < 4:
                return _WRONG_LENGTH
            match command[:4]:
                case b"\x00\xa4\x04\x00":
                    return self._select_application(command[4:])
                case b"\x00\xa4\x00\x0c" | b"\x00\xa4\x00\x00":
                    return self._select_file(command[4:], self._ndef_file)
                case _:
                    pass
            match command[:2]:
                case b"\x00\xb0":
                    return self._read(int.from_bytes(command[2:4], "big"), command[4:])
                case b"\x00\xd6":
                    return _READ_ONLY
                case b"\x00\xa4":
                    return _NOT_FOUND
                case _:
                    return _UNKNOWN

    def _select_application(self, body: bytes) -> bytes:
        name = _data(body)
        if name is None:
            return _WRONG_LENGTH
        self._file = None
        self._selected_application = name == AID
        return _OK if self._selected_application else _NOT_FOUND

    def _select_file(self, body: bytes, ndef_file: bytes) -> bytes:
        name = _data(body)
        if name is None:
            return _WRONG_LENGTH
        files = {CC_FILE: _CC, NDEF_FILE: ndef_file} if self._selected_application else {}
        if name not in files:
            return _NOT_FOUND
        self._file = files[name]
        return _OK

    def _read(self, offset: int, body: bytes) -> bytes:
        if len(body) != 1:
            return _WRONG_LENGTH
        if self._file is None:
            return _NO_FILE
        if offset > len(self._file):
            return _BEYOND_END
        return self._file[offset : offset + (body[0] or 256)] + _OK


def _data(body: bytes) -> bytes | None:
    """The command's data, Lc before and perhaps Le behind; None if the lengths do not fit."""
    if not body or len(body) not in (body[0] + 1, body[0] + 2):
        return None
    return body[1 : body[0] + 1]
