# SPDX-License-Identifier: Apache-2.0
"""Which language a browser's header asks for: the document's choice, and that the script's is the same."""

import pytest

from sandbox.pages import STATIC
from sandbox.pages.languages import asked_for, preferred, say
from tests.support.node import evaluated

BROWSERS = {
    "zh-CN,zh;q=0.9,en;q=0.8": "zh-Hans",
    "zh-SG": "zh-Hans",
    "zh-Hans-CN,zh-Hans;q=0.9": "zh-Hans",
    "zh-MY,ms;q=0.5": "zh-Hans",
    "zh-TW,zh;q=0.9,en-US;q=0.8": "zh-Hant",
    "zh-HK,zh-TW;q=0.9": "zh-Hant",
    "zh-Hant-MO": "zh-Hant",
    "yue-HK,en;q=0.5": "zh-Hant",
    "en-US,en;q=0.9": "en",
    "en-GB,zh-CN;q=0.9": "en",
    "ja,en-US;q=0.9": "en",
    "ko-KR,ko;q=0.9": "en",
    "de-CH,de;q=0.9": "en",
    "fr-FR,fr;q=0.9,zh-TW;q=0.5": "zh-Hant",
    "es-419,es;q=0.9": "en",
    "ru-RU,ru;q=0.9": "en",
    "ar,he;q=0.5": "en",
    "th-TH,zh-CN;q=0.1": "zh-Hans",
    "bo-CN,zh-CN;q=0.8,zh;q=0.6": "zh-Hans",
    "ug-CN,zh;q=0.8": "zh-Hans",
    "zh_TW.UTF-8": "zh-Hant",
    "zh-CHT,en;q=0.5": "zh-Hant",
    "zh-CHS,en;q=0.5": "zh-Hans",
    "nan-TW,zh-TW;q=0.9": "zh-Hant",
    "hak-TW,zh-TW;q=0.9": "zh-Hant",
    "zh-yue-HK,zh-HK;q=0.9": "zh-Hant",
    "zh-cmn-Hans-TW": "zh-Hans",
    "lzh-TW": "zh-Hant",
    "en-US@posix": "en",
}
"""What browsers send, with the language that their owner then reads: three of ours, and English for all others."""
HEADERS = {
    None: "en",
    "": "en",
    "*": "en",
    "en;q=0.5,zh-CN": "zh-Hans",
    "en;q=0.1,zh-TW;q=0.2": "zh-Hant",
    "zh-CN;q=0,en": "en",
    "zh-CN;Q=0.0": "en",
    "zh-CN;q=much": "zh-Hans",
    ",,;q=1, zh-TW ,": "zh-Hant",
    "x" * 5000: "en",
    ",".join(["fr"] * 40 + ["zh-CN"]): "en",
    "\xff\xfe": "en",
}
TAGS = [["zh"], ["fr", "zh-TW"], ["C.UTF-8", "zh_TW.UTF-8"], ["", "-", "x", "zh-SG"], ["wuu"], ["nan-Hant-TW"], ["zhx"],
        ["yue-Hans-CN"], ["zh-Hans-HK"], ["ZH-hant"], ["english"], ["zh-twx"], ["zh-hansx"], []]  # fmt: skip
"""And what `navigator.languages` may hold beside."""


@pytest.mark.parametrize(("header", "language"), (BROWSERS | HEADERS).items(), ids=repr)
def test_the_header_of_a_browser_is_understood(header: str | None, language: str) -> None:
    assert asked_for(header) == language


def test_twelve_languages_and_more_are_known_by_test() -> None:
    assert len({header.replace("_", "-").split("-")[0].split(",")[0] for header in BROWSERS}) >= 12


def test_document_and_script_choose_the_same_language() -> None:
    tags = [*TAGS, *([part.split(";")[0] for part in header.split(",")] for header in BROWSERS)]
    words = (STATIC / "languages.js").as_uri()
    script = f"""
      import {{ preferred }} from "{words}";
      import {{ readFileSync }} from "node:fs";
      console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(preferred)));
    """
    assert evaluated(script, tags) == [preferred(one) for one in tags]


def test_a_sentence_is_the_scripts_with_its_values() -> None:
    assert say("zh-Hant", "to_pay", merchant="{晨光}") == "付款給{晨光}"
    assert say("en", "sale_number_is", number="0001-0007") == "Sale 0001-0007"
