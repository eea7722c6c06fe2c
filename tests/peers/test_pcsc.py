# SPDX-License-Identifier: Apache-2.0
"""Programs and cards that no one of us wrote: opensc-tool as a reader and as a rival, vicc as a card.

Debian: opensc; vsmartcard-vpicc with python3-pycryptodome. vicc is GPL-3: it runs as a process of its own.
"""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.readers.pcsc.reader import PcscReader
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import Card
from sandbox.phone.field.vpcd import CONTACTLESS_ATR
from tests.support.pcscd import LIMIT_S, VirtualSlot

SELECT = bytes.fromhex("00A4040009F050454E475441500100")
OURS = bytes.fromhex("8010000000")
THEIRS = bytes.fromhex("00CA000000")
OK = b"\x90\x00"
RIVAL_WAITS_S = 2.0
"""opensc-tool has its answer in a tenth of that where nobody keeps it waiting."""


RUN_VICC = """
import runpy, sys
from virtualsmartcard.VirtualSmartcard import Iso7816OS
atr = bytes.fromhex(sys.argv.pop(1))
if atr:
    Iso7816OS.getATR = lambda card: atr
runpy.run_path("/usr/bin/vicc", run_name="__main__")
"""


@contextmanager
def vicc_on(slot: VirtualSlot, tmp_path: Path, atr: bytes = b"") -> Iterator["subprocess.Popen[bytes]"]:
    """Debian's ISO 7816 card, with the ATR a reader would make up for it; with none, its own, of a card with contacts.

    It wants its modules where nobody looks and PyCryptodome under its old name.
    """
    (tmp_path / "Crypto").symlink_to("/usr/lib/python3/dist-packages/Cryptodome")
    path = os.pathsep.join(("/usr/lib/python3/site-packages/virtualsmartcard", str(tmp_path)))
    command = ["/usr/bin/python3", "-c", RUN_VICC, atr.hex(), "--type", "iso7816", "--hostname", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "--port", str(slot.reader.port)],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
    slot.await_presence(present=False)


@pytest.fixture
def vicc(slot: VirtualSlot, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """It is held to a contactless reader."""
    with vicc_on(slot, tmp_path, CONTACTLESS_ATR) as process:
        yield process


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        pytest.param(SELECT, "6a82", id="our AID is unknown to it"),
        pytest.param(bytes.fromhex("00B0000000"), "6986", id="READ BINARY without a file"),
        pytest.param(bytes.fromhex("002000010431323334"), "9000", id="VERIFY 1234"),
    ],
)
def test_a_card_that_is_no_wallet(
    slot: VirtualSlot, vicc: "subprocess.Popen[bytes]", command: bytes, answer: str
) -> None:
    reader = PcscReader(slot.reader.name)
    (card,) = reader.wait(LIMIT_S)
    assert card.transceive(command, LIMIT_S).hex() == answer
    assert reader.wait(0.01) == (card,)
    vicc.kill()
    assert reader.wait(LIMIT_S) == ()
    reader.close()


def test_a_card_with_contacts_is_left_alone_until_the_technician_includes_its_slot(
    slot: VirtualSlot, tmp_path: Path
) -> None:
    with vicc_on(slot, tmp_path):
        slot.await_presence(present=True)
        with pytest.raises(ReaderLostError, match="a card with contacts"):
            PcscReader(slot.reader.name)
        included = PcscReader(slot.reader.name, any_card=True)
        (card,) = included.wait(LIMIT_S)
        assert card.transceive(SELECT, LIMIT_S).hex() == "6a82"
        included.close()


def opensc_tool(slot: VirtualSlot, *apdus: str) -> list[str]:
    sends = [word for apdu in apdus for word in ("--send-apdu", apdu)]
    return ["opensc-tool", "--reader", slot.reader.name, *sends]


def test_a_strangers_reader_reads_our_card(slot: VirtualSlot) -> None:
    heard: list[bytes] = []

    def respond(command: bytes) -> bytes:
        heard.append(command)
        return b"pengpos" + OK if command == SELECT else bytes.fromhex("6D00")

    slot.insert(respond)
    slot.await_presence(present=True)
    said = subprocess.run(
        opensc_tool(slot, SELECT.hex(), "00CA000000"), capture_output=True, text=True, check=True, timeout=30
    ).stdout
    assert "SW1=0x90, SW2=0x00" in said
    assert "pengpos" in said
    assert "SW1=0x6D, SW2=0x00" in said
    assert SELECT in heard


def test_a_rival_that_holds_the_card_is_named(slot: VirtualSlot) -> None:
    asked, let = threading.Event(), threading.Event()

    def respond(command: bytes) -> bytes:
        asked.set()
        let.wait(2 * LIMIT_S)
        return OK

    slot.insert(respond)
    slot.await_presence(present=True)
    with subprocess.Popen(opensc_tool(slot, SELECT.hex()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        assert asked.wait(LIMIT_S)
        reader = PcscReader(slot.reader.name)
        (card,) = reader.wait(LIMIT_S)
        with pytest.raises(ReaderLostError) as caught:
            card.transceive(SELECT, 0.3)
        let.set()
    assert "another program" in caught.value.detail
    assert "opensc-tool" in caught.value.cure
    (card,) = reader.wait(0.01)
    assert card.transceive(SELECT, LIMIT_S) == OK
    reader.close()


class NotedCard:
    """Answers all, and keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def __call__(self, command: bytes) -> bytes:
        self.heard.append(command)
        return OK


@contextmanager
def rival_of(slot: VirtualSlot) -> Iterator["subprocess.Popen[str]"]:
    """Wants THEIRS answered, and would have been by now if the card were free."""
    with subprocess.Popen(
        opensc_tool(slot, THEIRS.hex()), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as rival:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                rival.communicate(timeout=RIVAL_WAITS_S)
            yield rival
        finally:
            rival.kill()


def test_a_card_that_was_only_asked_who_it_is_is_shared(slot: VirtualSlot) -> None:
    slot.insert(lambda command: OK)
    reader = PcscReader(slot.reader.name)
    (card,) = reader.wait(LIMIT_S)
    assert card.transceive(SELECT, LIMIT_S) == OK
    said = subprocess.run(
        opensc_tool(slot, THEIRS.hex()), capture_output=True, text=True, check=True, timeout=30
    ).stdout
    assert "SW1=0x90, SW2=0x00" in said
    assert card.transceive(SELECT, LIMIT_S) == OK
    reader.close()


def in_business(slot: VirtualSlot) -> tuple[NotedCard, PcscReader, Card]:
    """A phone that has answered our SELECT and one command more."""
    phone = NotedCard()
    slot.insert(phone)
    reader = PcscReader(slot.reader.name)
    (card,) = reader.wait(LIMIT_S)
    card.converse(lambda transceive: [transceive(SELECT, LIMIT_S), transceive(OURS, LIMIT_S)])
    return phone, reader, card


def test_a_phone_we_do_business_with_is_ours_alone_until_we_let_go(slot: VirtualSlot) -> None:
    phone, reader, card = in_business(slot)
    with rival_of(slot) as rival:
        assert card.transceive(OURS, LIMIT_S) == OK
        assert phone.heard == [SELECT, OURS, OURS]
        reader.close()
        said, _ = rival.communicate(timeout=30)
    assert "SW1=0x90, SW2=0x00" in said
    assert THEIRS in phone.heard[3:]  # it did wait for the card, and for nothing else


def test_a_phone_we_do_business_with_leaves_without_having_heard_another_program(slot: VirtualSlot) -> None:
    phone, reader, card = in_business(slot)
    with rival_of(slot) as rival:
        assert card.transceive(OURS, LIMIT_S) == OK
        slot.remove()
        assert reader.wait(LIMIT_S) == ()
        reader.wait(0)
        said, _ = rival.communicate(timeout=30)
    assert rival.returncode != 0
    assert "SW1" not in said
    assert phone.heard == [SELECT, OURS, OURS]
    reader.close()
