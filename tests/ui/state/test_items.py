# SPDX-License-Identifier: Apache-2.0
"""Quick items from a file; a wrong file says so and sells nothing wrong."""

from pathlib import Path

import pytest

from ui.state.items import read_items
from ui.state.local import QuickItem

GOOD = '[[item]]\nname = "拿铁 大"\nprice = "26.00"\n[[item]]\nname = "可颂"\nprice = "12"\n'


def test_items_are_read(tmp_path: Path) -> None:
    (tmp_path / "items.toml").write_text(GOOD)
    assert read_items(tmp_path / "items.toml") == ("CNY", (QuickItem("拿铁 大", 2600), QuickItem("可颂", 1200)))


def test_no_file_no_items(tmp_path: Path) -> None:
    assert read_items(tmp_path / "items.toml") == ("CNY", ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[item", "items.toml"),
        ('[[item]]\nname = "x"\n', "price"),
        ('[[item]]\nname = "x"\nprice = 2.6\n', "quotes"),
        ('[[item]]\nname = "x"\nprice = "2.605"\n', "not an amount"),
        ('[[item]]\nname = ""\nprice = "2"\n', "characters"),
        ('item = "x"\n', "items.toml"),
        ('currency = "yuan"\n[[item]]\nname = "x"\nprice = "2"\n', "currency"),
    ],
    ids=["not TOML", "no price", "a float", "too many decimals", "no name", "not a list", "no currency"],
)
def test_a_wrong_file_is_reported(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "items.toml").write_text(text)
    assert read_items(tmp_path / "items.toml") == ("CNY", ())
    assert said in capsys.readouterr().err
