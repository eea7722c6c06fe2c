# SPDX-License-Identifier: Apache-2.0
"""The reader's side of a tap against cards that behave, and cards that do anything."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.core.errors import CardLostError, CardProtocolError, ReaderError, ReaderLostError, TapTimeoutError
from pengpos.wire import apdu
from pengpos.wire.session import MAX_GET_RESPONSES, SELECT_LIMIT_S, TAP_LIMIT_S, CardSession, Fci

OURS = "6f138409f050454e4754415001a5068001018201009000"
PRESENTATION = bytes(range(256)) + bytes(100)


class Script:
    """A card with its answers written down: hex, or an error to raise. Keeps what it was sent, and when to give up."""

    def __init__(self, *answers: str | Exception, seconds_each: float = 0.0) -> None:
        self._answers: Iterator[str | Exception] = iter(answers)
        self._seconds_each = seconds_each
        self.now_s = 100.0
        self.sent: list[bytes] = []
        self.limits_s: list[float] = []

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        self.sent.append(command)
        self.limits_s.append(timeout_s)
        self.now_s += self._seconds_each
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return bytes.fromhex(answer)

    @property
    def session(self) -> CardSession:
        return CardSession(self.transceive, lambda: self.now_s)


@pytest.mark.parametrize(
    ("answer", "fci"),
    [
        (OURS, Fci(version=1, locked=False)),
        ("6f138409f050454e4754415001a5068001018201019000", Fci(version=1, locked=True)),
        ("6f138409f050454e4754415001a506800101820181" + "9000", Fci(version=1, locked=True)),
        ("6f138409f050454e4754415001a5068001028201fe9000", Fci(version=2, locked=False)),
        ("6f168409f050454e4754415001a509" + "800101820100" + "990100" + "9000", Fci(version=1, locked=False)),
        (
            "6f15" + "8409f050454e4754415001" + "a508800101820100" + "9900" + "9000",
            Fci(version=1, locked=False),
        ),
        ("6f13" + "a506800101820100" + "8409f050454e4754415001" + "9000", Fci(version=1, locked=False)),
    ],
    ids=["unlocked", "locked", "further flags", "version 2", "further tag", "empty further tag", "another order"],
)
def test_a_wallet_is_known_by_its_fci(answer: str, fci: Fci) -> None:
    card = Script(answer)
    assert card.session.select() == fci
    assert card.sent == [apdu.select()]


@pytest.mark.parametrize(
    "answer",
    [
        "6a82",
        "6985",
        "6d00",
        "6700",
        "6110",
        "9000",
        "aabb9000",
        "6f00" + "9000",
        "6f07" + "8405a000000003" + "9000",
        "6f13" + "8409f050454e4754415002" + "a506800101820100" + "9000",
        "6f0b" + "8409f050454e4754415001" + "9000",
        "6f10" + "8409f050454e4754415001" + "a503800101" + "9000",
        "6f14" + "8409f050454e4754415001" + "a50780020001820100" + "9000",
        "6f13" + "8409f050454e4754415001" + "a506800101820100"[:-2] + "9000",
        "6f8113" + "8409f050454e4754415001" + "a506800101820100" + "9000",
        OURS[:-4] + "6283",
        "00" * 255 + "9000",
    ],
    ids=[
        "not found", "not now", "unknown", "length", "61xx", "empty", "not TLV", "empty FCI", "a bank card",
        "another AID", "no A5", "no flags", "long version", "cut short", "long form", "ours, but a warning", "zeros",
    ],
)  # fmt: skip
def test_what_is_no_wallet_of_ours_is_passed_over(answer: str) -> None:
    assert Script(answer).session.select() is None


@pytest.mark.parametrize(
    "error",
    [TapTimeoutError(SELECT_LIMIT_S), CardLostError(), CardProtocolError("rubbish"), ReaderLostError("r", "d", "c")],
    ids=lambda error: type(error).__name__,
)
def test_what_the_reader_raises_comes_through(error: ReaderError) -> None:
    with pytest.raises(type(error)):
        Script(error).session.select()
    with pytest.raises(type(error)):
        Script("9000", error).session.present(PRESENTATION)


def test_select_has_a_second_and_a_half_and_the_tap_eight() -> None:
    card = Script(OURS, "9000", "aa6101", "bb9000", seconds_each=1.5)
    session = card.session
    session.select()
    assert session.present(PRESENTATION) == b"\xaa\xbb"
    assert card.limits_s == [SELECT_LIMIT_S, TAP_LIMIT_S - 1.5, TAP_LIMIT_S - 3, TAP_LIMIT_S - 4.5]


def test_a_tap_ends_after_eight_seconds_even_where_the_reader_never_gives_up() -> None:
    card = Script(OURS, *["9000"] * 5, seconds_each=4.0)
    session = card.session
    session.select()
    with pytest.raises(TapTimeoutError) as ended:
        session.present(PRESENTATION)
    assert ended.value.limit_s == TAP_LIMIT_S
    assert len(card.sent) == 2
    assert not session.push_result(b"receipt")
    assert len(card.sent) == 2


@pytest.mark.parametrize(
    ("seconds", "ms"),
    [
        pytest.param([0.5, 0.125, 7.0, 0.25], 250, id="the median, and not how long the wallet thinks"),
        pytest.param([0.5, 0.125, 6.0], 125, id="no GET RESPONSE: the lower of two"),
        pytest.param([0.0, 0.0, 0.5, 0.5], 0, id="quicker than the clock"),
        pytest.param([0.0625, 0.0625, 0.5, 0.0625], 63, id="a part of a millisecond is one"),
    ],
)
def test_how_long_a_phone_takes_for_a_command(seconds: list[float], ms: int) -> None:
    now_s = 100.0
    last = "010203049000" if len(seconds) == 3 else "016102"
    answers = iter(zip(seconds, [OURS, "9000", last, "02039000"], strict=False))

    def transceive(command: bytes, timeout_s: float) -> bytes:
        nonlocal now_s
        took_s, answer = next(answers)
        now_s += took_s
        return bytes.fromhex(answer)

    session = CardSession(transceive, lambda: now_s)
    assert session.turnaround_ms == 0
    session.select()
    session.present(PRESENTATION)
    assert session.turnaround_ms == ms


def test_select_gets_no_more_than_the_tap_has_left() -> None:
    card = Script("6a82", "6a82", seconds_each=7.0)
    session = card.session
    session.select()
    session.select()
    assert card.limits_s == [1.5, 1.0]


@pytest.mark.parametrize(
    ("answers", "reply"),
    [
        (["9000", "aabb9000"], b"\xaa\xbb"),
        (["9000", "9000"], b""),
        (["9000", "aa6102", "bbcc9000"], b"\xaa\xbb\xcc"),
        (["9000", "aa6102", "bb6101", "cc9000"], b"\xaa\xbb\xcc"),
        (["9000", "aa61ff", "bb" * 255 + "9000"], b"\xaa" + b"\xbb" * 255),
        (["9000", "aa61ff", "bb" * 255 + "61ff", "cc9000"], b"\xaa" + b"\xbb" * 255 + b"\xcc"),
        (["9000", "aa6109", *["bb6109"] * 9, "cc9000"], b"\xaa" + b"\xbb" * 9 + b"\xcc"),
    ],
    ids=["one piece", "nothing", "two", "less than asked for", "255", "FF twice", "ten fetches"],
)
def test_replies_are_gathered(answers: list[str], reply: bytes) -> None:
    card = Script(*answers)
    assert card.session.present(PRESENTATION) == reply
    assert card.sent[:2] == apdu.present(PRESENTATION)
    asked = [raw[4] for raw in card.sent[2:]]
    assert asked == [int(answer[-2:], 16) for answer in answers[1:-1]]


@pytest.mark.parametrize(
    ("answers", "sent"),
    [
        (["6a86"], 1),
        (["6110"], 1),
        (["aa9000"], 1),
        ([""], 1),
        (["90"], 1),
        (["9000", "6985"], 2),
        (["9000", "aa6985"], 2),
        (["9000", "6c10"], 2),
        (["9000", "6110"], 2),
        (["9000", "aa6100"], 2),
        (["9000", "00" * 256 + "9000"], 2),
        (["9000", "aa6110", "6110"], 3),
        (["9000", "aa6110", "6a82"], 3),
        (["9000", "aa6101", "bbcc9000"], 3),
        (["9000", "aa61ff", *["bb61ff"] * 20], 2 + MAX_GET_RESPONSES),
        (["9000", *["bb" * 255 + "61ff"] * 20], 2 + 8),
    ],
    ids=[
        "a link refused", "a link with more", "a link with data", "no status", "half a status", "refused",
        "refused with data", "6Cxx", "61xx with nothing", "6100", "256 bytes", "61xx with nothing later",
        "refused later", "more than asked for", "eleven fetches", "beyond 2,048 bytes",
    ],
)  # fmt: skip
def test_anything_else_ends_the_tap_at_once(answers: list[str], sent: int) -> None:
    card = Script(*answers)
    with pytest.raises(CardProtocolError):
        card.session.present(PRESENTATION)
    assert len(card.sent) == sent


@pytest.mark.parametrize(
    ("answers", "taken", "sent"),
    [
        (["9000", "9000"], True, 2),
        (["9000", "6d00"], False, 2),
        (["6d00"], False, 1),
        ([CardLostError()], False, 1),
        (["9000", TapTimeoutError(1)], False, 2),
        (["9000", ""], False, 2),
    ],
    ids=["taken", "refused", "link refused", "gone", "too slow", "rubbish"],
)
def test_the_result_is_best_effort(answers: list[str | Exception], taken: bool, sent: int) -> None:
    card = Script(*answers)
    assert card.session.push_result(bytes(300)) is taken
    assert card.sent == apdu.result(bytes(300))[:sent]


def test_a_lost_reader_is_never_kept_quiet() -> None:
    with pytest.raises(ReaderLostError):
        Script(ReaderLostError("r", "d", "c")).session.push_result(b"receipt")


def test_the_line_may_be_exchanged_between_two_commands() -> None:
    before, after = Script(OURS, "9000", "aa9000", seconds_each=1.5), Script("9000")
    session = before.session
    session.select()
    session.present(PRESENTATION)
    session.transceive = after.transceive
    assert session.push_result(b"receipt")
    assert after.limits_s == [TAP_LIMIT_S - 3 * 1.5], "it is the same tap"


ANSWERS = st.binary(max_size=300) | st.builds(
    lambda data, sw: data + sw,
    st.binary(max_size=255),
    st.sampled_from([b"\x90\x00", b"\x61\xff", b"\x61\x01", b"\x61\x00", b"\x6c\x05"]),
)


def arbitrary(answers: st.DataObject, sent: list[bytes]) -> Callable[[bytes, float], bytes]:
    def transceive(command: bytes, timeout_s: float) -> bytes:
        assert 0 < timeout_s <= TAP_LIMIT_S
        sent.append(command)
        if answers.draw(st.integers(0, 19)) == 0:
            raise answers.draw(st.sampled_from([CardLostError(), TapTimeoutError(1), CardProtocolError("garbled")]))
        return answers.draw(ANSWERS)

    return transceive


@given(st.data())
def test_whatever_a_card_does_a_tap_ends_within_its_bounds(data: st.DataObject) -> None:
    sent: list[bytes] = []
    session = CardSession(arbitrary(data, sent), lambda: 0.0)
    try:
        session.select()
        reply = session.present(PRESENTATION)
        assert len(reply) <= 2_048
    except (CardLostError, CardProtocolError, TapTimeoutError):
        pass
    assert session.push_result(bytes(512)) in {True, False}
    assert len(sent) <= 1 + 2 + MAX_GET_RESPONSES + 3


@given(st.integers(0, 2_048), st.lists(st.integers(1, 255), min_size=1, max_size=10))
def test_a_reply_in_any_pieces_comes_whole(size: int, pieces: list[int]) -> None:
    reply = bytes(index % 251 for index in range(min(size, sum(pieces))))
    left = reply

    def transceive(command: bytes, timeout_s: float) -> bytes:
        nonlocal left
        if command[0] & apdu.CLA_CHAINED:
            return b"\x90\x00"
        wanted = apdu.Command.parse(command).le or 0
        given, left = left[: min(wanted, pieces[0], 255)], left[min(wanted, pieces[0], 255) :]
        pieces.append(pieces.pop(0))
        return given + (bytes([0x61, min(len(left), 255)]) if left else b"\x90\x00")

    assert CardSession(transceive, lambda: 0.0).present(PRESENTATION) == reply
    assert not left
