# SPDX-License-Identifier: Apache-2.0
"""nfcpy's drivers as a radio, on a simulated chip: what is found, what is said, and what each trouble becomes."""

import logging
from collections.abc import Callable, Iterator

import nfc.clf
import pytest
from nfc.clf import pn53x

from drivers.isodep.reader import GarbledError, SilentError
from drivers.readers.pn53x.card import Found
from drivers.readers.pn53x.link import FieldLeftError, Pn53xLink
from drivers.readers.pn53x.place import SerialPlace, UdpPlace, UsbPlace
from drivers.simulated.field import CorruptError, Identity
from drivers.simulated.pn532 import Fault, SimulatedPn532
from pengpos.core.errors import ReaderLostError

TRIES = 20
PHONE = Identity(sel_res=0x20, uid=bytes.fromhex("08010203"))
Hear = Callable[[bytes], bytes | None]


class Tag:
    """A card of a few lines: it is selected, and answers frames."""

    def __init__(self, identity: Identity, hear: Hear = lambda frame: frame) -> None:
        self.identity = identity
        self._hear = hear
        self.fields_off = 0
        self._selected = False

    def select(self) -> Identity | None:
        selected, self._selected = self._selected, True
        return None if selected else self.identity

    def hear(self, frame: bytes, timeout_s: float) -> bytes | None:
        assert timeout_s > 0
        return self._hear(frame)

    def field_off(self) -> None:
        self.fields_off += 1
        self._selected = False


@pytest.fixture
def chip() -> Iterator[SimulatedPn532]:
    with SimulatedPn532() as chip:
        yield chip


@pytest.fixture
def link(chip: SimulatedPn532) -> Iterator[Pn53xLink]:
    link = Pn53xLink("PN532", SerialPlace(chip.path))
    yield link
    link.close()


def put(chip: SimulatedPn532, identity: Identity = PHONE, hear: Hear = lambda frame: frame) -> Tag:
    tag = Tag(identity, hear)
    chip.field.put(tag)
    return tag


def exchange(link: Pn53xLink, frame: bytes, timeout_s: float = 0.05) -> bytes:
    """Once more where the chip missed a command: on a busy machine its ACK comes later than nfcpy waits for it."""
    for _ in range(TRIES):
        try:
            return link.exchange(frame, timeout_s)
        except GarbledError as error:
            if "missed a command" not in str(error):
                raise
    raise AssertionError("the chip misses every command")


# --- finding ----------------------------------------------------------------------------------------------------------


def test_an_empty_field(link: Pn53xLink) -> None:
    assert link.sense() is None
    assert link.sense(reset=False) is None


@pytest.mark.parametrize(
    ("sel_res", "uid"),
    [(0x20, "08010203"), (0x00, "04112233445566"), (0x28, "0411223344556677889A"), (0x60, "08FFFFFF")],
)
def test_what_a_card_says_of_itself(chip: SimulatedPn532, link: Pn53xLink, sel_res: int, uid: str) -> None:
    put(chip, Identity(sel_res=sel_res, uid=bytes.fromhex(uid)))
    assert link.sense() == Found(bytes.fromhex(uid), sel_res)


def test_a_card_answers_once_until_the_field_was_off(chip: SimulatedPn532, link: Pn53xLink) -> None:
    tag = put(chip)
    assert link.sense() is not None
    assert link.sense(reset=False) is None
    off = tag.fields_off
    assert link.sense(reset=True) is not None
    assert tag.fields_off > off


def test_the_field_is_switched_off(chip: SimulatedPn532, link: Pn53xLink) -> None:
    tag = put(chip)
    link.sense()
    off = tag.fields_off
    link.mute()
    assert tag.fields_off > off
    with pytest.raises(SilentError):
        exchange(link, b"\x02")


# --- exchanging -------------------------------------------------------------------------------------------------------


def test_a_frame_and_its_answer(chip: SimulatedPn532, link: Pn53xLink) -> None:
    put(chip, hear=lambda frame: frame + b"!")
    link.sense()
    assert [exchange(link, frame) for frame in (b"a", b"b" * 200)] == [b"a!", b"b" * 200 + b"!"]


def silent(_frame: bytes) -> bytes | None:
    return None


def corrupt(_frame: bytes) -> bytes | None:
    raise CorruptError


@pytest.mark.parametrize("known_timeout", [False, True], ids=["the first frame", "a later one"])
@pytest.mark.parametrize(("hear", "error"), [(silent, SilentError), (corrupt, GarbledError)], ids=["silence", "CRC"])
def test_no_answer_or_a_garbled_one(
    chip: SimulatedPn532, link: Pn53xLink, hear: Hear, error: type[Exception], known_timeout: bool
) -> None:
    put(chip, hear=lambda frame: frame if frame == b"a" else hear(frame))
    link.sense()
    if known_timeout:
        exchange(link, b"a")
    with pytest.raises(error):
        exchange(link, b"b")


def test_nothing_is_selected(link: Pn53xLink) -> None:
    link.sense()
    with pytest.raises(SilentError):
        exchange(link, b"a")


def test_how_large_a_frame_may_be(link: Pn53xLink) -> None:
    assert link.frame_most >= 256


# --- trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.SYNTAX, Fault.MUTE])
def test_a_chip_that_missed_one_command_has_garbled_it(chip: SimulatedPn532, link: Pn53xLink, fault: Fault) -> None:
    put(chip)
    link.sense()
    exchange(link, b"a")
    chip.inject(fault)
    with pytest.raises(GarbledError, match="missed a command"):
        link.exchange(b"b", 0.05)
    assert link.sense() is not None


@pytest.mark.parametrize("call", [lambda link: link.sense(), lambda link: link.mute()], ids=["sense", "mute"])
def test_what_can_be_said_again_is(chip: SimulatedPn532, link: Pn53xLink, call: Callable[[Pn53xLink], object]) -> None:
    chip.inject(Fault.SYNTAX, 2)
    call(link)
    assert link.sense() is None


@pytest.mark.parametrize(
    "call",
    [
        lambda link: link.sense(),
        lambda link: link.mute(),
        lambda link: link.exchange(b"a", 0.05),
        lambda link: link.listen(sens_res=b"\x04\x00", uid=b"\x08abc", sel_res=0x20, ats=b"\x01", timeout_s=0.05),
    ],
    ids=["sense", "mute", "exchange", "listen"],
)
def test_a_chip_that_says_nothing_any_more_is_lost(
    chip: SimulatedPn532, link: Pn53xLink, call: Callable[[Pn53xLink], object]
) -> None:
    put(chip)
    link.sense()
    chip.inject(Fault.MUTE, 100)
    with pytest.raises(ReaderLostError) as caught:
        call(link)
    assert caught.value.reader == "PN532"
    assert "opened again by itself" in caught.value.cure


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (nfc.clf.TimeoutError(), SilentError),
        (nfc.clf.BrokenLinkError(), FieldLeftError),
        (nfc.clf.TransmissionError(), GarbledError),
        (nfc.clf.ProtocolError("4.8"), GarbledError),
        (pn53x.Chipset.Error(0x27, None), GarbledError),
        (IndexError("short"), GarbledError),
        (TypeError("None"), GarbledError),
        (AssertionError(), GarbledError),
        (OSError(5, "I/O"), GarbledError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_whatever_nfcpy_raises_while_the_chip_still_answers(
    link: Pn53xLink, monkeypatch: pytest.MonkeyPatch, raised: Exception, error: type[Exception]
) -> None:
    def exchange(*_args: object) -> bytes:
        raise raised

    monkeypatch.setattr(link._frontend, "exchange", exchange)
    with pytest.raises(error):
        link.reply(b"a", 0.05)


@pytest.mark.parametrize(
    "place", [UdpPlace("127.0.0.1", 9), UsbPlace(999, 999)], ids=["nothing at that port", "nothing on that bus"]
)
def test_a_place_where_there_is_none(place: UdpPlace | UsbPlace) -> None:
    with pytest.raises(ReaderLostError) as caught:
        Pn53xLink("PN532", place)
    assert caught.value.cure


def test_closing_frees_the_port_and_never_raises(chip: SimulatedPn532) -> None:
    link = Pn53xLink("PN532", SerialPlace(chip.path))
    link.close()
    link.close()
    again = Pn53xLink("PN532", SerialPlace(chip.path))
    assert again.sense() is None
    chip.unplug()
    again.close()


def test_nfcpys_own_log_is_quiet(link: Pn53xLink) -> None:
    assert link.sense() is None
    assert not logging.getLogger("nfc").isEnabledFor(logging.ERROR)
