# SPDX-License-Identifier: Apache-2.0
"""The air over a simulated antenna: who answers a poll, who hears a frame, what a phone does in it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from drivers.isodep.card import ATS
from drivers.simulated.field import CorruptError, Field, Identity, LeftError, RadioPhone, read_tag
from drivers.tags.ndef import uri_message
from drivers.tags.type4 import Type4Tag
from pengpos.core.ports import TagWaiting

LIMIT_S = 10.0
RATS, DESELECT, HLTA = bytes.fromhex("E080"), b"\xc2", bytes.fromhex("5000")
OK = b"\x90\x00"
PHONE, STICKER = Identity(uid=b"\x08abc"), Identity(sel_res=0x00, uid=b"\x04sticky")


def echo(command: bytes) -> bytes:
    return command + OK


def phone_in(
    air: Field,
    respond: Callable[[bytes], bytes] = echo,
    identity: Identity = PHONE,
    on_field_off: Callable[[], None] = lambda: None,
) -> RadioPhone:
    phone = RadioPhone(air, respond, identity=identity, on_field_off=on_field_off, wtx_after_s=LIMIT_S)
    air.put(phone)
    return phone


def active_phone(air: Field, respond: Callable[[bytes], bytes] = echo) -> RadioPhone:
    phone = phone_in(air, respond)
    air.poll()
    assert air.exchange(RATS, 1.0) == ATS
    return phone


# --- polls ------------------------------------------------------------------------------------------------------------


def test_nothing_answers_in_an_empty_field() -> None:
    air = Field()
    assert air.poll() is None
    assert air.exchange(RATS, 1.0) is None
    assert air.polls == 1


def test_of_two_the_first_answers_and_then_the_other() -> None:
    air = Field()
    phone_in(air)
    phone_in(air, identity=STICKER)
    assert [air.poll(), air.poll(), air.poll()] == [PHONE, STICKER, None]
    air.off()
    assert air.poll() == PHONE


def test_one_that_was_taken_out_answers_no_more_and_hears_no_more() -> None:
    air = Field()
    phone = active_phone(air)
    air.take(phone)
    assert air.exchange(b"\x02\x01", 1.0) is None
    assert air.poll() is None
    air.take(phone)  # not there: nothing


def test_a_wait_for_a_card_ends_when_it_comes_or_with_its_time() -> None:
    air = Field()
    assert air.await_card(0.0) is None
    threading.Thread(target=phone_in, args=(air,)).start()
    assert air.await_card(LIMIT_S) == PHONE


# --- frames -----------------------------------------------------------------------------------------------------------


def test_a_command_and_its_answer_are_remembered() -> None:
    air = Field()
    active_phone(air)
    assert air.exchange(b"\x02\x01", 1.0) == b"\x02\x01" + OK
    assert air.frames == [(RATS, ATS), (b"\x02\x01", b"\x02\x01" + OK)]


def test_only_the_newest_frames_are_kept() -> None:
    air = Field()
    for _ in range(1_100):
        air.exchange(RATS, 1.0)
    assert len(air.frames) == 1_000


def test_only_what_was_selected_last_hears() -> None:
    air = Field()
    phone_in(air)
    phone_in(air, identity=Identity(uid=b"\x08xyz"))
    air.poll()
    air.poll()
    assert air.exchange(RATS, 1.0) == ATS
    assert air.exchange(b"\x02\x01", 1.0) == b"\x02\x01" + OK


def test_a_card_without_isodep_is_silent() -> None:
    air = Field()
    phone_in(air, identity=STICKER)
    air.poll()
    assert air.exchange(RATS, 1.0) is None


@pytest.mark.parametrize("active", [False, True], ids=["HLTA", "S(DESELECT)"])
def test_one_put_to_sleep_answers_again_when_the_field_was_off(active: bool) -> None:
    air = Field()
    phone_in(air)
    air.poll()
    if active:
        air.exchange(RATS, 1.0)
    assert air.exchange(DESELECT if active else HLTA, 1.0) == (DESELECT if active else None)
    assert air.poll() is None
    air.off()
    assert air.poll() == PHONE


def test_one_in_a_session_does_not_know_hlta() -> None:
    air = Field()
    active_phone(air)
    assert air.exchange(HLTA, 1.0) is None
    assert air.exchange(b"\x02\x01", 1.0) == b"\x02\x01" + OK


def test_without_the_carrier_a_session_is_forgotten() -> None:
    air, off = Field(), list[str]()
    phone_in(air, on_field_off=lambda: off.append("off"))
    air.poll()
    air.exchange(RATS, 1.0)
    air.off()
    assert off == ["off"]
    assert air.exchange(b"\x02\x01", 1.0) is None
    air.poll()
    assert air.exchange(b"\x02\x01", 1.0) is None, "it wants RATS first"


class Corrupting:
    """A card whose every answer is garbled."""

    def select(self) -> Identity | None:
        return PHONE

    def hear(self, frame: bytes, timeout_s: float) -> bytes | None:
        raise CorruptError

    def field_off(self) -> None:
        pass


def test_a_garbled_answer_is_the_readers_to_notice() -> None:
    air = Field()
    air.put(Corrupting())
    air.poll()
    with pytest.raises(CorruptError):
        air.exchange(RATS, 1.0)


# --- phones that think ------------------------------------------------------------------------------------------------


def test_a_phone_that_thinks_asks_for_time() -> None:
    air, let = Field(), threading.Event()

    def think(command: bytes) -> bytes:
        let.wait(LIMIT_S)
        return command + OK

    phone = RadioPhone(air, think, identity=PHONE, wtx_after_s=0.0)
    air.put(phone)
    air.poll()
    air.exchange(RATS, 1.0)
    answer = air.exchange(b"\x02\x01", 1.0)
    assert answer == b"\xf2\x01"
    let.set()
    while answer == b"\xf2\x01":
        answer = air.exchange(b"\xf2\x01", 1.0)
    assert answer == b"\x02\x01" + OK
    assert phone.extensions >= 1


def test_a_phone_that_leaves_while_it_thinks_answers_nothing() -> None:
    air = Field()

    def leave(command: bytes) -> bytes:
        raise LeftError

    active_phone(air, leave)
    assert air.exchange(b"\x02\x01", 1.0) is None
    assert air.poll() is None


def test_what_it_thought_of_while_the_field_went_is_thrown_away() -> None:
    air = Field()

    def lose_the_field(command: bytes) -> bytes:
        air.off()
        return command + OK

    active_phone(air, lose_the_field)
    assert air.exchange(b"\x02\x01", 1.0) is None


def test_one_that_still_thinks_when_the_field_has_gone_asks_for_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    air = Field()

    def lose_the_field(_: Future[bytes], timeout: float) -> bytes:
        air.off()
        raise TimeoutError(timeout)

    phone = active_phone(air)
    monkeypatch.setattr(Future, "result", lose_the_field)
    assert air.exchange(b"\x02\x01", 1.0) is None
    assert phone.extensions == 0


# --- a phone that reads tags ------------------------------------------------------------------------------------------


def tag_in(air: Field, respond: Callable[[bytes], bytes]) -> None:
    phone_in(air, respond)


def test_a_tag_is_read() -> None:
    air, tag = Field(), Type4Tag()
    tag.show(TagWaiting("https://pay.example/t/1"))
    tag_in(air, tag.respond)
    assert read_tag(air, LIMIT_S) == uri_message("https://pay.example/t/1")


def test_without_a_tag_the_search_ends() -> None:
    assert read_tag(Field(), 0.01) is None


def test_a_tag_that_goes_in_the_middle_is_read_from_the_beginning() -> None:
    air, tag, commands = Field(), Type4Tag(), list[bytes]()
    tag.show(TagWaiting("https://pay.example/t/1"))

    def flickering(command: bytes) -> bytes:
        commands.append(command)
        if len(commands) == 2:
            air.off()
        return tag.respond(command)

    tag_in(air, flickering)
    assert read_tag(air, LIMIT_S) == uri_message("https://pay.example/t/1")
    assert len(commands) == 5
