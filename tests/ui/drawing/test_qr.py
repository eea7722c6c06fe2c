# SPDX-License-Identifier: Apache-2.0
"""QR codes: the modules, the quiet zone, the version a camera still reads. Source: ISO/IEC 18004; tap protocol §3."""

import pytest
import segno

from terminal.sales.intent_url import URL_MOST
from ui.drawing.qr import QUIET_ZONE, modules, side_of
from workshop.samples.screens import OFFLINE_URL, ONLINE_URL

FORMAT_MASK = 0b101010000010010
LEVELS = {0b01: "L", 0b00: "M", 0b11: "Q", 0b10: "H"}
LONGEST = "https://pay.example.cn/t#" + "h" * (URL_MOST - 25)
CODES = {"online": ONLINE_URL, "offline": OFFLINE_URL, "the longest": LONGEST, "one character": "a"}
EVERY_CODE = pytest.mark.parametrize("data", CODES.values(), ids=CODES)
FINDER = ("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111")


def without_quiet_zone(data: str) -> list[str]:
    rows = modules(data)[QUIET_ZONE:-QUIET_ZONE]
    return ["".join("01"[cell] for cell in row[QUIET_ZONE:-QUIET_ZONE]) for row in rows]


def version(data: str) -> int:
    return (len(without_quiet_zone(data)) - 17) // 4


def level(data: str) -> str:
    """The error correction as the code's own format information says it (ISO/IEC 18004, 7.9)."""
    row = without_quiet_zone(data)[8]
    return LEVELS[int(row[0:2], 2) ^ FORMAT_MASK >> 13]


@EVERY_CODE
def test_the_modules_are_those_of_the_library(data: str) -> None:
    made = segno.make_qr(data, error=level(data).lower(), boost_error=False)
    assert without_quiet_zone(data) == ["".join("01"[cell] for cell in row) for row in made.matrix]


@EVERY_CODE
def test_a_code_is_square_with_light_all_round(data: str) -> None:
    rows = modules(data)
    side = len(rows)
    assert {len(row) for row in rows} == {side}
    edge = [*range(QUIET_ZONE), *range(side - QUIET_ZONE, side)]
    assert not any(rows[y][x] or rows[x][y] for y in edge for x in range(side))


@EVERY_CODE
def test_three_corners_carry_the_finder_pattern(data: str) -> None:
    code = without_quiet_zone(data)
    for top, left in ((0, 0), (0, len(code) - 7), (len(code) - 7, 0)):
        assert tuple(row[left : left + 7] for row in code[top : top + 7]) == FINDER


@pytest.mark.parametrize(
    ("data", "corrects"),
    [("a", "M"), (ONLINE_URL, "M"), ("a" * 119, "M"), ("a" * 120, "L"), (LONGEST, "L")],
    ids=["with room for more", "an online code", "just short", "just long", "the longest"],
)
def test_long_data_gets_the_least_correction(data: str, corrects: str) -> None:
    assert level(data) == corrects


@pytest.mark.parametrize(
    ("data", "most"), [(ONLINE_URL, 4), (OFFLINE_URL, 20), (LONGEST, 20)], ids=["online", "offline", "the longest"]
)
def test_no_address_that_is_shown_needs_a_version_above_20(data: str, most: int) -> None:
    assert len(LONGEST) == URL_MOST
    assert version(data) <= most


@pytest.mark.parametrize("room_px", [10, 60, 250, 251, 300, 700])
@EVERY_CODE
def test_a_module_is_a_whole_number_of_pixels_and_the_largest_that_fits(data: str, room_px: int) -> None:
    count = len(modules(data))
    side = side_of(data, room_px)
    assert side % count == 0
    assert side == count or side <= room_px < side + count


def test_few_codes_are_kept() -> None:
    for number in range(40):
        modules(f"https://pay.example.cn/t/{number}")
    kept = modules.cache_info()
    assert kept.currsize <= (kept.maxsize or 0) <= 16
