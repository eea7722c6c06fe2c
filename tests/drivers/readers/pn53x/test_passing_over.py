# SPDX-License-Identifier: Apache-2.0
"""A PN53x sees one card at a time: what is no wallet is put to sleep, and the phone beside it is seen."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from drivers.readers.pn53x.card import Pn53xCard
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Identity, RadioPhone
from drivers.simulated.pn532 import SimulatedPn532
from pengpos.core.errors import CardLostError, TapTimeoutError
from tests.support.patient_chip import patient

LIMIT_S = 10.0
SELECT = bytes.fromhex("00A4040009F050454E475441500100")
NOT_FOUND = bytes.fromhex("6A82")
OK = b"\x90\x00"

TRANSIT = Identity(sel_res=0x28, uid=bytes.fromhex("04112233445566"))
STICKER = Identity(sel_res=0x00, uid=bytes.fromhex("04998877665544"))
PHONE = Identity(sel_res=0x20, uid=bytes.fromhex("08010203"))


@pytest.fixture
def chip() -> Iterator[SimulatedPn532]:
    with patient(), SimulatedPn532() as chip:
        yield chip


@pytest.fixture
def reader(chip: SimulatedPn532) -> Iterator[Pn53xReader]:
    reader = Pn53xReader("PN532", lambda: Pn53xLink("PN532", SerialPlace(chip.path)))
    yield reader
    reader.close()


def put(chip: SimulatedPn532, identity: Identity) -> RadioPhone:
    answer = OK if identity is PHONE else NOT_FOUND
    card = RadioPhone(chip.field, lambda _command: answer, identity=identity)
    chip.field.put(card)
    return card


def until(reader: Pn53xReader, holds: Callable[[Sequence[Pn53xCard]], bool]) -> Sequence[Pn53xCard]:
    deadline_s = time.monotonic() + LIMIT_S
    while not holds(cards := reader.wait(0.2)):
        assert time.monotonic() < deadline_s, f"the field stays {cards}"
    return cards


def passed_over(chip: SimulatedPn532, reader: Pn53xReader, identity: Identity) -> tuple[RadioPhone, Pn53xCard]:
    lying = put(chip, identity)
    (card,) = until(reader, lambda cards: len(cards) == 1)
    assert card.transceive(SELECT, LIMIT_S) == NOT_FOUND
    card.pass_over()
    return lying, card


not_wallets = pytest.mark.parametrize("identity", [TRANSIT, STICKER], ids=["a transit card", "a sticker"])


@not_wallets
def test_the_phone_beside_it_is_seen(chip: SimulatedPn532, reader: Pn53xReader, identity: Identity) -> None:
    _, stranger = passed_over(chip, reader, identity)
    put(chip, PHONE)
    lying, phone = until(reader, lambda cards: len(cards) == 2)
    assert lying is stranger
    assert phone.transceive(SELECT, LIMIT_S) == OK
    assert reader.wait(0.2) == (stranger, phone)


@not_wallets
def test_it_stays_the_same_card_while_it_lies_there(
    chip: SimulatedPn532, reader: Pn53xReader, identity: Identity
) -> None:
    _, stranger = passed_over(chip, reader, identity)
    polls = chip.field.polls
    until(reader, lambda _cards: chip.field.polls > polls + 60)  # it is woken once a second
    assert reader.wait(0) == (stranger,)
    assert stranger.in_field
    assert stranger.transceive(SELECT, LIMIT_S) == NOT_FOUND


def test_it_is_missed_once_it_has_gone(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    lying, stranger = passed_over(chip, reader, TRANSIT)
    chip.field.take(lying)
    assert until(reader, lambda cards: not cards) == ()
    with pytest.raises(CardLostError):
        stranger.transceive(SELECT, LIMIT_S)


def test_a_phone_that_leaves_it_alone_is_told_as_gone(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    _, stranger = passed_over(chip, reader, TRANSIT)
    held = put(chip, PHONE)
    until(reader, lambda cards: len(cards) == 2)
    chip.field.take(held)
    assert until(reader, lambda cards: len(cards) < 2) == (stranger,)


def test_a_phone_is_found_again_beside_it_after_a_failure(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    """The field was off: what slept is awake, and answers first."""
    _, stranger = passed_over(chip, reader, TRANSIT)
    put(chip, PHONE)
    _, phone = until(reader, lambda cards: len(cards) == 2)
    chip.field.off()
    with pytest.raises(TapTimeoutError):
        phone.transceive(SELECT, LIMIT_S)
    assert until(reader, lambda cards: len(cards) == 2) == (stranger, phone)
    assert phone.transceive(SELECT, LIMIT_S) == OK


def test_a_phone_that_answers_before_it_hides_it_from_nobody(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    """Else the card, answering first after a failure, would be new, and the phone told as gone that never moved."""
    lying, stranger = passed_over(chip, reader, TRANSIT)
    chip.field.take(lying)
    put(chip, PHONE)
    chip.field.put(lying)
    # it is woken at the next poll, which finds the phone first
    reader._presence = replace(reader._presence, reset_from_s=0.0)
    _, phone = until(reader, lambda cards: len(cards) == 2)
    assert stranger.in_field
    chip.field.take(held := chip.field._cards[0])
    chip.field.put(held)  # behind the card now, and the field was off for it
    with pytest.raises(TapTimeoutError):
        phone.transceive(SELECT, LIMIT_S)
    assert [reader.wait(0.2) for _ in range(8)] == [(stranger, phone)] * 8
    assert phone.transceive(SELECT, LIMIT_S) == OK


def test_two_of_them_and_a_phone(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    _, first = passed_over(chip, reader, TRANSIT)
    put(chip, STICKER)
    _, second = until(reader, lambda cards: len(cards) == 2)
    second.pass_over()
    put(chip, PHONE)
    assert [card.found.uid for card in until(reader, lambda cards: len(cards) == 3)] == [
        TRANSIT.uid, STICKER.uid, PHONE.uid,
    ]  # fmt: skip
    assert first.in_field


def test_one_whose_uid_is_drawn_anew_is_left_awake(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    """It could not be told from a phone that comes."""
    put(chip, PHONE)
    (card,) = until(reader, lambda cards: len(cards) == 1)
    card.pass_over()
    assert reader.wait(0.2) == (card,)
    assert card.transceive(SELECT, LIMIT_S) == OK


def test_one_that_does_not_sleep_hides_what_is_behind_it_and_hangs_nothing(
    chip: SimulatedPn532, reader: Pn53xReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chip.field, "poll", lambda: TRANSIT)
    monkeypatch.setattr(chip.field, "exchange", lambda frame, timeout_s: None)
    (card,) = until(reader, lambda cards: len(cards) == 1)
    card.pass_over()
    assert [reader.wait(0.1) for _ in range(3)] == [(card,)] * 3
