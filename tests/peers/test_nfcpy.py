# SPDX-License-Identifier: Apache-2.0
"""nfcpy's own reader of Type 4 tags, which ours does not use, reads our tag: on the simulated air, and over UDP."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import nfc
import nfc.clf
import nfc.tag
import pytest
from nfc.clf import pn532, transport

from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace, UdpPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Field
from drivers.simulated.pn532 import SimulatedPn532
from drivers.tags.pn53x_tag import listen
from drivers.tags.type4 import Type4Tag
from pengpos.core.ports import TagCancelled, TagState, TagWaiting

LIMIT_S = 20.0


@contextmanager
def served(link: Pn53xLink, tag: Type4Tag) -> Iterator[None]:
    """Our tag, in a thread of its own."""
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            listen(link, tag, 0.5)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(LIMIT_S)


def strangers_frontend(chip: SimulatedPn532) -> nfc.ContactlessFrontend:
    frontend = nfc.ContactlessFrontend()
    frontend.device = pn532.init(transport.TTY(chip.path))
    frontend.device._path = "stranger"
    return frontend


def read_whole(frontend: nfc.ContactlessFrontend) -> nfc.tag.Tag.NDEF:
    """A Type 4 tag's content; nfcpy gives up one whose chip had to wait for a busy machine, and is held there anew."""
    deadline_s = time.monotonic() + LIMIT_S
    found: list[object] = []

    def keep(it: object) -> bool:
        found.append(it)
        return False

    while time.monotonic() < deadline_s:
        frontend.connect(
            rdwr={"iterations": 1, "interval": 0.05, "on-connect": keep},
            terminate=lambda: bool(found) or time.monotonic() > deadline_s,
        )
        for it in found:
            assert isinstance(it, nfc.tag.tt4.Type4Tag)
            with suppress(TimeoutError):  # nfcpy's own: a simulated chip that did not acknowledge within 100 ms
                if it.ndef is not None:
                    return it.ndef
        found.clear()
    raise AssertionError("nfcpy never read it whole")


@pytest.mark.parametrize(
    ("state", "uris"),
    [
        (TagWaiting("https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"), ["https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"]),
        (TagWaiting("https://pay.example/t#" + "A" * 680), ["https://pay.example/t#" + "A" * 680]),
        (TagCancelled(), []),
    ],
    ids=["online", "offline: 700 bytes", "cancelled"],
)
def test_nfcpys_type4tag_reads_our_tag(state: TagState, uris: list[str]) -> None:
    air = Field()
    with SimulatedPn532(air) as ours, SimulatedPn532(air) as theirs:
        link = Pn53xLink("ours", SerialPlace(ours.path))
        tag = Type4Tag()
        tag.show(state)
        frontend = strangers_frontend(theirs)
        with served(link, tag):
            ndef = read_whole(frontend)
            assert [record.uri for record in ndef.records if record.type == "urn:nfc:wkt:U"] == uris
            assert not ndef.is_writeable
            frontend.close()
        link.close()


def test_our_reader_over_nfcpys_udp_driver() -> None:
    """A card of twenty lines at the other end of a socket: anticollision, RATS, ISO-DEP in ASCII."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
        card.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=answer_as_card, args=(card,))
        thread.start()
        place = UdpPlace("127.0.0.1", card.getsockname()[1])
        reader = Pn53xReader("udp", lambda: Pn53xLink("udp", place))
        (found,) = reader.wait(LIMIT_S)
        assert found.transceive(bytes.fromhex("00A40400"), LIMIT_S).hex() == "00a404009000"
        reader.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"END", card.getsockname())
        thread.join(LIMIT_S)


def answer_as_card(card: socket.socket) -> None:
    uid = bytes.fromhex("04AABBCC")
    check = uid[0] ^ uid[1] ^ uid[2] ^ uid[3]
    fixed: dict[bytes, bytes] = {
        b"\x26": b"\x04\x00",
        b"\x93\x20": uid + bytes([check]),
        b"\x93\x70" + uid + bytes([check]): b"\x20",
        b"\xe0\x80": bytes.fromhex("0578807000"),
    }
    dep: Callable[[bytes], bytes] = lambda block: block + b"\x90\x00"  # noqa: E731 # one line of twenty
    while True:
        datagram, reader = card.recvfrom(2_048)
        kind, _, frame = datagram.partition(b" ")
        if kind == b"END":
            return
        if kind == b"106A":
            sent = bytes.fromhex(frame.decode())
            answer = fixed.get(sent)
            if answer is None and sent[0] & 0xEE == 0x02:
                answer = dep(sent)
            elif answer is None and sent[0] & 0xF6 == 0xB2:
                answer = bytes([0xA2 | ~sent[0] & 1])
            if answer is not None:
                card.sendto(b"106A " + answer.hex().encode(), reader)
