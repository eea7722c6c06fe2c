# SPDX-License-Identifier: Apache-2.0
"""What a selected card says of itself (ISO/IEC 14443-3), and that a card asks its reader for everything else."""

import pytest

from drivers.readers.pn53x.card import Found, Pn53xCard

DRAWN, DRAWN_ANEW = bytes.fromhex("08010203"), bytes.fromhex("08A1B2C3")
FIXED, OTHER = bytes.fromhex("04112233445566"), bytes.fromhex("04998877665544")


@pytest.mark.parametrize(
    ("sel_res", "speaks"),
    [(0x20, True), (0x60, True), (0x28, True), (0x00, False), (0x08, False), (0x18, False), (0x40, False)],
    ids="{:02X}".format,
)
def test_whether_it_speaks_isodep_is_bit_6_of_its_sak(sel_res: int, speaks: bool) -> None:
    assert Found(FIXED, sel_res).speaks_isodep == speaks


@pytest.mark.parametrize(("uid", "may"), [(DRAWN, True), (FIXED, False), (b"\x08", True), (b"", False)])
def test_whose_uid_is_drawn_anew(uid: bytes, may: bool) -> None:
    assert Found(uid, 0x20).may_change_uid == may


@pytest.mark.parametrize(
    ("before", "now", "may"),
    [
        pytest.param(FIXED, FIXED, True, id="the same"),
        pytest.param(FIXED, OTHER, False, id="another"),
        pytest.param(DRAWN, DRAWN_ANEW, True, id="two draws"),
        pytest.param(DRAWN, FIXED, False, id="a card for a phone"),
        pytest.param(FIXED, DRAWN, False, id="a phone for a card"),
    ],
)
def test_which_two_may_be_one_card(before: bytes, now: bytes, may: bool) -> None:
    assert Found(now, 0x20).may_be(Found(before, 0x20)) == may


class Reader:
    """Remembers what its cards ask."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.held: list[Pn53xCard] = []

    def holds(self, card: Pn53xCard) -> bool:
        return card in self.held

    def exchange(self, card: Pn53xCard, command: bytes, timeout_s: float) -> bytes:
        self.asked.append((card, command, timeout_s))
        return b"\x90\x00"

    def pass_over(self, card: Pn53xCard) -> None:
        self.asked.append((card,))


def test_it_knows_nothing_but_its_reader() -> None:
    reader = Reader()
    card, other = Pn53xCard(reader, Found(FIXED, 0x20)), Pn53xCard(reader, Found(FIXED, 0x20))
    reader.held.append(card)
    assert (card.in_field, other.in_field) == (True, False), "two stays of one card are two cards"
    assert card.transceive(b"\x00\xa4\x04\x00", 1.5) == b"\x90\x00"
    card.pass_over()
    assert reader.asked == [(card, b"\x00\xa4\x04\x00", 1.5), (card,)]
