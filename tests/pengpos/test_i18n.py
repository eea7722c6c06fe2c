# SPDX-License-Identifier: Apache-2.0
"""A message in each language: read when it is asked for, English where a language lacks it, never a key."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from pengpos.i18n import LANGUAGES, Catalogue, Language, language_of

ENGLISH = {
    "result.approved": "Approved",
    "time.left": "{time} left",
    "copy.text": "{state}: {n} wait",
    "copy.full": "Full",
}
CHINESE = {"result.approved": "收款成功", "copy.text": "{state}：还有 {n} 笔", "copy.full": "满了"}


def compile_into(directory: Path, language: str, sentences: dict[str, str]) -> Path:
    catalog = Catalog()
    for key, sentence in sentences.items():
        catalog.add(key, sentence)
    path = directory / language / "LC_MESSAGES" / "shop.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as compiled:
        write_mo(compiled, catalog)
    return path


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """A program that speaks English, 简体 with a sentence missing, and no 繁體."""
    compile_into(tmp_path, "en", ENGLISH)
    compile_into(tmp_path, "zh_Hans", CHINESE)
    return Catalogue("shop", tmp_path)


@pytest.mark.parametrize(
    ("key", "language", "values", "sentence"),
    [
        ("result.approved", "zh-Hans", {}, "收款成功"),
        ("result.approved", "en", {}, "Approved"),
        ("time.left", "zh-Hans", {"time": "1:23"}, "1:23 left"),
        ("result.approved", "zh-Hant", {}, "Approved"),
        ("time.left", "en", {}, "{time} left"),
        ("time.left", "en", {"time": "{n}", "more": 1}, "{n} left"),
    ],
    ids=["own", "English", "a sentence missing", "a language missing", "no values", "a value is put in as it is"],
)
def test_a_message_in_a_language(
    catalogue: Catalogue, key: str, language: Language, values: dict[str, object], sentence: str
) -> None:
    assert catalogue.message(key).in_language(language, **values) == sentence


@pytest.mark.parametrize(("language", "sentence"), [("zh-Hans", "满了：还有 3 笔"), ("en", "Full: 3 wait")])
def test_a_message_within_a_message_is_of_the_same_language(
    catalogue: Catalogue, language: Language, sentence: str
) -> None:
    text, full = catalogue.message("copy.text"), catalogue.message("copy.full")
    assert text.in_language(language, state=full, n=3) == sentence


def test_a_value_that_is_not_given_is_no_sentence(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError, match="n"):
        catalogue.message("copy.text").in_language("en", state="Full")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_is_never_shown(catalogue: Catalogue, language: Language) -> None:
    with pytest.raises(LookupError, match=r"shop has no sentence for result\.aproved"):
        catalogue.message("result.aproved").in_language(language)


def test_without_its_compiled_english_a_program_says_which_file_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"en/LC_MESSAGES/shop\.mo"):
        Catalogue("shop", tmp_path).message("result.approved").in_language("en")


def test_a_language_is_read_once_and_when_it_is_asked_for(catalogue: Catalogue, tmp_path: Path) -> None:
    message = catalogue.message("result.approved")
    assert message.in_language("zh-Hans") == "收款成功"
    (tmp_path / "zh_Hans" / "LC_MESSAGES" / "shop.mo").unlink()
    compile_into(tmp_path, "en", {"result.approved": "Yes"})
    assert message.in_language("zh-Hans") == "收款成功"
    assert message.in_language("en") == "Yes"


CONSOLES: list[tuple[dict[str, str], str, Language]] = [
    ({}, "utf-8", "en"),
    ({"LANG": "zh_CN.UTF-8"}, "utf-8", "zh-Hans"),
    ({"LANG": "zh_SG"}, "utf-8", "zh-Hans"),
    ({"LANG": "zh_TW.UTF-8"}, "utf-8", "zh-Hant"),
    ({"LANG": "zh_HK.big5hkscs"}, "big5hkscs", "zh-Hant"),
    ({"LANG": "zh_MO"}, "utf-8", "zh-Hant"),
    ({"LANG": "zh-Hant-CN"}, "utf-8", "zh-Hant"),
    ({"LANG": "zh_Hans_HK"}, "utf-8", "zh-Hans"),
    ({"LANG": "zh"}, "gbk", "zh-Hans"),
    ({"LANG": "zh_CN"}, "gb2312", "zh-Hans"),
    ({"LANG": "zh_SG"}, "gb2312", "zh-Hans"),
    ({"LANG": "zh_TW"}, "gb2312", "en"),
    ({"LANG": "zh_TW"}, "big5", "zh-Hant"),
    ({"LANG": "zh_CN.UTF-8", "PENGPOS_LANGUAGE": "zh-Hans"}, "big5", "en"),
    ({"LANG": "yue_HK.UTF-8"}, "utf-8", "zh-Hant"),
    ({"LANG": "nan_TW.UTF-8"}, "utf-8", "zh-Hant"),
    ({"LANG": "cmn_TW.UTF-8"}, "utf-8", "zh-Hant"),
    ({"LANG": "hak_CN.UTF-8"}, "utf-8", "zh-Hans"),
    ({"LANG": "de_DE.UTF-8"}, "utf-8", "en"),
    ({"LANG": "C.UTF-8", "LANGUAGE": "zh_CN"}, "utf-8", "en"),
    ({"LANG": "POSIX"}, "utf-8", "en"),
    ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, "utf-8", "zh-Hant"),
    ({"LC_MESSAGES": "zh_TW.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "utf-8", "zh-Hans"),
    ({"LC_ALL": "", "LC_CTYPE": "zh_TW", "LANG": "en_GB@euro"}, "utf-8", "en"),
    ({"LANG": "de_DE.UTF-8", "LANGUAGE": "fr:zh_TW:en"}, "utf-8", "zh-Hant"),
    ({"LANG": "zh_CN.UTF-8", "LANGUAGE": ""}, "utf-8", "zh-Hans"),
    ({"LANG": "_.@"}, "utf-8", "en"),
    ({"LANG": "zh_CN.UTF-8"}, "ascii", "en"),
    ({"LANG": "zh_CN.UTF-8"}, "latin-1", "en"),
    ({"LANG": "zh_CN.UTF-8"}, "no-such-encoding", "en"),
    ({"LANG": "en_GB.UTF-8", "LANGUAGE": "en", "PENGPOS_LANGUAGE": "zh-Hans"}, "utf-8", "zh-Hans"),
    ({"LANG": "C", "PENGPOS_LANGUAGE": "zh_TW"}, "utf-8", "zh-Hant"),
    ({"LANG": "zh_CN.UTF-8", "PENGPOS_LANGUAGE": "en"}, "utf-8", "en"),
    ({"LANG": "zh_CN.UTF-8", "PENGPOS_LANGUAGE": "de"}, "utf-8", "zh-Hans"),
    ({"PENGPOS_LANGUAGE": "zh-Hans"}, "ascii", "en"),
    ({"LANG": "zh_CN.UTF-8", "TERM": "linux"}, "utf-8", "en"),
    ({"LANG": "zh_CN.UTF-8", "TERM": "linux", "PENGPOS_LANGUAGE": "zh-Hans"}, "utf-8", "zh-Hans"),
    ({"LANG": "zh_CN.UTF-8", "TERM": "xterm-256color"}, "utf-8", "zh-Hans"),
]


@pytest.mark.parametrize(("environment", "encoding", "language"), CONSOLES)
def test_the_language_of_a_console(environment: dict[str, str], encoding: str, language: Language) -> None:
    assert language_of(environment, encoding) == language
