# SPDX-License-Identifier: Apache-2.0
"""What `make words` does to catalogues: the code's keys come and go, a translator's work stays."""

import gettext
import os
from pathlib import Path

import pytest

from pengpos.i18n import LANGUAGES, Language
from tests.workshop.words.shop import SENTENCES, Shop
from workshop.words.update import up_to_date, write


def compiled(shop: Shop, language: Language) -> dict[str, str]:
    """What the program will say in a language; keys without a sentence are left out."""
    with shop.program.po(language).with_suffix(".mo").open("rb") as file:
        read = gettext.GNUTranslations(file)
    keys = ("result.approved", "time.left", "result.declined")
    return {key: said for key in keys if (said := read.gettext(key)) != key}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_compiled(shop: Shop, language: Language) -> None:
    assert compiled(shop, language) == SENTENCES[language]


def test_a_translator_sees_the_key_where_it_is_used_the_note_and_the_english(shop: Shop) -> None:
    assert shop.po("zh-Hant").endswith("""
#. English: Approved
#: code/words.py
msgid "result.approved"
msgstr "收款成功"

#. beside a countdown.
#. English: {time} left
#: code/words.py
msgid "time.left"
msgstr "還有 {time}"
""")


def test_a_new_key_waits_for_its_sentence(shop: Shop) -> None:
    shop.program_anew("shown = [", 'shown = [message("result.declined"), ')
    write(shop.program)
    assert 'msgid "result.declined"\nmsgstr ""\n' in shop.po("zh-Hans")
    assert compiled(shop, "zh-Hans") == SENTENCES["zh-Hans"]


def test_a_key_that_is_gone_takes_its_sentence_with_it(shop: Shop) -> None:
    shop.program_anew('LEFT = message("time.left")\n', "LEFT = 3\n")
    write(shop.program)
    assert all("time.left" not in shop.po(language) for language in LANGUAGES)
    assert compiled(shop, "en") == {"result.approved": "Approved"}


def test_a_fuzzy_sentence_is_not_shown(shop: Shop) -> None:
    shop.edit("zh-Hans", 'msgid "time.left"', '#, fuzzy\nmsgid "time.left"')
    write(shop.program)
    assert compiled(shop, "zh-Hans") == {"result.approved": "收款成功"}


def test_a_translators_own_comment_stays(shop: Shop) -> None:
    shop.edit("zh-Hant", "#. beside a countdown.", "# 和 iOS 的说法一样\n#. beside a countdown.")
    write(shop.program)
    assert "# 和 iOS 的说法一样\n#. beside a countdown." in shop.po("zh-Hant")


def test_a_sentence_put_right_after_its_english_changed_is_no_longer_doubted(shop: Shop) -> None:
    shop.edit("en", "{time} left", "{time} to go")
    write(shop.program)
    shop.edit("zh-Hans", "#, fuzzy\n", "")
    write(shop.program)
    assert "fuzzy" not in shop.po("zh-Hans")
    assert "fuzzy" in shop.po("zh-Hant")


def test_an_editors_wrapping_and_headers_are_put_right(shop: Shop) -> None:
    before = shop.po("zh-Hans")
    shop.edit("zh-Hans", '"MIME-Version: 1.0\\n"', '"MIME-Version: 1.0\\n"\n"X-Generator: Poedit 3.5\\n"')
    shop.edit("zh-Hans", 'msgstr "还有 {time}"', 'msgstr ""\n"还有 "\n"{time}"')
    write(shop.program)
    assert shop.po("zh-Hans") == before


def test_the_same_words_give_the_same_bytes(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Shop(tmp_path_factory.mktemp("elsewhere"))

    def files(one: Shop) -> dict[Path, bytes]:
        return {path.relative_to(one.program.root): content for path, content in up_to_date(one.program).items()}

    assert files(shop) == files(other)
    assert len(files(shop)) == 2 * len(LANGUAGES)


def test_what_is_up_to_date_is_not_touched(shop: Shop) -> None:
    for path in up_to_date(shop.program):
        os.utime(path, ns=(1, 1))
    write(shop.program)
    assert {path.stat().st_mtime_ns for path in up_to_date(shop.program)} == {1}
