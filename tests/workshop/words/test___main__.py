# SPDX-License-Identifier: Apache-2.0
"""The command: it brings up to date, or with `--check` only says what is not."""

from tests.workshop.words.shop import Shop
from workshop.words.__main__ import main


def test_it_writes_and_is_content(shop: Shop) -> None:
    shop.edit("zh-Hans", "收款成功", "付款成功")
    said: list[str] = []
    assert (main([], (shop.program,), said.append), said) == (0, [])
    assert (main(["--check"], (shop.program,), said.append), said) == (0, [])


def test_a_check_writes_nothing(shop: Shop) -> None:
    shop.edit("zh-Hans", "收款成功", "付款成功")
    said: list[str] = []
    before = shop.program.po("zh-Hans").with_suffix(".mo").read_bytes()
    assert main(["--check"], (shop.program,), said.append) == 1
    assert said == ["locale/zh_Hans/LC_MESSAGES/shop.mo: is out of date: run `make words`"]
    assert shop.program.po("zh-Hans").with_suffix(".mo").read_bytes() == before


def test_what_only_a_person_can_mend_is_said_after_writing(shop: Shop) -> None:
    shop.program_anew("shown = [", 'shown = [message("result.declined"), ')
    said: list[str] = []
    assert main([], (shop.program,), said.append) == 1
    assert [line.split(": ", 1)[1] for line in said] == ["result.declined: has no sentence"] * 3


def test_a_damaged_catalogue_is_left_as_it_is(shop: Shop) -> None:
    shop.edit("zh-Hans", 'msgstr "收款成功"', "msgstr 收款成功")
    damaged, said = shop.po("zh-Hans"), list[str]()
    assert main([], (shop.program,), said.append) == 1
    assert said == ["locale/zh_Hans/LC_MESSAGES/shop.po:14: is no line of a catalogue: msgstr 收款成功"]
    assert shop.po("zh-Hans") == damaged
