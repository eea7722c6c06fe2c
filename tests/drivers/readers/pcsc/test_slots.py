# SPDX-License-Identifier: Apache-2.0
"""What the names of true slots and the ATRs of true cards say. The lists, with their sources, stand beside this."""

from pathlib import Path

import pytest

from drivers.readers.pcsc.slots import CardKind, SlotKind, kind_of_card, kind_of_slot

_LISTS = Path(__file__).parent / "lists"


def rows(name: str) -> list[tuple[str, ...]]:
    lines = (_LISTS / name).read_text("utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(("kind", "name"), rows("slots.tsv"))
def test_whether_a_phone_can_be_held_to_a_slot(kind: str, name: str) -> None:
    assert kind_of_slot(name) is SlotKind(kind)


@pytest.mark.parametrize(("kind", "atr", "_what"), rows("atrs.tsv"), ids=[row[2] for row in rows("atrs.tsv")])
def test_whether_a_card_may_be_a_phone(kind: str, atr: str, _what: str) -> None:
    assert kind_of_card(bytes.fromhex(atr)) is CardKind(kind)


def test_a_mute_card_says_nothing() -> None:
    assert kind_of_card(b"") is CardKind.UNSAID


@pytest.mark.parametrize("size", range(1, 33))
def test_no_atr_however_short_is_too_much(size: int) -> None:
    assert kind_of_card((b"\x3b\x8f\x80\x01\x80\x4f\x0c\xa0\x00\x00\x03\x06" + bytes(21))[:size]) in CardKind
