# SPDX-License-Identifier: Apache-2.0
"""What the ground says at a console: `pengpos/locale`. Errors of keys, roots and proxies; answers to questions.

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

# Translators: in brackets behind a question. y, yes, n and no are taken, and 是, 是的, 否, 不.
YES_IF_NONE: Final = message("answer.yes_if_none")
NO_IF_NONE: Final = message("answer.no_if_none")
YES_OR_NO: Final = message("answer.yes_or_no")
