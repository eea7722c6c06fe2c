# SPDX-License-Identifier: Apache-2.0
"""Which language stands under another."""

import pytest

from pengpos.i18n import Language
from ui.i18n.languages import second_language


@pytest.mark.parametrize(
    ("language", "offered", "second"),
    [
        ("zh-Hans", ["zh-Hans", "zh-Hant", "en"], "en"),
        ("zh-Hant", ["zh-Hans", "zh-Hant", "en"], "en"),
        ("en", ["zh-Hant", "en"], "zh-Hant"),
        ("zh-Hans", ["zh-Hans"], None),
        ("zh-Hans", ["zh-Hans", "zh-Hant"], None),
        ("en", [], None),
    ],
)
def test_the_second_language_is_in_the_other_script(language: Language, offered: list[str], second: str | None) -> None:
    assert second_language(language, offered) == second
