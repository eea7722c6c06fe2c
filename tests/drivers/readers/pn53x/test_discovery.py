# SPDX-License-Identifier: Apache-2.0
"""Plugging readers in, as sysfs shows it."""

import errno
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.readers.choice import Choice
from drivers.readers.pn53x.discovery import Candidate, Pn53xReaders, candidates
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import Place, SerialPlace, UsbPlace
from drivers.simulated.field import RadioPhone
from drivers.simulated.pn532 import Fault, SimulatedPn532
from pengpos.core.errors import ReaderLostError

LIMIT_S = 10.0


class Machine:
    """A machine's /sys and /dev, and hands that plug things in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def plug_adapter(self, tty: str, identity: str) -> None:
        """A USB-serial adapter, as `1-1` on the first bus."""
        device = self._device("1-1", identity)
        port = device / "1-1:1.0" / tty / "tty" / tty
        port.mkdir(parents=True)
        (self.root / "sys/class/tty").mkdir(parents=True, exist_ok=True)
        (self.root / "sys/class/tty" / tty).symlink_to(port)

    def plug_reader(self, place: str, identity: str, *, driver: str = "") -> None:
        """A USB reader; `driver` is the kernel's own that took it."""
        device = self._device(place, identity)
        (device / "busnum").write_text("1\n")
        (device / "devnum").write_text("7\n")
        interface = device / f"{place}:1.0"
        interface.mkdir()
        if driver:
            known = self.root / "sys/bus/usb/drivers" / driver
            known.mkdir(parents=True)
            (interface / "driver").symlink_to(known)

    def unplug_adapter(self, tty: str) -> None:
        (self.root / "sys/class/tty" / tty).unlink()

    def solder(self, tty: str) -> None:
        """A UART that hangs on no USB."""
        port = self.root / "sys/devices/platform/serial" / tty
        port.mkdir(parents=True)
        (self.root / "sys/class/tty").mkdir(parents=True, exist_ok=True)
        (self.root / "sys/class/tty" / tty).symlink_to(port)
        (self.root / "dev").mkdir(exist_ok=True)
        (self.root / "dev" / tty).touch()

    def _device(self, place: str, identity: str) -> Path:
        device = self.root / "sys/devices/pci/usb1" / place
        device.mkdir(parents=True)
        vendor, product = identity.split(":")
        (device / "idVendor").write_text(f"{vendor}\n")
        (device / "idProduct").write_text(f"{product}\n")
        devices = self.root / "sys/bus/usb/devices"
        devices.mkdir(parents=True, exist_ok=True)
        (devices / place).symlink_to(device)
        return device


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def chip() -> Iterator[SimulatedPn532]:
    with SimulatedPn532() as chip:
        yield chip


class Wires:
    """Opens the simulated chip, whatever port it is said to be on."""

    def __init__(self, chip: SimulatedPn532) -> None:
        self.chip = chip
        self.opened: list[Place] = []

    def __call__(self, name: str, place: Place) -> Pn53xLink:
        self.opened.append(place)
        return Pn53xLink(name, SerialPlace(self.chip.path))


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ("04cc:2533", "PN533 on USB 1-2"),
        ("04e6:5591", "SCL3711 on USB 1-2"),
        ("054c:06c1", "RC-S380 on USB 1-2"),
        ("054c:06c3", "RC-S380 on USB 1-2"),
    ],
)
def test_usb_readers_are_known(machine: Machine, identity: str, name: str) -> None:
    machine.plug_reader("1-2", identity)
    assert list(candidates(root=machine.root)) == [Candidate(name, UsbPlace(1, 7))]


@pytest.mark.parametrize("identity", ["1a86:7523", "10c4:ea60", "0403:6001", "067b:2303"])
def test_usb_serial_adapters_may_be_readers(machine: Machine, identity: str) -> None:
    machine.plug_adapter("ttyUSB0", identity)
    assert list(candidates(root=machine.root)) == [
        Candidate("PN532 on ttyUSB0", SerialPlace("/dev/ttyUSB0"), adapter=True)
    ]


@pytest.mark.parametrize("identity", ["072f:2200", "046d:c31c"], ids=["ACR122U: PC/SC's", "a keyboard"])
def test_other_things_are_left_alone(machine: Machine, identity: str) -> None:
    machine.plug_reader("1-2", identity)
    machine.plug_adapter("ttyUSB0", "046d:c31c")
    machine.solder("ttyAMA0")
    assert list(candidates(root=machine.root)) == []


def test_of_linux_many_ttys_only_those_of_usb_are_looked_at(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.plug_adapter("ttyACM0", "1a86:55d4")
    for number in range(64):
        machine.solder(f"tty{number}")
    looked: list[str] = []
    resolve = Path.resolve

    def resolved(path: Path) -> Path:
        looked.append(path.name)
        return resolve(path)

    monkeypatch.setattr(Path, "resolve", resolved)
    assert [found.name for found in candidates(root=machine.root)] == ["PN532 on ttyACM0"]
    assert looked == ["ttyACM0"]


def test_a_uart_is_asked_where_a_setting_names_it(machine: Machine) -> None:
    machine.solder("ttyAMA0")
    named = ["/dev/ttyAMA0", "/dev/ttyS9"]
    assert list(candidates(named, machine.root)) == [Candidate("PN532 on ttyAMA0", SerialPlace("/dev/ttyAMA0"))]


def test_what_is_excluded_is_not_even_asked(machine: Machine, chip: SimulatedPn532) -> None:
    machine.plug_adapter("ttyUSB0", "1a86:7523")
    machine.plug_reader("1-2", "04cc:2533")
    wires = Wires(chip)
    readers = Pn53xReaders(root=machine.root, open_link=wires, choice=Choice(exclude=("ttyUSB0", "pn533")))
    assert readers.discover(0) == ()
    assert wires.opened == []


def test_a_module_on_usb_serial_needs_no_configuration(machine: Machine, chip: SimulatedPn532) -> None:
    machine.plug_adapter("ttyUSB0", "1a86:7523")
    readers = Pn53xReaders(root=machine.root, open_link=Wires(chip))
    assert readers.discover(0) == ("PN532 on ttyUSB0",)
    reader = readers.open("PN532 on ttyUSB0")
    chip.field.put(RadioPhone(chip.field, lambda command: b"\x90\x00"))
    (card,) = reader.wait(LIMIT_S)
    assert card.transceive(bytes.fromhex("00A40400"), LIMIT_S) == b"\x90\x00"
    assert readers.discover(0) == ("PN532 on ttyUSB0",)  # it is not asked again while it is in use
    reader.close()


def test_an_adapter_with_something_else_is_asked_rarely(machine: Machine, chip: SimulatedPn532) -> None:
    machine.plug_adapter("ttyUSB0", "1a86:7523")
    chip.inject(Fault.MUTE, 1_000)
    now_s = [0.0]
    wires = Wires(chip)
    readers = Pn53xReaders(root=machine.root, open_link=wires, monotonic_s=lambda: now_s[0], ask_within_s=LIMIT_S)
    for _ in range(3):
        with pytest.raises(ReaderLostError, match="ttyUSB0"):
            readers.discover(0)
    assert len(wires.opened) == 1
    chip.calm()
    now_s[0] = 31.0
    assert readers.discover(0) == ("PN532 on ttyUSB0",)


@pytest.mark.parametrize(
    ("choice", "asked"),
    [(Choice(), [0, 30, 150]), (Choice(include=("ttyUSB0",)), [0, 30, 60, 90, 120, 150, 180, 210, 240])],
    ids=["three times", "as long as the technician says that it is one"],
)
def test_a_printer_is_not_bothered_for_ever(
    machine: Machine, chip: SimulatedPn532, choice: Choice, asked: list[int]
) -> None:
    machine.plug_adapter("ttyUSB0", "1a86:7523")
    now_s, times = [0.0], list[float]()

    def nobody(name: str, place: Place) -> Pn53xLink:
        times.append(now_s[0])
        raise ReaderLostError(name, "no answer", "") from OSError(errno.ENODEV, "none")

    readers = Pn53xReaders(root=machine.root, open_link=nobody, monotonic_s=lambda: now_s[0], choice=choice)
    for now_s[0] in range(0, 250, 10):
        with pytest.raises(ReaderLostError):
            readers.discover(0)
    assert times == asked


def test_a_port_that_another_program_holds_is_looked_at_until_it_is_free(
    machine: Machine, chip: SimulatedPn532
) -> None:
    machine.plug_adapter("ttyUSB0", "1a86:7523")
    now_s, held = [0.0], [True]

    def open_link(name: str, place: Place) -> Pn53xLink:
        if held[0]:
            raise ReaderLostError(name, "held", "") from OSError(errno.EBUSY, "busy")
        return Pn53xLink(name, SerialPlace(chip.path))

    readers = Pn53xReaders(root=machine.root, open_link=open_link, monotonic_s=lambda: now_s[0])
    for now_s[0] in range(0, 600, 30):
        with pytest.raises(ReaderLostError):
            readers.discover(0)
    held[0], now_s[0] = False, 600.0
    assert readers.discover(0) == ("PN532 on ttyUSB0",)


def test_an_adapter_that_takes_its_time_holds_up_no_other_reader(machine: Machine, chip: SimulatedPn532) -> None:
    machine.plug_adapter("ttyUSB0", "1a86:7523")
    let, asked = threading.Event(), list[str]()

    def slow(name: str, place: Place) -> Pn53xLink:
        asked.append(name)
        let.wait(LIMIT_S)
        return Pn53xLink(name, SerialPlace(chip.path))

    readers = Pn53xReaders(root=machine.root, open_link=slow, ask_within_s=0.01)
    assert [readers.discover(0) for _ in range(3)] == [(), (), ()]
    let.set()
    deadline_s = time.monotonic() + LIMIT_S
    while readers.discover(0) == ():
        assert time.monotonic() < deadline_s
    assert asked == ["PN532 on ttyUSB0"]


def test_unplugged_and_plugged_in_it_is_asked_at_once(machine: Machine, chip: SimulatedPn532) -> None:
    machine.plug_adapter("ttyUSB0", "1a86:7523")
    chip.inject(Fault.MUTE, 1_000)
    readers = Pn53xReaders(root=machine.root, open_link=Wires(chip), monotonic_s=lambda: 0.0, ask_within_s=LIMIT_S)
    with pytest.raises(ReaderLostError):
        readers.discover(0)
    machine.unplug_adapter("ttyUSB0")
    assert readers.discover(0) == ()
    with pytest.raises(ReaderLostError, match="Plug it in"):
        readers.open("PN532 on ttyUSB0")
    chip.calm()
    (machine.root / "sys/class/tty/ttyUSB0").symlink_to(
        machine.root / "sys/devices/pci/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0"
    )
    assert readers.discover(0) == ("PN532 on ttyUSB0",)


def test_the_kernels_own_driver_is_named(machine: Machine, chip: SimulatedPn532) -> None:
    machine.plug_reader("1-2", "04cc:2533", driver="pn533_usb")
    readers = Pn53xReaders(root=machine.root, open_link=Wires(chip))
    (name,) = readers.discover(0)
    with pytest.raises(ReaderLostError) as caught:
        readers.open(name)
    assert "pn533_usb" in caught.value.detail
    assert "blacklist" in caught.value.cure
