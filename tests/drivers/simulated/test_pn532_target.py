# SPDX-License-Identifier: Apache-2.0
"""A simulated PN532 as a card, between a reader's frames and its host's answers."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from drivers.simulated.field import Identity
from drivers.simulated.pn532_target import ReleasedError, TargetMode

LIMIT_S = 10.0
IDENTITY = Identity(uid=b"\x08tag")
RATS, DESELECT = bytes.fromhex("E050"), b"\xc2"
FIRMWARE_ATS = bytes.fromhex("0575339200")


def never() -> bool:
    return False


def raw() -> TargetMode:
    return TargetMode(IDENTITY, as_picc=False)


def picc(historical: bytes = b"") -> TargetMode:
    return TargetMode(IDENTITY, as_picc=True, historical=historical)


class Reading:
    """A reader's thread, one frame at a time."""

    def __init__(self, target: TargetMode) -> None:
        self.target = target
        self.pool = ThreadPoolExecutor(1)

    def frame(self, frame: bytes, timeout_s: float = LIMIT_S) -> "Future[bytes | None]":
        return self.pool.submit(self.target.hear, frame, timeout_s)

    def answered(self, frame: bytes, host: Callable[[bytes], bytes]) -> bytes | None:
        """What the reader gets for a frame that the host answers."""
        hearing = self.frame(frame)
        got = self.target.next(never)
        assert got is not None
        self.target.answer(host(got))
        return hearing.result(LIMIT_S)


@pytest.mark.parametrize("target", [raw(), picc()], ids=["raw", "as a PICC"])
def test_it_is_selected_once_until_it_is_let_go(target: TargetMode) -> None:
    assert target.select() == IDENTITY
    assert target.select() is None
    target.field_off()
    assert target.select() is None, "its stay is over"


def test_a_field_that_goes_before_it_was_selected_is_nothing() -> None:
    target = raw()
    target.field_off()
    assert target.select() == IDENTITY


# --- raw: each frame is the host's to answer --------------------------------------------------------------------------


def test_raw_frames_are_the_hosts() -> None:
    target = raw()
    target.select()
    reading = Reading(target)
    assert reading.answered(RATS, lambda frame: b"ats of " + frame) == b"ats of " + RATS
    assert reading.answered(b"\x02\x01", lambda frame: frame) == b"\x02\x01"


def test_a_host_that_does_not_answer_is_silence() -> None:
    target = raw()
    target.select()
    assert target.hear(b"\x02\x01", -1.0) is None
    assert target.next(never) == b"\x02\x01"


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next() -> None:
    target = raw()
    target.select()
    assert target.hear(b"\x02\x01", -1.0) is None
    assert target.next(never) == b"\x02\x01"
    target.answer(b"late")
    assert Reading(target).answered(b"\x03\x02", lambda frame: frame) == b"\x03\x02"


@pytest.mark.parametrize("frame", [b"\xc2", b"\xca\x01"])
def test_after_deselect_it_may_be_selected_anew(frame: bytes) -> None:
    target = raw()
    target.select()
    assert Reading(target).answered(frame, lambda deselect: deselect) == frame
    assert target.select() == IDENTITY


# --- as a PICC: the firmware speaks ISO-DEP ---------------------------------------------------------------------------


def test_the_firmware_answers_rats_and_tells_its_host() -> None:
    target = picc()
    target.select()
    assert target.hear(RATS, LIMIT_S) == FIRMWARE_ATS
    assert target.next(never) == RATS


def test_the_hosts_historical_bytes_are_in_its_ats() -> None:
    target = picc(b"shop")
    target.select()
    assert target.hear(RATS, LIMIT_S) == b"\x09" + FIRMWARE_ATS[1:] + b"shop"


def test_the_host_sees_commands_not_blocks() -> None:
    target = picc()
    target.select()
    target.hear(RATS, LIMIT_S)
    assert target.next(never) == RATS
    answer = Reading(target).answered(b"\x02\x00\xa4", lambda command: command + b"\x90\x00")
    assert answer == b"\x02\x00\xa4\x90\x00"


def test_a_frame_that_is_no_block_is_for_nobody() -> None:
    target = picc()
    target.select()
    assert target.hear(b"\xff", LIMIT_S) is None


def test_an_answer_to_nothing_is_dropped() -> None:
    target = picc()
    target.select()
    target.hear(RATS, LIMIT_S)
    target.answer(b"\x90\x00")
    assert target.next(never) == RATS


def test_deselect_ends_its_stay() -> None:
    target = picc()
    target.select()
    target.hear(RATS, LIMIT_S)
    target.next(never)
    assert target.hear(DESELECT, LIMIT_S) == DESELECT
    with pytest.raises(ReleasedError):
        target.next(never)


# --- the host's waits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [raw(), picc()], ids=["raw", "as a PICC"])
def test_a_reader_that_goes_ends_the_hosts_wait(target: TargetMode) -> None:
    target.select()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(target.next, never)
        target.field_off()
        with pytest.raises(ReleasedError):
            waiting.result(LIMIT_S)
    with pytest.raises(ReleasedError):
        target.answer(b"\x90\x00")


def test_a_reader_that_goes_ends_its_own_wait_for_an_answer() -> None:
    target = raw()
    target.select()
    hearing = Reading(target).frame(b"\x02\x01")
    assert target.next(never) == b"\x02\x01"
    target.field_off()
    assert hearing.result(LIMIT_S) is None


def test_a_host_that_thinks_better_of_it_is_woken() -> None:
    target, cancelled = raw(), threading.Event()
    target.select()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(target.next, cancelled.is_set)
        cancelled.set()
        while not waiting.done():
            target.wake()
        assert waiting.result(LIMIT_S) is None
