# SPDX-License-Identifier: Apache-2.0
"""What the settings make of this machine's readers and tags."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from drivers.readers.pn53x.discovery import Pn53xReaders
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import Place, SerialPlace
from drivers.simulated.field import RadioPhone
from drivers.simulated.pn532 import SimulatedPn532
from pengpos.core.ports import ReaderState, TagWaiting
from sandbox.phone.field.reader_service import ReaderService
from terminal.commands.hardware import Hardware
from terminal.device.settings import ReaderSettings, Settings, TagSettings
from tests.support.listener import Listener


def test_without_a_reader_for_it_nfcpy_is_not_loaded() -> None:
    code = (
        "import sys; from terminal.device.settings import Settings; from terminal.commands.hardware import Hardware; "
        "Hardware(Settings()); print('nfc' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "False"


@pytest.mark.parametrize(
    ("tag", "there"),
    [
        (TagSettings(), False),
        (TagSettings(shop_address="https://shop.example/"), False),
        (TagSettings(pn53x=True), True),
        (TagSettings(chip="/dev/i2c-9"), True),
        (TagSettings(chip="/dev/i2c-9", pn53x=True), True),
    ],
)
def test_whether_there_is_a_tag(tag: TagSettings, there: bool) -> None:
    presenter = Hardware(Settings(tag=tag)).tag
    assert (presenter is not None) is there
    if presenter is not None:
        presenter.show(TagWaiting("https://pay.example/t/A"))


def test_a_pn532_beside_pcsc_readers_each_by_its_name(tmp_path: Path, reader_service: ReaderService) -> None:
    port = tmp_path / "dev" / "serial0"
    port.parent.mkdir()
    port.touch()
    with SimulatedPn532() as chip:

        def open_link(name: str, place: Place) -> Pn53xLink:
            assert place == SerialPlace("/dev/serial0")
            return Pn53xLink(name, SerialPlace(chip.path))

        settings = Settings(readers=ReaderSettings(serial_ports=("/dev/serial0",)), tag=TagSettings(pn53x=True))
        listener = Listener()
        readers = Hardware(settings, partial(Pn53xReaders, root=tmp_path, open_link=open_link)).readers(listener)
        readers.start()
        names = ["PN532 on serial0", *(reader.name for reader in reader_service.readers)]
        listener.until(lambda heard: all(heard.states(name)[-1:] == [ReaderState.READY] for name in names))
        chip.field.put(RadioPhone(chip.field, lambda command: b"\x90\x00"))
        listener.until(lambda heard: len(heard.cards.get("PN532 on serial0", ())) == 1)
        assert readers.stop()


def test_a_tag_chip_that_is_not_there_is_an_alarm_and_no_empty_field(reader_service: ReaderService) -> None:
    listener = Listener()
    readers = Hardware(Settings(tag=TagSettings(chip="/dev/i2c-9"))).readers(listener)
    readers.start()
    listener.until(lambda heard: ReaderState.LOST in heard.states("tag chip"))
    listener.until(lambda heard: len(heard.fields) >= 2)
    assert "tag chip" not in listener.fields
    assert any("raspi-config" in health.cure for health in listener.healths)
    assert readers.stop()
