# SPDX-License-Identifier: Apache-2.0
"""The members of a JSON object, each said once: readers do not agree on which of two is meant (RFC 8259 §4).

Of an amount that is said twice a proxy or a log may have the one, and the sale the other.
"""

import json
from collections.abc import Sequence
from typing import Any

from pengpos.core.errors import PengposError


class SaidTwiceError(PengposError):
    """An object has the member `name` twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is said twice")
        self.name = name


def read_json(raw: bytes) -> Any:
    """What is written there. Raises SaidTwiceError, and as `json.loads` does."""
    return json.loads(raw, object_pairs_hook=_said_once)


def _said_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise SaidTwiceError(next(name for name in names if names.count(name) > 1))
    return members
