# SPDX-License-Identifier: Apache-2.0
"""The protocol's `vectors.json`, loaded once, with its four keys ready to sign and its cases ready for parametrize."""

import json
from pathlib import Path
from typing import Any

import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import Issuers, PublicKey

SPEC = Path(__file__).parents[2] / "docs" / "spec"
VECTORS: dict[str, Any] = json.loads((SPEC / "vectors.json").read_text(encoding="utf-8"))

ISSUER, TERMINAL, WALLET, STRANGER = (
    SoftwareKey.from_scalar(bytes.fromhex(VECTORS["keys"][name]["d"]))
    for name in ("issuer", "terminal", "wallet", "stranger")
)
ISSUERS = Issuers([PublicKey.of(ISSUER)])

_TEXTS = ("comment", "terminal_credential", "wallet_credential")


def cases(section: str) -> list[dict[str, Any]]:
    """The cases of one section, each with a name; a section's own `clock` is given to its cases."""
    content = VECTORS[section]
    if section == "keys":
        return [{"name": name, **key} for name, key in content.items()]
    if section in _TEXTS:
        return [{"name": section, "value": content}]
    if isinstance(content, dict):
        return [{"clock": content.get("clock"), **case} for case in content["cases"]]
    return [{"name": f"{number}", **case} for number, case in enumerate(content)]


def each(section: str) -> list[Any]:
    """One pytest parameter per case of a section, its id ``section: name``."""
    return [pytest.param(case, id=f"{section}: {case['name']}") for case in cases(section)]


def every_id() -> set[str]:
    """The ids of all there is in the file, the comment aside."""
    return {str(param.id) for section in VECTORS if section != "comment" for param in each(section)}
