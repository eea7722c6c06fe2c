# SPDX-License-Identifier: Apache-2.0
"""The reader's side of ISO 14443-4, block by block against a script. Source: ISO/IEC 14443-4 §7.5."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from drivers.isodep.ats import FWT_MOST_S, Ats
from drivers.isodep.reader import ANSWER_MOST, GarbledError, GivenUpError, IsoDep, SilentError

SILENCE, NOISE = "silence", "noise"
FWT_S = 0.1
TOLERANCE_S = 49_152 / 13_560_000
SMALL = Ats(frame_size=16, frame_waiting_time_s=FWT_S)  # 13 bytes of INF in a block


@dataclass
class Script:
    """A radio that plays one card: each frame it must be sent, and what comes back."""

    turns: list[tuple[str, str]]
    timeouts_s: list[float] = field(default_factory=list)
    then: Callable[[], object] = lambda: None

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        assert self.turns, f"{frame.hex()} is one frame too many"
        due, answer = self.turns.pop(0)
        assert frame.hex() == due.lower()
        self.timeouts_s.append(timeout_s)
        self.then()
        if answer == SILENCE:
            raise SilentError
        if answer == NOISE:
            raise GarbledError("CRC")
        return bytes.fromhex(answer)


def session(*turns: tuple[str, str], ats: Ats = SMALL, frame_most: int = 256) -> tuple[IsoDep, Script]:
    script = Script(list(turns))
    return IsoDep(script, ats, frame_most=frame_most), script


COMMAND = bytes.fromhex("00A4")
LONG = bytes(range(30))
ONE, TWO, REST = LONG[:13].hex(), LONG[13:26].hex(), LONG[26:].hex()


@pytest.mark.parametrize(
    ("command", "turns", "response"),
    [
        pytest.param(COMMAND, [("0200A4", "029000")], "9000", id="one block each way"),
        pytest.param(COMMAND, [("0200A4", "02")], "", id="an empty answer"),
        pytest.param(b"", [("02", "029000")], "9000", id="an empty command"),
        pytest.param(
            LONG,
            [("12" + ONE, "A2"), ("13" + TWO, "A3"), ("02" + REST, "029000")],
            "9000",
            id="a command in three links",
        ),
        pytest.param(
            COMMAND,
            [("0200A4", "120102"), ("A3", "130304"), ("A2", "029000")],
            "010203049000",
            id="an answer in three links",
        ),
        pytest.param(
            COMMAND,
            [("0200A4", "F201"), ("F201", "F201"), ("F201", "029000")],
            "9000",
            id="S(WTX) twice: it is granted as asked",
        ),
        pytest.param(COMMAND, [("0200A4", SILENCE), ("B2", "029000")], "9000", id="an answer lost: R(NAK), rule 11"),
        pytest.param(COMMAND, [("0200A4", NOISE), ("B2", "029000")], "9000", id="an answer garbled: the same"),
        pytest.param(
            COMMAND,
            [("0200A4", SILENCE), ("B2", "A3"), ("0200A4", "029000")],
            "9000",
            id="a command lost: R(ACK) of the one before, rule 6",
        ),
        pytest.param(
            COMMAND,
            [("0200A4", "12AA"), ("A3", SILENCE), ("A3", "039000")],
            "aa9000",
            id="a link of the answer lost: R(ACK) again",
        ),
        pytest.param(
            LONG,
            [("12" + ONE, SILENCE), ("B2", "A2"), ("13" + TWO, "A3"), ("02" + REST, "029000")],
            "9000",
            id="an acknowledgement lost",
        ),
        pytest.param(COMMAND, [("0200A4", "FF"), ("B2", "029000")], "9000", id="no block that is known: asked again"),
        pytest.param(COMMAND, [("0200A4", "039000"), ("B2", "029000")], "9000", id="a block of the wrong number"),
        pytest.param(COMMAND, [("0200A4", "F200"), ("B2", "029000")], "9000", id="S(WTX) for no time at all"),
        pytest.param(COMMAND, [("0200A4", "F23C"), ("B2", "029000")], "9000", id="S(WTX) beyond 59"),
    ],
)
def test_a_command_and_its_answer(command: bytes, turns: list[tuple[str, str]], response: str) -> None:
    isodep, script = session(*turns)
    assert isodep.exchange(command).hex() == response
    assert script.turns == []


@pytest.mark.parametrize(
    ("turns", "error"),
    [
        pytest.param([("0200A4", SILENCE), *[("B2", SILENCE)] * 3], SilentError, id="silent to the end"),
        pytest.param([("0200A4", NOISE), *[("B2", NOISE)] * 3], GarbledError, id="garbled to the end"),
        pytest.param([("0200A4", NOISE), *[("B2", NOISE)] * 2, ("B2", SILENCE)], SilentError, id="the last counts"),
        pytest.param([("0200A4", "A2")], GarbledError, id="an acknowledgement where the answer was due"),
        pytest.param([("0200A4", "A3")] * 4, GarbledError, id="the block asked for again and again"),
        pytest.param([("0200A4", "12AA"), ("A3", "A3")], GarbledError, id="an acknowledgement of ours acknowledged"),
        pytest.param([("0200A4", "12AA"), ("A3", "A2")], GarbledError, id="and of the wrong number"),
    ],
)
def test_an_exchange_that_fails(turns: list[tuple[str, str]], error: type[Exception]) -> None:
    isodep, script = session(*turns)
    with pytest.raises(error):
        isodep.exchange(COMMAND)
    assert script.turns == []


def test_a_link_that_is_answered_instead_of_acknowledged() -> None:
    isodep, _ = session(("12" + ONE, "029000"))
    with pytest.raises(GarbledError, match="acknowledgement of a link"):
        isodep.exchange(LONG)


def test_an_answer_without_end() -> None:
    part = "AA" * 253
    links = ANSWER_MOST // 253 + 1
    turns = [("0200A4", "12" + part), *[(f"A{3 - n % 2}", f"1{3 - n % 2}" + part) for n in range(links)]]
    isodep, _ = session(*turns)
    with pytest.raises(GarbledError, match="beyond"):
        isodep.exchange(COMMAND)


def test_block_numbers_go_on_from_one_command_to_the_next() -> None:
    isodep, _ = session(*[("0200A4", "029000"), ("0300A4", "039000")] * 2)
    assert [isodep.exchange(COMMAND) for _ in range(4)] == [b"\x90\x00"] * 4


@pytest.mark.parametrize(
    ("card_takes", "radio_sends", "link_bytes"), [(16, 256, 13), (256, 64, 61), (256, 256, 200), (24, 32, 21)]
)
def test_no_frame_is_larger_than_card_and_radio_take(card_takes: int, radio_sends: int, link_bytes: int) -> None:
    command = bytes(200)
    links = [command[at : at + link_bytes] for at in range(0, len(command), link_bytes)]
    turns = [(f"1{2 + n % 2}" + inf.hex(), f"A{2 + n % 2}") for n, inf in enumerate(links[:-1])]
    last = (len(links) - 1) % 2
    ats = Ats(frame_size=card_takes, frame_waiting_time_s=FWT_S)
    isodep, script = session(*turns, (f"0{2 + last}" + links[-1].hex(), f"0{2 + last}9000"), ats=ats,
                             frame_most=radio_sends)  # fmt: skip
    assert isodep.exchange(command) == b"\x90\x00"
    assert script.turns == []


@pytest.mark.parametrize(
    ("fwt_s", "multiplier", "granted_s"),
    [(FWT_S, 1, FWT_S + TOLERANCE_S), (FWT_S, 10, 10 * (FWT_S + TOLERANCE_S)), (FWT_S, 59, FWT_MOST_S)],
)
def test_time_is_granted_for_one_block_only_and_never_beyond_the_standard(
    fwt_s: float, multiplier: int, granted_s: float
) -> None:
    block = f"F2{multiplier:02X}"
    isodep, script = session(
        ("0200A4", block), (block, SILENCE), ("B2", "029000"), ats=Ats(frame_size=16, frame_waiting_time_s=fwt_s)
    )
    isodep.exchange(COMMAND)
    usual_s = fwt_s + TOLERANCE_S
    assert script.timeouts_s == pytest.approx([usual_s, granted_s, usual_s])


@pytest.mark.parametrize(
    ("answers", "there"),
    [
        (["A3"], True),
        (["029000"], True),
        ([NOISE], True),
        ([SILENCE, "A3"], True),
        ([SILENCE, SILENCE, NOISE], True),
        ([SILENCE] * 3, False),
        ([""] * 3, False),
    ],
)
def test_whether_a_card_is_still_there(answers: list[str], there: bool) -> None:
    isodep, script = session(*[("B2", answer) for answer in answers])
    assert isodep.is_present() == there
    assert script.turns == []


def test_it_gives_up_between_two_blocks() -> None:
    stopping: list[bool] = []
    script = Script([("0200A4", "F201")], then=lambda: stopping.append(True))
    isodep = IsoDep(script, SMALL, frame_most=256, given_up=lambda: bool(stopping))
    with pytest.raises(GivenUpError):
        isodep.exchange(COMMAND)
    assert script.turns == []
