# SPDX-License-Identifier: Apache-2.0
"""Quick items from a file: what is right sells, what is wrong is named, and nothing is sold wrongly."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.state.items import ITEMS_MOST, SIZE_MOST, ItemList, in_currency, read_items, spoilt_words
from ui.state.local import ItemFault, QuickItem

GOOD = '[[item]]\nname = "拿铁 大"\nprice = "26.00"\n[[item]]\nname = "可颂"\nprice = "12"\n'
READ = (QuickItem("拿铁 大", 2600), QuickItem("可颂", 1200))


def listed(tmp_path: Path, text: str | bytes) -> ItemList:
    path = tmp_path / "items.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_items(path)


def test_items_are_read(tmp_path: Path) -> None:
    assert listed(tmp_path, GOOD) == ItemList("CNY", READ)


def test_an_item_has_codes(tmp_path: Path) -> None:
    text = GOOD + 'code = "6901234567892"\n[[item]]\nname = "x"\nprice = "1"\ncode = ["12345670", "BAR-01"]\n'
    assert [item.codes for item in listed(tmp_path, text).items] == [(), ("6901234567892",), ("12345670", "BAR-01")]


def test_no_file_no_items(tmp_path: Path) -> None:
    assert read_items(tmp_path / "items.toml") == ItemList()


@pytest.mark.parametrize(
    "text", ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace("可颂", " 可颂 ")], ids=["BOM", "CRLF", "spaces"]
)
def test_what_editors_and_hands_add_does_no_harm(tmp_path: Path, text: str) -> None:
    assert listed(tmp_path, text) == ItemList("CNY", READ)


def test_a_name_that_a_keyboard_made_of_parts_is_composed(tmp_path: Path) -> None:
    assert listed(tmp_path, '[[item]]\nname = "Cafe\u0301"\nprice = "3"\n').items == (QuickItem("Café", 300),)


ENTRIES = [
    ('name = "可可"\nprice = "3,50"', ItemFault.PRICE, "item 2 “可可”: its price is not an amount of CNY: '3,50'"),
    ('name = "可可"\nprice = 3.5', ItemFault.PRICE, "not in quotes"),
    (f'name = "可可"\nprice = "{"9" * 9_000}"', ItemFault.PRICE, "9…'"),
    (f'name = "可可"\n{"x" * 9_000} = "3"', ItemFault.FIELD, "x…'"),
    ('name = "可可"\nprice = "3.505"', ItemFault.PRICE, "not an amount"),
    ('name = "可可"\nprice = "-3"', ItemFault.PRICE, "not an amount"),
    ('name = "可可"\nprice = "0.00"', ItemFault.PRICE, "nothing"),
    ('name = "可可"\nprice = "99999999999.00"', ItemFault.PRICE, "not an amount of CNY"),
    ('name = "可可"', ItemFault.PRICE, "missing"),
    ('name = "可可"\nprice = ["3"]', ItemFault.PRICE, "not in quotes"),
    ('name = ""\nprice = "3"', ItemFault.NAME, "item 2: its name must have something"),
    ('name = "\\u200b"\nprice = "3"', ItemFault.NAME, "item 2: its name must not have U+200B"),
    ('name = "可\\u200b可"\nprice = "3"', ItemFault.NAME, "item 2 “可可”: its name must not have U+200B"),
    (f'name = "{"可" * 41}"\nprice = "3"', ItemFault.NAME, "at most 40 characters"),
    ('name = 7\nprice = "3"', ItemFault.NAME, "not in quotes"),
    ('price = "3"', ItemFault.NAME, "missing"),
    ('name = "可可"\nprice = "3"\ncode = 690123', ItemFault.CODE, "its code is no text"),
    ('name = "可可"\nprice = "3"\ncode = "123"', ItemFault.CODE, "4 to 48"),
    ('name = "可可"\nprice = "3"\ncode = ["12345670", "00000012345670"]', ItemFault.CODE, "twice"),
    ('name = "可可"\nprice = "3"\ncolour = "red"', ItemFault.FIELD, "'colour'"),
]


@pytest.mark.parametrize(("entry", "fault", "says"), ENTRIES, ids=[row[0][:28] for row in ENTRIES])
def test_a_wrong_item_is_named_and_the_good_ones_are_kept(
    tmp_path: Path, entry: str, fault: ItemFault, says: str
) -> None:
    first, second = GOOD.split("[[item]]\n")[1:]
    found = listed(tmp_path, f"[[item]]\n{first}[[item]]\n{entry}\n[[item]]\n{second}")
    assert found.items == READ
    (spoilt,) = found.spoilt
    assert (spoilt.fault, spoilt.place) == (fault, 2)
    assert says in spoilt_words(spoilt)
    assert len(spoilt_words(spoilt)) < 160


FILES: list[tuple[str | bytes, int, str]] = [
    (GOOD + "[[item", 7, "items.toml is not TOML"),
    (GOOD.encode("gb18030"), 2, "is not UTF-8"),
    ('item = "x"\n', 0, "no list of [[item]]"),
    ('currency = "yuan"\n' + GOOD, 0, "currency in three letters"),
    ("currency = 7\n" + GOOD, 0, "currency in three letters"),
    ('curency = "CNY"\n' + GOOD, 0, "'curency', which is unknown"),
    ("#" * (SIZE_MOST + 1), 0, "larger than"),
    ("x = 1\nx = " + "[" * 20_000, 2, "is not TOML"),
    (GOOD + "[[item\n" + GOOD, 7, "is not TOML: Expected"),
]


@pytest.mark.parametrize(("text", "line", "says"), FILES, ids=[row[2] for row in FILES])
def test_a_file_that_cannot_be_used_says_where(tmp_path: Path, text: str | bytes, line: int, says: str) -> None:
    found = listed(tmp_path, text)
    assert found.items == ()
    (spoilt,) = found.spoilt
    assert (spoilt.fault, spoilt.place) == (ItemFault.FILE, line)
    assert says in spoilt_words(spoilt)


def test_a_file_that_cannot_be_opened_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "items.toml").mkdir()
    (spoilt,) = read_items(tmp_path / "items.toml").spoilt
    assert "cannot be read" in spoilt_words(spoilt)


def test_there_is_a_largest_number_of_items(tmp_path: Path) -> None:
    many = "".join(f'[[item]]\nname = "{number}"\nprice = "1"\n' for number in range(1, 300))
    found = listed(tmp_path, many)
    assert len(found.items) == ITEMS_MOST
    (spoilt,) = found.spoilt
    assert (spoilt.fault, spoilt.place, spoilt.name) == (ItemFault.TOO_MANY, 201, "201")


def test_a_list_in_another_currency_is_said_and_not_sold(tmp_path: Path) -> None:
    found = listed(tmp_path, GOOD)
    assert in_currency(found, "CNY") == found
    other = in_currency(found, "JPY")
    assert other.items == ()
    assert [spoilt.fault for spoilt in other.spoilt] == [ItemFault.OTHER_CURRENCY]
    assert in_currency(ItemList(), "JPY") == ItemList()


@given(st.binary(max_size=200) | st.text(st.characters(exclude_categories=["Cs"]), max_size=200).map(str.encode))
def test_no_file_raises(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-items.toml"
    path.write_bytes(raw)
    for spoilt in read_items(path).spoilt:
        assert spoilt_words(spoilt)
