# SPDX-License-Identifier: Apache-2.0
"""nfcpy as a radio: one frame out, one in, as reader or as card. Only it and `serial_port` import nfcpy.

Of nfcpy only its drivers are used, and of those only Type A at 106 kbit/s. Whatever they raise (their own three
families, OSError, termios.error, and errors of Python where a frame is shorter than they believe) becomes one of
SilentError, GarbledError, FieldLeftError, or ReaderLostError with its cure. Everything here may block: for one thread.

A chip that missed one command (noise on the wire, a machine too busy to wait 100 ms for its ACK) but still says its
version is not lost: what was under way counts as garbled, and ISO-DEP says it again.
"""

import contextlib
import errno
import fcntl
import logging
import os
import termios
from collections.abc import Callable, Iterator
from typing import Any

import nfc
import nfc.clf
from nfc.clf import device, pn53x
from nfc.clf.transport import libusb

from drivers.isodep.reader import GarbledError, SilentError
from drivers.readers.pn53x import errors as pn53x_errors
from drivers.readers.pn53x.card import Found
from drivers.readers.pn53x.place import Place, SerialPlace, UdpPlace, UsbPlace
from drivers.readers.pn53x.serial_port import open_serial
from pengpos.core.errors import PengposError

_TRIES = 3
_HOST_S = 0.5  # the chip ends each exchange by itself: this is for one that does not
_NO_ANSWER, _SYNTAX_ERROR = 0x01, 0x7F
_NONSENSE = (
    pn53x.Chipset.Error,
    nfc.clf.Error,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,
)
"""What nfcpy's drivers raise by accident, where a chip answers less than they read."""
_TROUBLE = (OSError, termios.error, libusb.USBError, *_NONSENSE)


class FieldLeftError(PengposError):
    """As a card: the reader went away or released the card."""


class Pn53xLink:
    """One opened reader. Raises ReaderLostError from everything but `close`."""

    def __init__(self, name: str, place: Place) -> None:
        logging.getLogger("nfc").setLevel(logging.CRITICAL)  # what it calls an error happens every day: cards leave
        self._name = name
        self._usb = isinstance(place, UsbPlace)
        self._claim: int | None = None
        self._set_for_s: float | None = None
        """The timeout for which the chip is set up to talk to the card that was sensed."""
        self._frontend = nfc.ContactlessFrontend()
        with self._translated(opening=True):
            try:
                self._frontend.device = self._open(place)
            except BaseException:
                self._unclaim()
                raise

    @property
    def frame_most(self) -> int:
        """The largest ISO-DEP frame it can send, bytes, with PCB and CRC."""
        with self._translated():
            return int(self._frontend.device.get_max_send_data_size(None)) + 2

    def sense(self, *, reset: bool = True) -> Found | None:
        """Field off and on (unless nothing was there to be reset), then the first card that answers."""
        self._set_for_s = None
        if reset:
            self._again_if_garbled(lambda: self._frontend.device.mute())
        wanted = nfc.clf.RemoteTarget("106A")
        target = self._again_if_garbled(lambda: self._frontend.device.sense_tta(wanted))
        self._frontend.target = target
        if target is None:
            return None
        return Found(bytes(target.sdd_res or b""), target.sel_res[0] if target.sel_res else 0)

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        """To the card that was sensed last. Raises SilentError, GarbledError.

        nfcpy sets the same registers and the same timeout before each frame, which at 115200 baud doubles what a tap
        takes; as long as they are as it set them, only the frame is sent.
        """
        with self._translated():
            chipset = getattr(self._frontend.device, "chipset", None)
            if self._set_for_s == timeout_s and isinstance(chipset, pn53x.Chipset):
                return _through(chipset, frame, timeout_s)
            answer = self._frontend.exchange(bytearray(frame), timeout_s)
            if answer is None:  # nothing is selected
                raise SilentError
            self._set_for_s = timeout_s
            return bytes(answer)

    def mute(self) -> None:
        """Field off."""
        self._set_for_s = None
        self._again_if_garbled(lambda: self._frontend.device.mute())
        self._frontend.target = None

    def listen(self, *, sens_res: bytes, uid: bytes, sel_res: int, ats: bytes, timeout_s: float) -> bytes | None:
        """Be a card: the first frame after RATS, None if no reader came. `uid`: 4 bytes, 08 first."""
        self._set_for_s = None
        local = nfc.clf.LocalTarget("106A")
        local.sens_res, local.sdd_res = bytearray(sens_res), bytearray(uid)
        local.sel_res, local.rats_res = bytearray([sel_res]), bytearray(ats)
        target = self._again_if_garbled(lambda: self._frontend.listen(local, timeout_s))
        return None if target is None or not target.tt4_cmd else bytes(target.tt4_cmd)

    def reply(self, frame: bytes | None, timeout_s: float) -> bytes:
        """As a card: answer, and wait for the next frame. Raises SilentError, GarbledError, FieldLeftError."""
        with self._translated():
            return bytes(self._frontend.exchange(None if frame is None else bytearray(frame), timeout_s) or b"")

    def close(self) -> None:
        """Give the reader back; never raises."""
        with contextlib.suppress(*_TROUBLE):
            self._frontend.close()
        self._unclaim()

    def _open(self, place: Place) -> Any:
        match place:
            case SerialPlace(path):
                self._claim = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
                fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return open_serial(path)
            case UsbPlace(bus, address):
                found = device.connect(f"usb:{bus:03}:{address:03}")
            case UdpPlace(host, port):
                found = device.connect(f"udp:{host}:{port}")
        if found is None:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return found

    def _unclaim(self) -> None:
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    @contextlib.contextmanager
    def _translated(self, *, opening: bool = False) -> Iterator[None]:
        try:
            yield
        except nfc.clf.TimeoutError as error:
            raise SilentError from error
        except nfc.clf.BrokenLinkError as error:
            raise FieldLeftError(str(error)) from error
        except nfc.clf.CommunicationError as error:
            raise GarbledError(str(error) or type(error).__name__) from error
        except _TROUBLE as error:
            if not opening and self._still_answers():
                raise GarbledError(f"the reader missed a command ({error})") from error
            raise pn53x_errors.reader_lost(self._name, error, opening=opening, usb=self._usb) from error

    def _again_if_garbled(self, call: Callable[[], Any]) -> Any:
        """What begins anew may be said anew."""
        for _ in range(_TRIES):
            with contextlib.suppress(GarbledError, SilentError, FieldLeftError), self._translated():
                return call()
        trouble = OSError(errno.EIO, os.strerror(errno.EIO))
        raise pn53x_errors.reader_lost(self._name, trouble, opening=False, usb=self._usb)

    def _still_answers(self) -> bool:
        self._set_for_s = None
        for _ in range(_TRIES):
            with contextlib.suppress(*_TROUBLE):
                self._frontend.device.chipset.send_ack()  # ends whatever it does
                self._frontend.device.chipset.get_firmware_version()
                return True
        return False


def _through(chipset: Any, frame: bytes, timeout_s: float) -> bytes:
    """InCommunicateThru, waited for as long as the chip does: in powers of two, the next above `timeout_s`."""
    try:
        return bytes(chipset.in_communicate_thru(bytearray(frame), 2 * timeout_s + _HOST_S))
    except pn53x.Chipset.Error as error:
        if error.errno == _SYNTAX_ERROR:
            raise
        if error.errno == _NO_ANSWER:
            raise SilentError from error
        raise GarbledError(str(error)) from error
