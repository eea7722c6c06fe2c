# SPDX-License-Identifier: Apache-2.0
"""What the ground says at a console: `pengpos/locale`. Errors of keys, roots and proxies; and what click says.

Tests: tests/pengpos/test_console.py.
"""

from pathlib import Path
from typing import Final

from pengpos.i18n import Catalogue

CATALOGUE: Final = Catalogue("pengpos", Path(__file__).with_name("locale"))
message = CATALOGUE.message

# Translators: a part of the installation or a file, what is wrong with it, and what to do about it.
PLACE_DETAIL_CURE: Final = message("error.place_detail_cure")
DETAIL_CURE: Final = message("error.detail_cure")
ROW_DETAIL: Final = message("error.row_detail")
REQUIRED: Final = message("help.required")

KEY_MISSING: Final = message("key.missing")
KEY_RESTORE: Final = message("key.restore")
KEY_OF_ANOTHER_USER: Final = message("key.of_another_user")
KEY_CHOWN: Final = message("key.chown")
KEY_OPEN: Final = message("key.open")
KEY_CHMOD: Final = message("key.chmod")
KEY_NO_KEY: Final = message("key.no_key")
KEY_UNUSABLE: Final = message("key.unusable")
KEY_GIVE_DIRECTORY: Final = message("key.give_directory")
DAMAGED: Final = message("file.damaged")
OF_ANOTHER_TERMINAL: Final = message("last_heard.of_another")
WRITTEN_ANEW: Final = message("last_heard.written_anew")
PROXY_NO_ADDRESS: Final = message("proxy.no_address")
PROXY_WRITE: Final = message("proxy.write")
ROOT_NO_PEM: Final = message("root.no_pem")
ROOT_NO_AUTHORITY: Final = message("root.no_authority")
ROOT_ASK: Final = message("root.ask")
CANNOT_BE_READ: Final = message("file.cannot_be_read")
ROOT_NAME_FILE: Final = message("root.name_file")
ROOT_TOO_LARGE: Final = message("root.too_large")
ROOT_NO_BUNDLE: Final = message("root.no_bundle")

# Translators: from here on the key is what click, which reads the command line, says in English.
CLICK: Final = (
    message("Usage:"),
    message("Options"),
    message("Commands"),
    message("Error: {message}"),
    message("Aborted!"),
    message("Show this message and exit."),
    message("%(prog)s, version %(version)s"),
    message("Try '{command} {option}' for help."),
    message("Missing option"),
    message("Missing argument"),
    message("Missing command."),
    message("No such option {name!r}."),
    message("No such command {name!r}."),
    message("Option {name!r} does not take a value."),
    message("Invalid value: {message}"),
    message("Invalid value for {param_hint}: {message}"),
    message("default: {default}"),
)
"""By its own English, as gettext asks for it: one catalogue is read by both."""
