# SPDX-License-Identifier: Apache-2.0
"""What each PC/SC status means for a tap, and for the technician."""

import pytest

from drivers.readers.pcsc import errors
from drivers.readers.pcsc.errors import CARD_GONE, CARD_ODD, NO_ANSWER, reader_lost
from drivers.readers.pcsc.winscard import Status, WinscardError
from pengpos.core.errors import ReaderLostError

CARDS_FAULT = CARD_GONE | NO_ANSWER | CARD_ODD
MEANINGS = {
    Status.OK: "not an error",
    Status.TIMEOUT: "no error: nothing changed in time",
    Status.CANCELLED: "no error: to be looked at again",
    Status.INVALID_HANDLE: "Wait a moment",
    Status.INSUFFICIENT_BUFFER: "card is odd",
    Status.UNKNOWN_READER: "Plug it in again",
    Status.SHARING_VIOLATION: "Stop the other program",
    Status.NO_SMARTCARD: "card has gone",
    Status.PROTO_MISMATCH: "card is odd",
    Status.COMM_ERROR: "asked again by itself",
    Status.NOT_TRANSACTED: "no answer",
    Status.READER_UNAVAILABLE: "Plug it in again",
    Status.NO_SERVICE: "systemctl start pcscd.socket",
    Status.SERVICE_STOPPED: "systemctl start pcscd.socket",
    Status.NO_READERS: "blacklist",
    Status.UNSUPPORTED_CARD: "card is odd",
    Status.UNRESPONSIVE_CARD: "no answer",
    Status.UNPOWERED_CARD: "no answer",
    Status.RESET_CARD: "card has gone",
    Status.REMOVED_CARD: "card has gone",
    Status.SECURITY_VIOLATION: "polkit",
}
CARD_WORDS = {"card has gone": CARD_GONE, "no answer": NO_ANSWER, "card is odd": CARD_ODD}


def test_each_status_that_is_told_apart_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Status)


@pytest.mark.parametrize(("status", "meaning"), MEANINGS.items(), ids=[status.name for status in MEANINGS])
def test_what_a_status_means(status: Status, meaning: str) -> None:
    kinds = [word for word, statuses in CARD_WORDS.items() if status in statuses]
    if meaning in CARD_WORDS:
        assert kinds == [meaning]
    else:
        assert kinds == []
    if status in CARDS_FAULT or status in {Status.OK, Status.TIMEOUT, Status.CANCELLED}:
        return
    lost = reader_lost("ACR", WinscardError("SCardTransmit", status))
    assert (lost.reader, meaning in lost.cure) == ("ACR", True)
    assert lost.detail


@pytest.mark.parametrize("status", [0x8010002F, 0x80100001, 0x00000001], ids="{:08X}".format)
def test_a_status_nobody_has_heard_of_is_told_as_it_is(status: int) -> None:
    lost = reader_lost("ACR", WinscardError("SCardConnect", status))
    assert "SCardConnect" in lost.detail
    assert f"{status:08X}" in lost.detail
    assert "restart pcscd" in lost.cure


@pytest.mark.parametrize(
    ("lost", "detail", "cure"),
    [
        (errors.unplugged("ACR"), "not there", "Plug it in again"),
        (errors.taken("ACR"), "another program", "Stop the other program"),
        (errors.hung("ACR"), "hangs", "Take the phone away"),
        (errors.closed("ACR"), "closed", "Open it again"),
    ],
    ids=["unplugged", "taken", "hung", "closed"],
)
def test_what_is_no_status_has_words_as_well(lost: ReaderLostError, detail: str, cure: str) -> None:
    assert lost.reader == "ACR"
    assert detail in lost.detail
    assert cure in lost.cure
