# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench tap`: a tap beside its floor, on a radio that takes its time, from the field on, and read as a tag.

The floor is measured tap by tap with the tap itself: the same four exchanges with the same wallet over a bare PC/SC
connection, two bare signature checks, one bare commit with fsync of about as many bytes.
"""

import gc
import os
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.readers.pcsc.reader import PcscReader
from drivers.readers.pcsc.winscard import Context, Disposition, SlotState
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Field, RadioPhone
from drivers.simulated.pn532 import SimulatedPn532
from drivers.tags.ndef import uri_message
from drivers.tags.pn53x_tag import listen
from drivers.tags.type4 import Type4Tag
from pengpos.core.ports import Card, Reader, TagWaiting
from pengpos.keys.software import SoftwareKey
from pengpos.wire import apdu
from pengpos.wire.encoding.keys import PublicKey
from sandbox.phone.field.reader_service import ReaderService, VirtualReader
from sandbox.phone.field.vpcd import CONTACTLESS_ATR, VpcdCard
from workshop.bench.tap_parts import LIMIT_S, MeasuredTerminal

PHONE_LATENCY_S = 0.020
BIT_RATE = 106_000
_ROW = bytes(1_600)
_IDLE_S = 3.0
_TAG_URL = "https://pay.example/t#" + "A" * 570


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds, measured often."""

    all_s: Sequence[float]

    def at(self, percent: int) -> float:
        """A percentile."""
        return statistics.quantiles(self.all_s, n=100, method="inclusive")[percent - 1]

    def line(self, what: str, goal: str = "") -> str:
        """For people."""
        p50, p95, p99 = (f"{self.at(percent) * 1000:8.2f}" for percent in (50, 95, 99))
        return f"  {what:<44} p50 {p50}  p95 {p95}  p99 {p99} ms  n {len(self.all_s):<5} {goal}".rstrip()


class _Counted:
    """A card that counts what goes over the air."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.sizes: list[int] = []

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        answer = self._card.transceive(command, timeout_s)
        self.sizes.append(len(command) + len(answer))
        return answer


def run(directory: Path, *, taps: int, radio_taps: int, insertions: int) -> Iterator[str]:
    """Each figure as soon as it is there. `directory` should be on the disk that matters."""
    terminal = MeasuredTerminal(directory)
    try:
        with ReaderService() as service:
            os.environ.update(service.environment)
            yield from _over_pcsc(terminal, service, directory, taps, insertions)
        yield from _over_radio(terminal, radio_taps, insertions)
    finally:
        terminal.close()
    yield from _as_a_tag(radio_taps)


# --- over PC/SC -------------------------------------------------------------------------------------------------------


def _over_pcsc(
    terminal: MeasuredTerminal, service: ReaderService, directory: Path, taps: int, insertions: int
) -> Iterator[str]:
    slot = service.readers[0]
    heard_s: list[float] = []

    def respond(command: bytes) -> bytes:
        heard_s.append(time.perf_counter())
        return terminal.wallet(command)

    phone = VpcdCard("127.0.0.1", slot.port, CONTACTLESS_ATR, respond, on_power=lambda _power: terminal.new_stay())
    phone.insert()
    reader = PcscReader(slot.name)
    card = _first_card(reader)
    counted = _Counted(card)
    terminal.tap(counted)
    exchanges, size = len(counted.sizes) - 1, sum(counted.sizes[:-1])
    yield f"a plain sale: {exchanges} exchanges, {size} bytes over the air (goals 4, 800), RESULT {counted.sizes[-1]}"
    parts = _Floor(terminal, directory)
    gc.collect()
    gc.freeze()  # as the daemon does when it is ready
    with _bare_card(terminal, service.readers[1]) as transmit:
        tap_s, floor_s = zip(*((terminal.tap(card), parts.once(transmit)) for _ in range(taps)), strict=True)
    parts.close()
    tap, floor = Spread(tap_s), Spread(floor_s)
    yield "reader mode over pcscd and vpcd, phone seen -> accepted and durable:"
    yield tap.line("tap")
    yield floor.line("floor: exchanges, 2 signature checks, fsync")
    for name, spread in parts.spreads():
        yield spread.line(f"  of it {name}")
    ratios = tap.at(50) / floor.at(50), tap.at(99) / floor.at(99)
    yield f"  tap / floor                                  p50 {ratios[0]:.2f}  p99 {ratios[1]:.2f}   goal 1.5 each"
    phone.remove()
    _until_empty(reader)
    reported_s = [_insertion(terminal, reader, phone, slot.name, heard_s) for _ in range(insertions)]
    reader.close()
    yield Spread(reported_s).line("pcscd reports a phone -> SELECT at the phone", "goal p95 20")


def _insertion(terminal: MeasuredTerminal, reader: Reader, phone: VpcdCard, slot: str, heard_s: list[float]) -> float:
    reported: list[float] = []
    known = threading.Event()

    def watch() -> None:
        context = Context()
        state = context.await_slot(slot, SlotState(), 0)
        known.set()
        while not state.present:
            state = context.await_slot(slot, state, LIMIT_S)
        reported.append(time.perf_counter())
        context.close()

    watcher = threading.Thread(target=watch, name="watcher")
    watcher.start()
    known.wait(LIMIT_S)
    heard_s.clear()
    phone.insert()
    card = _first_card(reader)
    card.transceive(apdu.select(), LIMIT_S)
    watcher.join()
    phone.remove()
    _until_empty(reader)
    return heard_s[0] - reported[0]


@contextmanager
def _bare_card(terminal: MeasuredTerminal, slot: VirtualReader) -> Iterator[Callable[[bytes], bytes]]:
    """The same wallet on the other virtual reader, and nothing but SCardTransmit between it and us."""
    wallet = terminal.bench.card()
    phone = VpcdCard("127.0.0.1", slot.port, CONTACTLESS_ATR, wallet.respond)
    phone.insert()
    context = Context()
    state = SlotState()
    while not state.present:
        state = context.await_slot(slot.name, state, LIMIT_S)
    connection = context.connect(slot.name)
    try:
        yield connection.transmit
    finally:
        connection.disconnect(Disposition.LEAVE)
        context.close()
        phone.remove()


class _Floor:
    """The least a tap can cost: what no program can leave out."""

    def __init__(self, terminal: MeasuredTerminal, directory: Path) -> None:
        self._terminal = terminal
        self._key = SoftwareKey.generate()
        self._public = PublicKey.of(self._key)
        self._message = bytes(200)
        self._signature = self._key.sign(self._message)
        self._database = sqlite3.connect(directory / "floor.db", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("CREATE TABLE row (body BLOB)")
        self._parts: dict[str, list[float]] = {"exchanges": [], "signature checks": [], "commit": []}

    def once(self, transceive: Callable[[bytes], bytes]) -> float:
        """One of each, one after the other; the sum."""
        presentation = self._terminal.next_presentation()
        took = 0.0
        for name, do in (
            ("exchanges", lambda: _exchange(transceive, presentation)),
            ("signature checks", self._check),
            ("commit", lambda: self._database.execute("INSERT INTO row VALUES (?)", (_ROW,))),
        ):
            began_s = time.perf_counter()
            do()
            self._parts[name].append(time.perf_counter() - began_s)
            took += self._parts[name][-1]
        return took

    def spreads(self) -> Iterator[tuple[str, Spread]]:
        """Each part by itself."""
        return ((name, Spread(all_s)) for name, all_s in self._parts.items())

    def close(self) -> None:
        """Close its database."""
        self._database.close()

    def _check(self) -> None:
        for _ in range(2):
            self._public.verify(self._signature, self._message)


def _exchange(transceive: Callable[[bytes], bytes], presentation: bytes) -> None:
    transceive(apdu.select())
    answer = b""
    for command in apdu.present(presentation):
        answer = transceive(command)
    while (left := apdu.Response.parse(answer).bytes_left) is not None:
        answer = transceive(apdu.get_response(left))
    if answer[-2:] != b"\x90\x00":
        raise RuntimeError(f"the floor's exchange ended with {answer[-2:].hex()}")


# --- over a radio -----------------------------------------------------------------------------------------------------


def _over_radio(terminal: MeasuredTerminal, taps: int, insertions: int) -> Iterator[str]:
    heard_s: list[float] = []

    def slow(command: bytes) -> bytes:
        time.sleep(PHONE_LATENCY_S)
        return terminal.wallet(command)

    def noted(command: bytes) -> bytes:
        heard_s.append(time.perf_counter())
        return terminal.wallet(command)

    with SimulatedPn532(Field(bit_rate=BIT_RATE)) as chip, _reader_on(chip) as reader:
        phone = RadioPhone(chip.field, slow, on_field_off=terminal.new_stay, wtx_after_s=0.5)
        chip.field.put(phone)
        card = _first_card(reader)
        spread = Spread([terminal.tap(card, lambda: _first_card(reader)) for _ in range(taps)])
        chip.field.take(phone)
        _until_empty(reader)
        yield f"simulated radio at 106 kbit/s, PN532 at 921600 baud, phone {PHONE_LATENCY_S * 1000:.0f} ms an APDU:"
        yield spread.line(
            "phone seen -> accepted and durable", f"goal p95 200, p99 500; {terminal.torn} torn and tapped again"
        )
        seen_s = []
        for number in range(insertions):
            heard_s.clear()
            time.sleep(0.0037 * (number % 12))  # at any moment between two polls
            phone = RadioPhone(chip.field, noted, on_field_off=terminal.new_stay)
            waiting = threading.Thread(
                target=lambda: _first_card(reader).transceive(apdu.select(), LIMIT_S), name="select"
            )
            waiting.start()
            time.sleep(0.1)
            began_s = time.perf_counter()
            chip.field.put(phone)
            waiting.join()
            seen_s.append(heard_s[0] - began_s)
            chip.field.take(phone)
            _until_empty(reader)
        yield Spread(seen_s).line("phone in the field -> SELECT at the phone", "goal p95 60")
        yield f"  idle polling: {_idle_percent(reader):.1f} % of a core   goal 2"


@contextmanager
def _reader_on(chip: SimulatedPn532) -> Iterator[Pn53xReader]:
    reader = Pn53xReader("PN532", lambda: Pn53xLink("PN532", SerialPlace(chip.path)))
    try:
        yield reader
    finally:
        reader.close()


def _idle_percent(reader: Pn53xReader) -> float:
    """Processor time of the reader's two threads, the simulated chip's left out."""
    before_s = time.thread_time() + reader.worker.run(time.thread_time, LIMIT_S)
    until_s = time.monotonic() + _IDLE_S
    while time.monotonic() < until_s:
        reader.wait(0.1)
    after_s = time.thread_time() + reader.worker.run(time.thread_time, LIMIT_S)
    return 100 * (after_s - before_s) / _IDLE_S


def _first_card(reader: Reader) -> Card:
    until_s = time.monotonic() + LIMIT_S
    while not (cards := reader.wait(0.25)):
        if time.monotonic() > until_s:
            raise RuntimeError("no card is seen")
    return cards[0]


def _until_empty(reader: Reader) -> None:
    until_s = time.monotonic() + LIMIT_S
    while reader.wait(0.25):
        if time.monotonic() > until_s:
            raise RuntimeError("the card does not leave")


# --- as a tag ---------------------------------------------------------------------------------------------------------


def _as_a_tag(reads: int) -> Iterator[str]:
    tag = Type4Tag()
    tag.show(TagWaiting(_TAG_URL))
    wanted = uri_message(_TAG_URL)
    answered_s: list[float] = []
    read_s: list[float] = []
    done = threading.Event()
    air = Field(bit_rate=BIT_RATE)
    with SimulatedPn532(air) as ours, SimulatedPn532(air) as theirs, _reader_on(theirs) as reader:
        link = Pn53xLink("tag", SerialPlace(ours.path))

        def serve() -> None:
            while not done.is_set():
                listen(link, tag, 0.5, session_most_s=600.0, answered=answered_s.append)

        serving = threading.Thread(target=serve, name="tag")
        serving.start()
        card = _first_card(reader)
        for _ in range(reads):
            began_s = time.perf_counter()
            if _read(card) != wanted:
                raise RuntimeError("the tag was misread")
            read_s.append(time.perf_counter() - began_s)
        done.set()
        reader.close()
        serving.join()
        link.close()
    yield f"tag mode over two simulated PN532, 106 kbit/s, a message of {len(wanted)} bytes:"
    yield Spread(answered_s).line("APDU answered in the daemon", "goal p99 10")
    yield Spread(read_s).line("message read by the reader", "goal p95 250")


def _read(card: Card) -> bytes:
    for command in ("00A4040007D276000085010100", "00A4000C02E103", "00B000000F", "00A4000C02E104"):
        card.transceive(bytes.fromhex(command), LIMIT_S)
    size = int.from_bytes(card.transceive(bytes.fromhex("00B0000002"), LIMIT_S)[:2], "big")
    message = b""
    while len(message) < size:
        head = b"\x00\xb0" + (2 + len(message)).to_bytes(2, "big") + bytes([min(255, size - len(message))])
        message += card.transceive(head, LIMIT_S)[:-2]
    return message
