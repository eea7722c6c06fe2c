# SPDX-License-Identifier: Apache-2.0
"""The card's side of the APDUs beyond the vectors: which complaint comes first, and that there is always an answer."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pengpos.core.errors import JournalFullError
from pengpos.wire import apdu
from pengpos.wire.session import CardSession
from sandbox.phone.wallet.applet import Applet
from sandbox.phone.workbench import Bench

SELECT = apdu.select()


class Parrot:
    """A wallet that answers `reply` to everything, and keeps what it was given."""

    locked = False

    def __init__(self, reply: bytes = b"\x82\x02\x03") -> None:
        self.reply = reply
        self.heard: list[bytes] = []

    def answer(self, presentation: bytes) -> bytes:
        self.heard.append(presentation)
        return self.reply

    def take_receipt(self, receipt: bytes) -> None:
        self.heard.append(receipt)


class FullPhone(Parrot):
    """A wallet whose medium takes no more."""

    def answer(self, presentation: bytes) -> bytes:
        raise JournalFullError("no space left on device")

    def take_receipt(self, receipt: bytes) -> None:
        raise JournalFullError("no space left on device")


def talk(applet: Applet, *commands: str) -> list[str]:
    return [applet.respond(bytes.fromhex(command)).hex() for command in commands]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        pytest.param("", "6700", id="nothing"),
        pytest.param("C011FF", "6700", id="three bytes of an unknown class"),
        pytest.param("C011FF00", "6e00", id="unknown class before unknown instruction"),
        pytest.param("10A4040000", "6e00", id="a chained SELECT"),
        pytest.param("8011FF00", "6d00", id="unknown instruction before not selected"),
        pytest.param("00500000", "6d00", id="PRESENT is none of ISO's class"),
        pytest.param("80A4040000", "6d00", id="SELECT is none of ours"),
        pytest.param("8050FF00", "6985", id="not selected before P1P2"),
        pytest.param("00A4FF0009", "6a86", id="SELECT: P1P2 before length"),
        pytest.param("00A4040C00", "6a86", id="SELECT asking for no FCI"),
        pytest.param("00A4040009", "6a82", id="SELECT of nothing, Le 9"),
        pytest.param("00A404000900", "6700", id="SELECT cut short"),
    ],
)
def test_what_is_complained_of_first_before_selection(command: str, answer: str) -> None:
    assert talk(Applet(Parrot()), command) == [answer]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        pytest.param("8050FF0009", "6a86", id="P1P2 before length"),
        pytest.param("805000010100", "6a86", id="P2 counts as well"),
        pytest.param("8050000002A0", "6700", id="shorter than Lc"),
        pytest.param("8050000001A00000", "6700", id="longer than Lc and Le"),
        pytest.param("80500000000001A0", "6700", id="extended length"),
        pytest.param("80500000", "8202039000", id="PRESENT of nothing"),
        pytest.param("8050000001A0", "8202039000", id="PRESENT without Le"),
        pytest.param("8050000001A002", "82026101", id="PRESENT wanting two bytes"),
        pytest.param("8052000001D2", "9000", id="RESULT without Le"),
        pytest.param("00C0FF00FF", "6a86", id="GET RESPONSE: P1P2 before nothing left"),
        pytest.param("00C0000002A0", "6700", id="GET RESPONSE: length before nothing left"),
        pytest.param("00C0000000", "6985", id="GET RESPONSE with nothing left"),
        pytest.param("00A4040007A000000003101000", "6a82", id="another AID"),
    ],
)
def test_what_is_complained_of_first_after_selection(command: str, answer: str) -> None:
    applet = Applet(Parrot())
    applet.respond(SELECT)
    assert talk(applet, command) == [answer]


@pytest.mark.parametrize("deselecting", ["00A4040007A000000003101000", "00A4040005F050454E4700", "power"])
def test_another_aid_or_the_field_going_off_deselects(deselecting: str) -> None:
    applet = Applet(Parrot())
    applet.respond(SELECT)
    if deselecting == "power":
        applet.power_cycle()
    else:
        talk(applet, deselecting)
    assert talk(applet, "8050000001A000") == ["6985"]


@pytest.mark.parametrize(
    ("between", "kept"),
    [
        pytest.param([], True, id="nothing between"),
        pytest.param([SELECT.hex()], False, id="SELECT"),
        pytest.param(["8052000001D200"], False, id="RESULT"),
        pytest.param(["00C0000000"], False, id="GET RESPONSE"),
        pytest.param(["80110000"], False, id="an unknown instruction"),
        pytest.param(["9050010001A1"], False, id="a link with a wrong P1"),
        pytest.param(["9050000002A1"], False, id="a link cut short"),
        pytest.param(["80"], False, id="a single byte"),
    ],
)
def test_what_drops_an_open_chain(between: list[str], kept: bool) -> None:
    wallet = Parrot()
    applet = Applet(wallet)
    talk(applet, SELECT.hex(), "9050000001A1", *between, "8050000001A200")
    assert wallet.heard[-1].hex() == ("a1a2" if kept else "a2")


@pytest.mark.parametrize(
    ("between", "kept"),
    [
        pytest.param("00C0FF00FF", True, id="a wrong GET RESPONSE"),
        pytest.param("80110000", False, id="an unknown instruction"),
        pytest.param("C0", False, id="a single byte"),
        pytest.param("9050000001A1", False, id="the first link of a chain"),
    ],
)
def test_what_drops_the_rest_of_a_reply(between: str, kept: bool) -> None:
    applet = Applet(Parrot(bytes(300)))
    talk(applet, SELECT.hex(), "8050000001A000", between)
    assert talk(applet, "00C0000000") == ["00" * 45 + "9000" if kept else "6985"]


@pytest.mark.parametrize(
    ("size", "commands", "ends"),
    [
        pytest.param(255, 1, ["9000"], id="255 bytes go at once"),
        pytest.param(256, 2, ["6101", "9000"], id="256 bytes leave one"),
        pytest.param(510, 2, ["61ff", "9000"], id="510 bytes leave 255"),
        pytest.param(511, 3, ["61ff", "6101", "9000"], id="511 bytes leave 256: FF"),
        pytest.param(2048, 9, ["61ff"] * 7 + ["6108", "9000"], id="the longest reply"),
    ],
)
def test_a_long_reply_is_fetched_in_pieces(size: int, commands: int, ends: list[str]) -> None:
    applet = Applet(Parrot((bytes(range(256)) * 8)[:size]))
    applet.respond(SELECT)
    pieces = [applet.respond(bytes.fromhex("8050000001A000"))]
    pieces += [applet.respond(bytes.fromhex("00C0000000")) for _ in range(commands - 1)]
    assert [piece[-2:].hex() for piece in pieces] == ends
    assert b"".join(piece[:-2] for piece in pieces) == (bytes(range(256)) * 8)[:size]


def test_a_chain_may_have_1024_bytes_and_no_more() -> None:
    wallet = Parrot()
    applet = Applet(wallet)
    links = ["90500000FF" + "A0" * 255] * 4
    assert talk(applet, SELECT.hex(), *links, "8050000004A0A0A0A000")[-1] == "8202039000"
    assert talk(applet, *links, "8050000005A0A0A0A0A000", "8050000001A000")[-2:] == ["6700", "8202039000"]
    assert [len(whole) for whole in wallet.heard] == [1024, 1]


@pytest.mark.parametrize("command", ["8050000001A000", "8052000001D200"], ids=["PRESENT", "RESULT"])
def test_a_phone_that_cannot_store_says_nothing_but_6f00(command: str) -> None:
    assert talk(Applet(FullPhone()), SELECT.hex(), command)[-1] == "6f00"


@pytest.mark.parametrize(("locked", "flags"), [(True, "01"), (False, "00")])
def test_the_fci_tells_whether_the_phone_is_locked(locked: bool, flags: str, bench: Bench) -> None:
    bench.set_owner(locked=locked)
    assert bench.card().respond(SELECT).hex() == f"6f138409f050454e4754415001a5068001018201{flags}9000"


def test_our_own_reader_pays_at_it(paying: Bench) -> None:
    card = paying.card()
    session = CardSession(lambda command, timeout_s: card.respond(command), paying.clock.monotonic_s)
    fci = session.select()
    assert fci is not None
    reply = session.present(paying.till.presentation())
    assert reply == paying.present()


ANY_COMMAND = st.one_of(
    st.binary(max_size=20),
    st.builds(
        lambda head, body, le: bytes.fromhex(head) + bytes([len(body)]) + body + le,
        st.sampled_from(["80500000", "90500000", "80520000", "90520000", "00C00000", "00A40400"]),
        st.binary(max_size=255),
        st.sampled_from([b"", b"\x00", b"\x10"]),
    ),
    st.just(SELECT),
    st.sampled_from([bytes.fromhex("00C0000000"), bytes.fromhex("00C0000001")]),
)


@settings(max_examples=100, deadline=None)
@given(commands=st.lists(ANY_COMMAND, max_size=12))
def test_whatever_is_sent_something_short_is_answered(commands: list[bytes]) -> None:
    applet = Applet(Bench().wallet)
    for command in [SELECT, *commands]:
        assert 2 <= len(applet.respond(command)) <= 257


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_noise_between_taps_never_changes_what_a_tap_is_answered(data: Any) -> None:
    bench = Bench()
    bench.give_new()
    bench.store.set_balance("CNY", None)
    tap = partial(_tap, bench.card(), bench.till.presentation())
    first = tap()
    noise = Applet(bench.wallet)
    for command in data.draw(st.lists(ANY_COMMAND, max_size=6)):
        noise.respond(command)
    assert tap() == first
    assert len(bench.store.history()) == 1


def _tap(card: Applet, presentation: bytes) -> bytes:
    card.power_cycle()
    session = CardSession(lambda command, timeout_s: card.respond(command), lambda: 0.0)
    session.select()
    return session.present(presentation)
