# SPDX-License-Identifier: Apache-2.0
"""Both sides of ISO 14443-4: the card's block by block, the reader's against a card on a bad line."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.isodep.ats import read_ats
from drivers.isodep.card import ATS, Command, Deselected, Picc, Quiet, Send
from drivers.isodep.reader import ANSWER_MOST, GarbledError, GivenUpError, IsoDep, SilentError

RATS = bytes.fromhex("E080")
SMALL_RATS = bytes.fromhex("E000")  # the reader takes frames of 16 bytes


def talk(
    blocks: Iterable[str], respond: Callable[[bytes], bytes] = lambda apdu: apdu + b"\x90\x00"
) -> list[str | None]:
    """What a card says to each block; commands are answered at once."""
    picc = Picc()
    said: list[str | None] = []
    for block in blocks:
        picc, outcome = picc.hear(bytes.fromhex(block))
        match outcome:
            case Send(answer) | Deselected(answer):
                said.append(answer.hex())
            case Command(apdu):
                picc, answer = picc.answer(respond(apdu))
                said.append(answer.hex())
            case Quiet():
                said.append(None)
    return said


@pytest.mark.parametrize(
    ("blocks", "answers"),
    [
        pytest.param(["0200A40400"], [None], id="before RATS: silence"),
        pytest.param(["E080"], ["0578807000"], id="RATS"),
        pytest.param(["E080", "E080"], ["0578807000"] * 2, id="RATS again"),
        pytest.param(["E080", "0200B0"], ["0578807000", "0200b09000"], id="a command"),
        pytest.param(["E080", "0201", "0302", "0203"], ["0578807000", "02019000", "03029000", "02039000"], id="three"),
        pytest.param(["E080", "1201", "1302", "0203"], ["0578807000", "a2", "a3", "020102039000"], id="chained to us"),
        pytest.param(["E080", "B2"], ["0578807000", "a3"], id="R(NAK) first of all: are you there"),
        pytest.param(["E080", "0201", "B2"], ["0578807000", "02019000", "02019000"], id="R(NAK): say it again"),
        pytest.param(["E080", "0201", "B3"], ["0578807000", "02019000", "a2"], id="R(NAK) of the next: not heard"),
        pytest.param(["E080", "1201", "B2"], ["0578807000", "a2", "a2"], id="R(ACK) lost"),
        pytest.param(["E080", "C2"], ["0578807000", "c2"], id="S(DESELECT)"),
        pytest.param(
            ["E080", "C2", "0201", "E080"], ["0578807000", "c2", None, "0578807000"], id="after it: only RATS"
        ),
        pytest.param(["E080", "0A0001", "CA00", "0600FF"], ["0578807000", None, None, None], id="with CID or NAD: no"),
        pytest.param(["E080", "D01100"], ["0578807000", "d0"], id="PPS for 106 kbit/s"),
        pytest.param(["E080", "D0110F"], ["0578807000", None], id="PPS for more: silence"),
        pytest.param(["E080", "F201"], ["0578807000", None], id="S(WTX) nobody asked for"),
        pytest.param(["E080", "", "FF", "62"], ["0578807000", None, None, None], id="no blocks at all"),
    ],
)
def test_the_cards_side(blocks: list[str], answers: list[str | None]) -> None:
    assert talk(blocks) == answers


def test_a_long_answer_is_chained_to_what_the_reader_takes() -> None:
    said = talk(["E000", "0201", "A3", "A2", "B2"], lambda apdu: bytes(range(30)))
    assert said[1:] == [
        "12" + bytes(range(13)).hex(),
        "13" + bytes(range(13, 26)).hex(),
        "02" + bytes(range(26, 30)).hex(),
        "02" + bytes(range(26, 30)).hex(),
    ]


def test_time_is_asked_for_and_given() -> None:
    picc, _ = Picc().hear(RATS)
    picc, outcome = picc.hear(b"\x02\x01")
    assert outcome == Command(b"\x01")
    picc, block = picc.ask_for_time(59)
    assert block == b"\xf2\x3b"
    picc, outcome = picc.hear(b"\xb2")
    assert outcome == Send(b"\xf2\x3b")  # it was lost
    picc, outcome = picc.hear(b"\xf2\x3b")
    assert outcome is Quiet.WAITING_FOR_ANSWER
    picc, block = picc.answer(b"\x90\x00")
    assert block == b"\x02\x90\x00"


def test_a_busy_card_hears_nothing_else() -> None:
    picc, _ = Picc().hear(RATS)
    picc, _ = picc.hear(b"\x02\x01")
    for block in (b"\x02\x01", b"\x03\x01", b"\xb2"):
        picc, outcome = picc.hear(block)
        assert outcome is Quiet.WAITING_FOR_ANSWER


@pytest.mark.parametrize("multiplier", [0, 60])
def test_time_beyond_the_standard_is_not_asked_for(multiplier: int) -> None:
    picc, _ = Picc().hear(RATS)
    picc, _ = picc.hear(b"\x02\x01")
    with pytest.raises(ValueError, match="59"):
        picc.ask_for_time(multiplier)


def test_nothing_to_answer() -> None:
    with pytest.raises(ValueError, match="no command"):
        Picc().answer(b"\x90\x00")


def test_a_command_without_end_is_dropped() -> None:
    picc, _ = Picc().hear(RATS)
    outcomes = []
    for number in range(6):
        picc, outcome = picc.hear(bytes([0x12 | number & 1]) + bytes(250))
        outcomes.append(outcome)
    assert Quiet.NOT_FOR_US in outcomes
    assert len(picc.gathered) <= 1_024


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_no_block_breaks_the_card(blocks: list[bytes]) -> None:
    picc, _ = Picc().hear(RATS)
    for block in blocks:
        picc, outcome = picc.hear(block)
        if isinstance(outcome, Command):
            picc, answer = picc.answer(b"\x90\x00")
            assert len(answer) <= 256
    picc, outcome = picc.hear(RATS)
    assert outcome == Send(ATS)


class Line:
    """A card behind a line that does as told: `+` all well, `>` the block is lost, `<` the answer, `#` its CRC."""

    def __init__(
        self, script: str = "", respond: Callable[[bytes], bytes] = lambda apdu: apdu, rats: bytes = RATS
    ) -> None:
        self.picc, _ = Picc().hear(rats)
        self.script = script
        self.respond = respond
        self.heard: list[bytes] = []
        self.timeouts_s: list[float] = []

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        self.timeouts_s.append(timeout_s)
        what, self.script = self.script[:1] or "+", self.script[1:]
        if what == ">":
            raise SilentError
        self.picc, outcome = self.picc.hear(frame)
        match outcome:
            case Send(answer) | Deselected(answer):
                pass
            case Command(apdu):
                self.heard.append(apdu)
                self.picc, answer = self.picc.answer(self.respond(apdu))
            case Quiet():
                raise SilentError
        if what == "<":
            raise SilentError
        if what == "#":
            raise GarbledError("CRC")
        return answer


def reader_on(line: object, *, frame_most: int = 256, ats: str = "0578807000") -> IsoDep:
    return IsoDep(line, read_ats(bytes.fromhex(ats)), frame_most=frame_most)  # type: ignore[arg-type] # scripted radios


@pytest.mark.parametrize("script", ["", ">", "<", "#", ">>", "<<", "<#", "><", "#<", ">>>", "<<<", "+>", "+<", "+#<>"])
@pytest.mark.parametrize("size", [5, 30, 300])
def test_each_command_arrives_once_over_a_bad_line(script: str, size: int) -> None:
    line = Line(script, rats=SMALL_RATS)
    reader = reader_on(line, frame_most=32)
    commands = [bytes([number]) * size for number in range(3)]
    assert [reader.exchange(command) for command in commands] == commands
    assert line.heard == commands


@given(st.text(alphabet="+++++<>#", max_size=60), st.integers(4, 261), st.integers(0, 8))
def test_over_any_line_the_answer_is_right_or_there_is_none(script: str, size: int, fsdi: int) -> None:
    line = Line(script, respond=lambda apdu: apdu[::-1], rats=bytes([0xE0, fsdi << 4]))
    reader = reader_on(line)
    command = bytes(byte % 251 for byte in range(size))
    try:
        assert reader.exchange(command) == command[::-1]
    except (SilentError, GarbledError):
        assert set(script) & set("<>#")
    assert line.heard in ([], [command])


@pytest.mark.parametrize(
    ("script", "error"), [(">>>>", SilentError), ("<<<<", SilentError), ("####", GarbledError)], ids=str
)
def test_a_card_that_stays_away(script: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        reader_on(Line(script)).exchange(b"\x00\xa4\x04\x00")


class Says:
    """A card that says what it is told to, whatever it hears, the last thing for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = [bytes.fromhex(answer) for answer in answers]
        self.heard: list[str] = []
        self.timeouts_s: list[float] = []

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        self.heard.append(frame.hex())
        self.timeouts_s.append(timeout_s)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([""], id="empty blocks"),
        pytest.param(["039000"], id="the other number"),
        pytest.param(["C2"], id="DESELECT"),
        pytest.param(["A2"], id="an acknowledgement of what is complete"),
        pytest.param(["A3"], id="asked for again and again"),
        pytest.param(["F200"], id="S(WTX) of nothing"),
        pytest.param(["F27C"], id="S(WTX) of 60"),
        pytest.param(["F2"], id="S(WTX) without its multiplier"),
        pytest.param(["0A009000"], id="with a CID we did not give"),
        pytest.param(["0601"], id="with a NAD"),
    ],
)
def test_a_card_that_breaks_the_rules(answers: list[str]) -> None:
    with pytest.raises(GarbledError):
        reader_on(Says(*answers)).exchange(b"\x00\xa4\x04\x00")


def test_an_answer_without_end() -> None:
    class Endless:
        number = 1

        def exchange(self, frame: bytes, timeout_s: float) -> bytes:
            self.number ^= 1
            return bytes([0x12 | self.number]) + bytes(100)

    with pytest.raises(GarbledError, match=str(ANSWER_MOST)):
        reader_on(Endless()).exchange(b"\x00\xa4\x04\x00")


def test_time_that_is_asked_for_is_given_for_one_block() -> None:
    says = Says("F20A", "F23B", "029000")
    assert reader_on(says).exchange(b"\x00\xa4\x04\x00") == b"\x90\x00"
    assert says.heard == ["0200a40400", "f20a", "f23b"]
    fwt_s = says.timeouts_s[0]
    assert says.timeouts_s[1:] == [pytest.approx(10 * fwt_s), pytest.approx(59 * fwt_s)]


def test_no_time_beyond_the_standards_longest() -> None:
    says = Says("F23B", "029000")
    reader_on(says, ats="0578 80 E0 00").exchange(b"\x00\xa4\x04\x00")
    assert max(says.timeouts_s) < 4.96


def test_after_a_lost_answer_to_s_wtx_the_block_is_asked_for_again() -> None:
    class Forgets(Says):
        def exchange(self, frame: bytes, timeout_s: float) -> bytes:
            if super().exchange(frame, timeout_s) == b"":
                raise SilentError
            return self.last if frame[0] == 0xB2 else bytes.fromhex("F201")

        last = bytes.fromhex("029000")

    says = Forgets("F201", "", "029000")
    assert reader_on(says).exchange(b"\x00\xa4\x04\x00") == b"\x90\x00"
    assert says.heard == ["0200a40400", "f201", "b2"]


def test_a_long_frame_waiting_time_does_not_take_the_repetitions_away() -> None:
    line = Line("<")
    assert reader_on(line, ats="0578 80 E0 00").exchange(b"\x00\xa4\x04\x00") == b"\x00\xa4\x04\x00"


def test_endless_time_ends_when_nobody_waits() -> None:
    says = Says("F201")
    asked = iter([False] * 5 + [True])
    reader = IsoDep(says, read_ats(ATS), frame_most=256, given_up=lambda: next(asked))
    with pytest.raises(GivenUpError):
        reader.exchange(b"\x00\xa4\x04\x00")
    assert says.heard == ["0200a40400"] + ["f201"] * 4


@pytest.mark.parametrize(("script", "present"), [("", True), ("<", True), ("#", True), (">>>", False)])
def test_whether_a_card_is_still_there(script: str, present: bool) -> None:
    assert reader_on(Line(script)).is_present() is present


def test_asking_whether_it_is_there_changes_nothing() -> None:
    line = Line()
    reader = reader_on(line)
    for number in range(4):
        assert reader.is_present()
        assert reader.exchange(bytes([number] * 4)) == bytes([number] * 4)
    assert len(line.heard) == 4
