# SPDX-License-Identifier: Apache-2.0
"""How a confirmation code is keyed: its length, and how often a wrong one is taken.

Source: tap protocol §3. How it is reckoned is `pengpos.wire.confirmation_code`.
"""

import re
from typing import Final

CODE_DIGITS: Final = 8

CODE_TRIES: Final = 5
"""Wrong codes before a sale takes no more."""

_CODE: Final = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")


def is_code(text: str) -> bool:
    """Whether this could be a confirmation code: eight ASCII digits and nothing else."""
    return _CODE.fullmatch(text) is not None
