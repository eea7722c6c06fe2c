# SPDX-License-Identifier: Apache-2.0
"""The Type 4 tag command by command, read as phones read it, and through one phone's session."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tags.ndef import message_of, uri_message
from drivers.tags.type4 import Type4Tag
from pengpos.core.ports import TagCancelled, TagIdle, TagPaid, TagState, TagWaiting

URL = "https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"
SELECT = "00A4040007D276000085010100"
CC = "00A4000C02E103"
NDEF = "00A4000C02E104"


def ask(tag: Type4Tag, *commands: str) -> list[str]:
    return [tag.respond(bytes.fromhex(command)).hex() for command in commands]


def read(tag: Type4Tag) -> bytes:
    """As a phone does, file by file."""
    assert ask(tag, SELECT, NDEF) == ["9000", "9000"]
    size = int.from_bytes(tag.respond(bytes.fromhex("00B0000002"))[:2], "big")
    message = b""
    while len(message) < size:
        offset = (2 + len(message)).to_bytes(2, "big")
        message += tag.respond(b"\x00\xb0" + offset + bytes([min(255, size - len(message))]))[:-2]
    return message


@pytest.mark.parametrize(
    ("commands", "answers"),
    [
        pytest.param([SELECT], ["9000"], id="SELECT"),
        pytest.param([SELECT[:-2]], ["9000"], id="SELECT without Le"),
        pytest.param(["00A4040007A000000396543100"], ["6a82"], id="an iPhone asks for another application"),
        pytest.param(["00A4040009F050454E475441500100"], ["6a82"], id="our own wallet's"),
        pytest.param(["9060000000"], ["6d00"], id="an iPhone's DESFire probe"),
        pytest.param(["00CA000000"], ["6d00"], id="GET DATA"),
        pytest.param([CC], ["6a82"], id="a file before the application"),
        pytest.param(["00B0000002"], ["6986"], id="READ before a file"),
        pytest.param([SELECT, "00A4000C02E105"], ["9000", "6a82"], id="no such file"),
        pytest.param([SELECT, "00A4020C02E104"], ["9000", "6a82"], id="selected in another way"),
        pytest.param(
            [SELECT, CC, "00B000000F"],
            ["9000", "9000", "000f2000ff00010406e104036600ff9000"],
            id="the capability container: read-only",
        ),
        pytest.param([SELECT, NDEF, "00B0000002"], ["9000", "9000", "00039000"], id="NLEN"),
        pytest.param([SELECT, NDEF, "00B0000200"], ["9000", "9000", "d000009000"], id="all of an empty message"),
        pytest.param([SELECT, NDEF, "00B0000500"], ["9000", "9000", "9000"], id="at its end"),
        pytest.param([SELECT, NDEF, "00B0000600"], ["9000", "9000", "6b00"], id="beyond its end"),
        pytest.param([SELECT, NDEF, "00D6000002AAAA"], ["9000", "9000", "6982"], id="writing"),
        pytest.param([SELECT, NDEF, SELECT, "00B0000002"], ["9000", "9000", "9000", "6986"], id="SELECT anew"),
        pytest.param(["", "00", "00A404"], ["6700"] * 3, id="no command"),
        pytest.param(["00A40400", "00A40400FFAA", "00B00000"], ["6700"] * 3, id="not as long as it says"),
    ],
)
def test_a_command_and_its_answer(commands: list[str], answers: list[str]) -> None:
    assert ask(Type4Tag(), *commands) == answers


@given(st.lists(st.binary(max_size=12), max_size=10))
def test_every_command_is_answered(commands: list[bytes]) -> None:
    tag = Type4Tag("https://shop.example/")
    for command in commands:
        assert 2 <= len(tag.respond(command)) <= 258


@pytest.mark.parametrize("size", [1, 200, 300, 700])
def test_a_message_of_any_size_is_read(size: int) -> None:
    tag = Type4Tag()
    url = "https://pay.example/t#" + "A" * size
    tag.show(TagWaiting(url))
    assert read(tag) == uri_message(url)


@pytest.mark.parametrize("after", [TagCancelled(), TagPaid("https://pay.example/r/BBBB"), TagIdle()], ids=str)
@pytest.mark.parametrize("moment", range(4))
def test_the_content_never_changes_inside_a_session(after: TagState, moment: int) -> None:
    tag = Type4Tag()
    tag.show(TagWaiting(URL))
    steps = [SELECT, NDEF, "00B0000002", "00B0000200"]
    said = []
    for number, step in enumerate(steps):
        said += ask(tag, step)
        if number == moment:
            tag.show(after)
    assert said[2] == len(uri_message(URL)).to_bytes(2, "big").hex() + "9000"
    assert bytes.fromhex(said[3]) == uri_message(URL) + b"\x90\x00"
    assert read(tag) == uri_message(URL)
    tag.field_off()
    assert read(tag) == message_of(after)


def test_a_late_second_tap_finds_nothing_to_pay() -> None:
    tag = Type4Tag("https://shop.example/")
    tag.show(TagWaiting(URL))
    assert read(tag) == uri_message(URL)
    tag.field_off()
    tag.show(TagPaid("https://pay.example/r/BBBB"))
    assert read(tag) == uri_message("https://pay.example/r/BBBB")
    tag.field_off()
    tag.show(TagIdle())
    assert read(tag) == uri_message("https://shop.example/")


def test_a_phone_never_reads_half_of_each() -> None:
    tag = Type4Tag()
    states = [TagWaiting("https://pay.example/t#" + letter * 600) for letter in "AB"]
    whole = {message_of(state) for state in states}
    tag.show(states[0])
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            for state in states:
                tag.show(state)

    thread = threading.Thread(target=change)
    thread.start()
    found = set()
    for _ in range(200):
        found.add(read(tag))
        tag.field_off()
    done.set()
    thread.join()
    assert found <= whole
