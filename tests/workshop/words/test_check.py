# SPDX-License-Identifier: Apache-2.0
"""What the check says of a broken catalogue; and that our own are in order."""

from collections.abc import Callable

import pytest

from tests.workshop.words.shop import Shop
from workshop.words.check import complaints
from workshop.words.program import PROGRAMS, SpeakingProgram
from workshop.words.update import write

ZH = "locale/zh_Hans/LC_MESSAGES/shop"
EN = "locale/en/LC_MESSAGES/shop"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_every_catalogue_is_in_order(program: SpeakingProgram) -> None:
    assert complaints(program) == []


def test_a_program_in_order_has_no_complaint(shop: Shop) -> None:
    assert complaints(shop.program) == []


def in_chinese(before: str, after: str) -> Callable[[Shop], None]:
    return lambda shop: shop.edit("zh-Hans", before, after)


def in_code(before: str, after: str) -> Callable[[Shop], None]:
    return lambda shop: shop.program_anew(before, after)


@pytest.mark.parametrize(
    ("breaks", "complaint"),
    [
        (in_chinese('msgstr "收款成功"', 'msgstr ""'), [f"{ZH}.po: result.approved: has no sentence"]),
        (
            in_chinese('msgid "result.approved"', 'msgid "result.aproved"'),
            [
                f"{ZH}.po: result.approved: has no sentence",
                f"{ZH}.po: result.aproved: the code does not ask for it",
            ],
        ),
        (
            in_code('message("time.left")', 'message("time.lefd")'),
            [
                f"{path}.po: {problem}"
                for path in (ZH, ZH.replace("Hans", "Hant"), EN)
                for problem in ("time.lefd: has no sentence", "time.left: the code does not ask for it")
            ],
        ),
        (
            in_chinese('msgid "time.left"', '#, fuzzy\nmsgid "time.left"'),
            [f"{ZH}.po: time.left: is marked fuzzy: compare it with the English, then take the mark away"],
        ),
        (
            in_chinese("还有 {time}", "还有 {times}"),
            [f"{ZH}.po: time.left: has the values {{times}}, and English has {{time}}"],
        ),
        (in_chinese("还有 {time}", "还有"), [f"{ZH}.po: time.left: has the values none, and English has {{time}}"]),
        (
            in_chinese("收款成功", "收款成功 {n}"),
            [f"{ZH}.po: result.approved: has the values {{n}}, and English has none"],
        ),
        (in_chinese("还有 {time}", "还有 {time} {"), [f"{ZH}.po: time.left: a brace that is not part of a {{value}}"]),
        (
            in_chinese("还有 {time}", "还有 {time} {time.__class__}"),
            [f"{ZH}.po: time.left: a brace that is not part of a {{value}}"],
        ),
        (in_chinese("收款成功", "result.approved"), [f"{ZH}.po: result.approved: its sentence is the key"]),
        (
            in_chinese("收款成功", "付款成功"),
            [f"{ZH}.mo: is out of date: run `make words`"],
        ),
        (
            lambda shop: shop.edit("en", "{time} left", "{time} to go"),
            [
                *(f"{path}.po: is out of date: run `make words`" for path in (ZH, ZH.replace("Hans", "Hant"))),
                *(f"{path}.mo: is out of date: run `make words`" for path in (ZH, ZH.replace("Hans", "Hant"), EN)),
            ],
        ),
        (
            in_code("# Translators: beside a countdown.\n", ""),
            [f"{path}.po: is out of date: run `make words`" for path in (ZH, ZH.replace("Hans", "Hant"), EN)],
        ),
        (
            lambda shop: shop.program.po("zh-Hans").with_suffix(".mo").unlink(),
            [f"{ZH}.mo: is out of date: run `make words`"],
        ),
        (
            lambda shop: shop.program.po("zh-Hans").unlink(),
            [f"{ZH}.po: {key}: has no sentence" for key in ("result.approved", "time.left")],
        ),
        (
            in_chinese('msgstr "收款成功"', 'msgstr "收款成功'),
            [f'{ZH}.po:14: is no line of a catalogue: msgstr "收款成功'],
        ),
        (
            in_chinese('msgstr "收款成功"', 'msgstr "收款"成功""'),
            [f'{ZH}.po:14: is no line of a catalogue: msgstr "收款"成功""'],
        ),
        (
            in_chinese("# The sentences", '"loose"\n# The sentences'),
            [f'{ZH}.po: Got line starting with " but not in msgid, msgstr or msgctxt on 0'],
        ),
        (
            in_chinese("# The sentences", "<<<<<<< HEAD\n# The sentences"),
            [f"{ZH}.po:1: is no line of a catalogue: <<<<<<< HEAD"],
        ),
        (
            in_code('message("time.left")', "message(KEY)"),
            [
                "code/words.py:3: message() takes its key as a literal",
                *(
                    f"{path}.po: time.left: the code does not ask for it"
                    for path in (ZH, ZH.replace("Hans", "Hant"), EN)
                ),
            ],
        ),
        (in_code("[APPROVED, LEFT]", "[LEFT]"), ["code/words.py: APPROVED: nothing shows this message"]),
    ],
    ids=[
        "empty",
        "a typo in a catalogue",
        "a typo in the code",
        "fuzzy",
        "another value",
        "a value less",
        "a value more",
        "half a value",
        "a value that reaches for more",
        "the key as a sentence",
        "not compiled",
        "English has changed",
        "a note has changed",
        "never compiled",
        "a language missing",
        "a quotation mark missing",
        "a quotation mark too many",
        "a loose line",
        "a merge left open",
        "a computed key",
        "a message that nothing shows",
    ],
)
def test_what_is_said_of_a_broken_catalogue(shop: Shop, breaks: Callable[[Shop], None], complaint: list[str]) -> None:
    breaks(shop)
    assert complaints(shop.program) == complaint


def test_a_language_that_no_program_knows_is_said(shop: Shop) -> None:
    stray = shop.program.po("en").parents[2] / "de" / "LC_MESSAGES" / "shop.po"
    stray.parent.mkdir(parents=True)
    stray.write_text(shop.po("en"))
    assert complaints(shop.program) == [
        "locale/de/LC_MESSAGES/shop.po: shop does not speak this language (workshop/words/program.py)"
    ]


def test_english_that_changed_asks_its_translators_to_look(shop: Shop) -> None:
    shop.edit("en", "{time} left", "{time} to go")
    write(shop.program)
    assert complaints(shop.program) == [
        f"{path}.po: time.left: is marked fuzzy: compare it with the English, then take the mark away"
        for path in (ZH, ZH.replace("Hans", "Hant"))
    ]


OF_A_LIBRARY = 'SAID = plural("{value!r} is no {number_type}.", "{value!r} are no {number_type}s.")\n'


@pytest.mark.parametrize(
    ("many", "wrong"),
    [("{value!r}都不是数字。", []), ("都不是数字。", ["has the values none, and English has {number_type}, {value}"])],
)
def test_a_plural_of_a_library_has_both_forms_without_its_english_word(shop: Shop, many: str, wrong: list[str]) -> None:
    shop.program_anew("shown", OF_A_LIBRARY + "shown")
    write(shop.program)
    empty = 'msgstr[0] ""\nmsgstr[1] ""\n'
    shop.edit("en", empty, 'msgstr[0] "{value!r} is no {number_type}."\nmsgstr[1] "{value!r} are no {number_type}s."\n')
    shop.edit("zh-Hant", empty, 'msgstr[0] "{value!r}不是數字。"\nmsgstr[1] "{value!r}都不是數字。"\n')
    half = empty.replace('""', '"{value!r}不是数字。"', 1)
    shop.edit("zh-Hans", empty, half)
    key = f"{ZH}.po: {{value!r}} is no {{number_type}}."
    assert complaints(shop.program) == [f"{key}: has no sentence"]
    shop.edit("zh-Hans", half, half.replace('""', f'"{many}"'))
    write(shop.program)
    assert complaints(shop.program) == [f"{key}: {one}" for one in wrong]
