# SPDX-License-Identifier: Apache-2.0
"""The daemon's catalogue, in `terminal/locale`, and its sentences as the local API gives them: in every language.

Tests: tests/terminal/device/test_alarm_words.py
"""

from pathlib import Path
from typing import Final

from pengpos.client import Sentences
from pengpos.i18n import Catalogue, Message

CATALOGUE: Final = Catalogue("terminal", Path(__file__).parents[1] / "locale")
message = CATALOGUE.message


def sentences(message: Message, /, **values: object) -> Sentences:
    """A message in every language with its values put in. Raises KeyError for a value that is not given."""
    return Sentences(
        zh_hans=message.in_language("zh-Hans", **values),
        zh_hant=message.in_language("zh-Hant", **values),
        en=message.in_language("en", **values),
    )


def joined(*parts: Sentences) -> Sentences:
    """One sentence of several parts, which follow each other without a gap."""
    return Sentences(
        zh_hans="".join(part.zh_hans for part in parts),
        zh_hant="".join(part.zh_hant for part in parts),
        en="".join(part.en for part in parts),
    )
