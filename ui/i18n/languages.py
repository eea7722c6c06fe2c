# SPDX-License-Identifier: Apache-2.0
"""Chooses the language that stands under another on the screen."""

from pengpos.i18n import LANGUAGES, Language


def second_language(language: Language, offered: list[str]) -> Language | None:
    """Give what stands small under the main language: the shop's first in the other script, if it has one."""
    chinese = language != "en"
    for other in LANGUAGES:
        if other in offered and (other != "en") != chinese:
            return other
    return None
