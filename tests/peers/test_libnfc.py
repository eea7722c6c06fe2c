# SPDX-License-Identifier: Apache-2.0
"""libnfc, in C and by others, on one simulated PN532 and we on the other. Debian: libnfc-bin, libnfc-examples."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import ndef
import pytest

from drivers.readers.pn53x.card import Pn53xCard
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Field, RadioPhone
from drivers.simulated.pn532 import SimulatedPn532
from drivers.tags.pn53x_tag import listen
from drivers.tags.type4 import Type4Tag

LIMIT_S = 20.0


@pytest.fixture
def chips() -> Iterator[tuple[SimulatedPn532, SimulatedPn532]]:
    """Ours and theirs, joined by the air."""
    air = Field()
    with SimulatedPn532(air) as ours, SimulatedPn532(air) as theirs:
        yield ours, theirs


@contextmanager
def libnfc(chip: SimulatedPn532, *tool: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        tool,
        env=os.environ | {"LIBNFC_DEVICE": f"pn532_uart:{chip.path}:115200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def read_tag(card: Pn53xCard) -> bytes:
    """As a phone reads a Type 4 tag: application, capability container, the file it names."""

    def ask(command: str) -> bytes:
        answer = card.transceive(bytes.fromhex(command), LIMIT_S)
        assert answer[-2:] == b"\x90\x00", command
        return answer[:-2]

    ask("00A4040007D276000085010100")
    ask("00A4000C02E103")
    file = ask("00B000000F")[9:11]
    ask("00A4000C02" + file.hex())
    size = int.from_bytes(ask("00B0000002"), "big")
    return ask(f"00B00002{size:02X}")


def test_nfc_emulate_forum_tag4_is_read_by_our_reader(chips: tuple[SimulatedPn532, SimulatedPn532]) -> None:
    ours, theirs = chips
    with libnfc(theirs, "nfc-emulate-forum-tag4"):
        reader = Pn53xReader("ours", lambda: Pn53xLink("ours", SerialPlace(ours.path)))
        (card,) = reader.wait(LIMIT_S)
        (record,) = ndef.message_decoder(read_tag(card))
        reader.close()
    assert record.resource.uri == "http://libnfc.org"


@pytest.mark.parametrize("tool", [["nfc-poll"], ["nfc-list", "-t", "1"]], ids=["nfc-poll", "nfc-list"])
def test_libnfcs_readers_find_our_tag(chips: tuple[SimulatedPn532, SimulatedPn532], tool: list[str]) -> None:
    ours, theirs = chips
    link = Pn53xLink("ours", SerialPlace(ours.path))
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            listen(link, Type4Tag("https://shop.example/"), 0.5)

    thread = threading.Thread(target=serve)
    thread.start()
    with libnfc(theirs, *tool) as reading:
        assert reading.stdout is not None
        said = []
        for line in reading.stdout:
            said.append(" ".join(line.split()))
            if "ATS:" in line:
                break
    done.set()
    thread.join(LIMIT_S)
    link.close()
    assert "ATQA (SENS_RES): 00 04" in said
    assert "UID (NFCID3): 08 50 50 01" in said
    assert "SAK (SEL_RES): 20" in said
    assert "ATS: 78 80 70 00" in said


def test_nfc_poll_finds_a_simulated_phone(chips: tuple[SimulatedPn532, SimulatedPn532]) -> None:
    _, theirs = chips
    theirs.field.put(RadioPhone(theirs.field, lambda command: b"\x90\x00"))
    with libnfc(theirs, "nfc-poll") as tool:
        assert tool.stdout is not None
        said = next(" ".join(line.split()) for line in tool.stdout if "UID" in line)
    assert said == "UID (NFCID3): 08 01 02 03"
