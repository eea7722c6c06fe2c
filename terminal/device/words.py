# SPDX-License-Identifier: Apache-2.0
"""The daemon's catalogue, in `terminal/locale`, and its sentences as the local API gives them: in every language.

Tests: tests/terminal/device/test_alarm_words.py
"""

from pathlib import Path
from typing import Final

from pengpos.client import Sentences
from pengpos.i18n import Catalogue, Message, Said

CATALOGUE: Final = Catalogue("terminal", Path(__file__).parents[1] / "locale")
message = CATALOGUE.message

# At a console, of the terminal's own files: settings, enrolment, socket.
NOT_READABLE: Final = message("settings.not_readable")
MEND_SETTINGS: Final = message("settings.mend")
SETTINGS_LISTED: Final = message("settings.listed")
SETTING_WRONG: Final = message("settings.wrong")
NO_WHOLE_PATH: Final = message("settings.no_whole_path")
NO_SHOP_ADDRESS: Final = message("settings.no_shop_address")
DAMAGED: Final = message("enrolment.damaged")
RESTORE_ENROLMENT: Final = message("enrolment.restore")
CREDENTIAL_OF_ANOTHER: Final = message("enrolment.of_another_key")
ENROL_THIS: Final = message("enrolment.enrol")
NOT_JSON: Final = message("enrolment.not_json")
NO_OBJECT: Final = message("enrolment.no_object")
CANNOT_BE_READ: Final = message("enrolment.cannot_be_read")
AS_ITS_USER: Final = message("enrolment.as_its_user")
RUNS_ALREADY: Final = message("socket.runs_already")
STOP_IT_FIRST: Final = message("socket.stop_it_first")
OF_ANOTHER_USER: Final = message("socket.of_another_user")
REMOVE_IT: Final = message("socket.remove_it")
NOT_MADE: Final = message("socket.not_made")
ANOTHER_HOME: Final = message("socket.another_home")
SHORTER_HOME: Final = message("socket.shorter_home")
NOT_LISTENING: Final = message("socket.not_listening")
START_AGAIN: Final = message("socket.start_again")


def sentences(message: Message, /, **values: object) -> Sentences:
    """A message in every language with its values put in. Raises KeyError for a value that is not given."""
    return Sentences(
        zh_hans=message.in_language("zh-Hans", **values),
        zh_hant=message.in_language("zh-Hant", **values),
        en=message.in_language("en", **values),
    )


def spoken(text: str) -> Sentences | None:
    """What a text says in every language, where it is one of ours."""
    if not isinstance(text, Said):
        return None
    return Sentences(
        zh_hans=text.in_language("zh-Hans"), zh_hant=text.in_language("zh-Hant"), en=text.in_language("en")
    )


def joined(*parts: Sentences) -> Sentences:
    """One sentence of several parts, which follow each other without a gap."""
    return Sentences(
        zh_hans="".join(part.zh_hans for part in parts),
        zh_hant="".join(part.zh_hant for part in parts),
        en="".join(part.en for part in parts),
    )
