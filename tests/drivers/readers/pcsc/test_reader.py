# SPDX-License-Identifier: Apache-2.0
"""What is PC/SC's own beyond the reader contract: whose fault a status is, who holds the power, what hangs."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from drivers.readers.pcsc import reader as pcsc
from drivers.readers.pcsc.link import EmptyAnswerError, Link
from drivers.readers.pcsc.reader import PcscCard, PcscReader
from drivers.readers.pcsc.winscard import SlotState, Status, WinscardError
from pengpos.core.errors import CardLostError, CardProtocolError, ReaderError, ReaderLostError, TapTimeoutError
from pengpos.core.ports import Transceive
from sandbox.phone.field.vpcd import Power, TornError
from tests.support.pcscd import LIMIT_S, VirtualSlot

SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"


def polite(command: bytes) -> bytes:
    return command + OK


@pytest.fixture
def reader(slot: VirtualSlot) -> Iterator[PcscReader]:
    reader = PcscReader(slot.reader.name, hung_after_s=0.3)
    yield reader
    reader.close()


def card_on(slot: VirtualSlot, reader: PcscReader) -> PcscCard:
    slot.insert(polite)
    (card,) = reader.wait(LIMIT_S)
    return card


class LyingThere:
    """Stands for pcscd where a card lies still."""

    def await_slot(self, reader: str, known: SlotState, timeout_s: float) -> SlotState:
        return SlotState(0x0001_0020)

    def close(self) -> None: ...


def fail_with(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def exchange(self: Link, stay: int, command: bytes) -> bytes:
        raise error

    monkeypatch.setattr(Link, "exchange", exchange)
    monkeypatch.setattr(Link, "begin", lambda _self, _stay: None)


def failed(status: Status) -> WinscardError:
    return WinscardError("SCardTransmit", status)


@pytest.mark.parametrize(
    ("error", "meaning", "says"),
    [
        (EmptyAnswerError(), CardLostError, "away for a moment"),
        (failed(Status.NOT_TRANSACTED), TapTimeoutError, "within 2 s"),
        (failed(Status.UNRESPONSIVE_CARD), TapTimeoutError, "within 2 s"),
        (failed(Status.UNPOWERED_CARD), TapTimeoutError, "within 2 s"),
        (failed(Status.REMOVED_CARD), CardLostError, "left"),
        (failed(Status.RESET_CARD), CardLostError, "left"),
        (failed(Status.NO_SMARTCARD), CardLostError, "left"),
        (failed(Status.PROTO_MISMATCH), CardProtocolError, "8010000F"),
        (failed(Status.INSUFFICIENT_BUFFER), CardProtocolError, "80100008"),
        (failed(Status.UNSUPPORTED_CARD), CardProtocolError, "80100065"),
        (failed(Status.NO_SERVICE), ReaderLostError, "pcscd"),
        (failed(Status.SERVICE_STOPPED), ReaderLostError, "pcscd"),
        (failed(Status.COMM_ERROR), ReaderLostError, "pcscd"),
        (failed(Status.INVALID_HANDLE), ReaderLostError, "restarted"),
        (failed(Status.SECURITY_VIOLATION), ReaderLostError, "polkit"),
        (failed(Status.UNKNOWN_READER), ReaderLostError, "Plug it in"),
        (failed(Status.READER_UNAVAILABLE), ReaderLostError, "Plug it in"),
        (failed(Status.NO_READERS), ReaderLostError, "Plug it in"),
        (failed(Status.SHARING_VIOLATION), ReaderLostError, "another program"),
        (WinscardError("SCardTransmit", 0x801000FF), ReaderLostError, "801000FF"),
    ],
    ids=lambda value: str(value) if isinstance(value, Exception) else "",
)
def test_whose_fault_it_is_while_the_card_stays(
    monkeypatch: pytest.MonkeyPatch, error: Exception, meaning: type[ReaderError], says: str
) -> None:
    monkeypatch.setattr(pcsc, "Context", LyingThere)
    monkeypatch.setattr(pcsc, "_VERDICT_S", 0.01)
    fail_with(error, monkeypatch)
    reader = PcscReader("a reader")
    (card,) = reader.wait(0)
    with pytest.raises(meaning) as caught:
        card.transceive(SELECT, 2)
    assert says in str(caught.value)
    reader.close()


def test_a_card_that_stays_and_answers_nothing_breaks_the_protocol_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcsc, "Context", LyingThere)
    monkeypatch.setattr(pcsc, "_VERDICT_S", 0.01)
    fail_with(EmptyAnswerError(), monkeypatch)
    reader = PcscReader("a reader")
    (card,) = reader.wait(0)
    for _ in range(2):
        with pytest.raises(CardLostError):
            card.transceive(SELECT, 2)
    with pytest.raises(CardProtocolError, match="3 empty answers"):
        card.transceive(SELECT, 2)
    assert card.in_field
    reader.close()


def test_a_card_that_is_back_before_pcscd_looks_was_torn_and_is_talked_to_again(
    slot: VirtualSlot, reader: PcscReader
) -> None:
    torn = threading.Event()

    def torn_once(command: bytes) -> bytes:
        if torn.is_set():
            return polite(command)
        torn.set()
        raise TornError

    phone = slot.insert(torn_once)
    (card,) = reader.wait(LIMIT_S)

    def come_back() -> None:
        torn.wait(LIMIT_S)
        phone.remove()
        phone.insert()

    hand = threading.Thread(target=come_back)
    hand.start()
    with pytest.raises(CardLostError):
        card.transceive(SELECT, 2)
    hand.join()
    deadline_s = time.monotonic() + LIMIT_S
    while not (back := reader.wait(0.2)):
        assert time.monotonic() < deadline_s
    assert back[0].transceive(SELECT, LIMIT_S) == SELECT + OK


@pytest.mark.parametrize("raw", [0x0000_0004, 0x0000_0008], ids=["pcscd knows it no more", "nor can use it"])
def test_a_reader_pulled_out_under_us_is_named(monkeypatch: pytest.MonkeyPatch, raw: int) -> None:
    class PulledOut(LyingThere):
        def await_slot(self, reader: str, known: SlotState, timeout_s: float) -> SlotState:
            return SlotState(raw if known.raw else 0x0001_0020)

    monkeypatch.setattr(pcsc, "Context", PulledOut)
    reader = PcscReader("a reader")
    reader.wait(0)
    with pytest.raises(ReaderLostError, match="Plug it in again"):
        reader.wait(LIMIT_S)
    reader.close()


class GoneAtTheLastMoment(LyingThere):
    """Stands for pcscd where the card leaves as a wait for news runs out: told to the next question only."""

    def __init__(self) -> None:
        self.waited_for = False

    def await_slot(self, reader: str, known: SlotState, timeout_s: float) -> SlotState:
        self.waited_for = self.waited_for or timeout_s > 0
        return SlotState(0x0001_0020 if timeout_s > 0 or not self.waited_for else 0x0002_0010)


def test_what_pcscd_notices_at_the_last_moment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcsc, "Context", GoneAtTheLastMoment)
    monkeypatch.setattr(pcsc, "_VERDICT_S", 0.01)
    fail_with(failed(Status.NOT_TRANSACTED), monkeypatch)
    reader = PcscReader("a reader")
    (card,) = reader.wait(0)
    with pytest.raises(CardLostError):
        card.transceive(SELECT, 2)
    reader.close()


@pytest.mark.parametrize(
    "error",
    [EmptyAnswerError(), failed(Status.NOT_TRANSACTED), failed(Status.UNRESPONSIVE_CARD)],
    ids=["empty answer", "not transacted", "unresponsive"],
)
def test_silence_of_a_card_that_left_is_its_leaving(
    slot: VirtualSlot, reader: PcscReader, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    card = card_on(slot, reader)
    fail_with(error, monkeypatch)
    leaving = threading.Thread(target=slot.remove)
    leaving.start()
    with pytest.raises(CardLostError):
        card.transceive(SELECT, 2)
    leaving.join()
    assert reader.wait(LIMIT_S) == ()


def test_an_empty_answer_hangs_vpcd_until_the_card_leaves(slot: VirtualSlot, reader: PcscReader) -> None:
    """vpcd 3.3 then waits for no bytes at all, for ever: the true stack's way to a hung reader."""
    slot.insert(lambda _command: b"")
    (card,) = reader.wait(LIMIT_S)
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, 0.1)
    with pytest.raises(ReaderLostError, match="hangs"):
        card.transceive(SELECT, 0.5)
    slot.remove()
    deadline_s = time.monotonic() + LIMIT_S
    while True:
        assert time.monotonic() < deadline_s
        try:
            if reader.wait(0.1) == ():
                break
        except ReaderLostError:
            continue
    assert card_on(slot, reader).transceive(SELECT, LIMIT_S) == SELECT + OK


# --- several exchanges in one go --------------------------------------------------------------------------------------


def test_a_conversation_is_held_in_one_go(slot: VirtualSlot, reader: PcscReader) -> None:
    card = card_on(slot, reader)
    heard = card.converse(lambda transceive: [transceive(SELECT, 1), transceive(SELECT + b"\0", 1)])
    assert heard == [SELECT + OK, SELECT + b"\0" + OK]


def test_each_exchange_of_a_conversation_has_its_own_time_and_what_is_done_between_two_is_not_counted(
    slot: VirtualSlot, reader: PcscReader
) -> None:
    card = card_on(slot, reader)
    pause = threading.Event()

    def talk(transceive: Transceive) -> bytes:
        transceive(SELECT, LIMIT_S)
        pause.wait(1.5 * pcsc._HOUSEKEEPING_S)
        return transceive(SELECT, 1.0)

    assert card.converse(talk) == SELECT + OK


def test_who_breaks_a_conversation_off_agrees_with_the_card_all_the_same(slot: VirtualSlot, reader: PcscReader) -> None:
    card = card_on(slot, reader)

    def talk(transceive: Transceive) -> None:
        transceive(SELECT, 1)
        raise CardProtocolError("not what the protocol knows")

    with pytest.raises(CardProtocolError):
        card.converse(talk)
    slot.power.clear()
    assert reader.wait(0.1) == (card,)
    assert slot.power == []


def test_an_exchange_that_fails_within_a_conversation_cuts_the_power(slot: VirtualSlot, reader: PcscReader) -> None:
    answers = iter([OK, b"\x90"])
    slot.insert(lambda command: next(answers, command + OK))
    (card,) = reader.wait(LIMIT_S)
    with pytest.raises(CardProtocolError, match="1 bytes"):
        card.converse(lambda transceive: [transceive(SELECT, 1), transceive(SELECT, 1)])
    slot.power.clear()
    assert reader.wait(0) == (card,)
    assert slot.power == [Power.OFF]


def test_nothing_more_is_said_in_a_conversation_nobody_waits_for(slot: VirtualSlot, reader: PcscReader) -> None:
    heard: list[bytes] = []
    let, ended = threading.Event(), threading.Event()

    def think(command: bytes) -> bytes:
        heard.append(command)
        let.wait(LIMIT_S)
        return OK

    def talk(transceive: Transceive) -> None:
        try:
            transceive(SELECT, 0.1)
            transceive(SELECT + b"\0", LIMIT_S)
        finally:
            ended.set()

    slot.insert(think)
    (card,) = reader.wait(LIMIT_S)
    with pytest.raises(TapTimeoutError):
        card.converse(talk)
    let.set()
    assert ended.wait(LIMIT_S)
    assert heard == [SELECT]
    assert card.transceive(SELECT, LIMIT_S) == OK


def test_a_card_already_lying_there_is_told_at_once(slot: VirtualSlot) -> None:
    slot.insert(polite)
    slot.await_presence(present=True)
    late = PcscReader(slot.reader.name)
    (card,) = late.wait(0)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK
    late.close()


def test_two_readers_at_once(slots: tuple[VirtualSlot, VirtualSlot]) -> None:
    def tap(slot: VirtualSlot) -> tuple[str, bytes]:
        reader = PcscReader(slot.reader.name)
        slot.insert(lambda _command: slot.reader.name.encode() + OK)
        (card,) = reader.wait(LIMIT_S)
        answers = {card.transceive(SELECT, LIMIT_S) for _ in range(50)}
        reader.close()
        return reader.name, answers.pop() if len(answers) == 1 else b"mixed"

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(tap, slots)) == [(s.reader.name, s.reader.name.encode() + OK) for s in slots]


def test_a_good_tap_leaves_the_power_on_while_the_card_stays(slot: VirtualSlot, reader: PcscReader) -> None:
    """Else a contactless reader may lose the phone and find it again: a new phone, to us."""
    card = card_on(slot, reader)
    card.transceive(SELECT, LIMIT_S)
    slot.power.clear()
    assert reader.wait(1.3) == (card,)  # three looks of pcscd; an idle card is off after one
    assert slot.power == []


def test_a_card_nobody_talks_to_is_held_as_well(slot: VirtualSlot, reader: PcscReader) -> None:
    card = card_on(slot, reader)
    reader.wait(0.01)
    reader.wait(0.01)
    slot.power.clear()
    assert reader.wait(1.3) == (card,)
    assert slot.power == []


@pytest.fixture
def after_a_failure(slot: VirtualSlot, reader: PcscReader) -> PcscCard:
    answers = iter([b"\x90"])
    slot.insert(lambda command: next(answers, command + OK))
    (card,) = reader.wait(LIMIT_S)
    slot.power.clear()
    with pytest.raises(CardProtocolError):
        card.transceive(SELECT, LIMIT_S)
    return card


def test_after_a_failed_exchange_the_field_rests(
    slot: VirtualSlot, reader: PcscReader, after_a_failure: PcscCard
) -> None:
    assert reader.wait(0) == (after_a_failure,)
    assert slot.power == [Power.OFF]
    assert after_a_failure.transceive(SELECT, LIMIT_S) == SELECT + OK
    assert slot.power == [Power.OFF, Power.ON]


def test_a_card_lost_and_found_by_our_own_power_cut_has_not_moved(
    slot: VirtualSlot, reader: PcscReader, after_a_failure: PcscCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcsc, "_FLICKER_S", 3 * LIMIT_S)
    assert reader.wait(0) == (after_a_failure,)
    slot.swap(polite)
    assert reader.wait(0.1) == (after_a_failure,)
    assert after_a_failure.transceive(SELECT, LIMIT_S) == SELECT + OK


def test_a_card_that_does_not_come_back_after_our_power_cut_has_left(
    slot: VirtualSlot, reader: PcscReader, after_a_failure: PcscCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcsc, "_FLICKER_S", 1.5)
    assert reader.wait(0) == (after_a_failure,)
    slot.remove()
    assert reader.wait(LIMIT_S) == ()
    with pytest.raises(CardLostError):
        after_a_failure.transceive(SELECT, LIMIT_S)
