# SPDX-License-Identifier: Apache-2.0
"""What an issuer signs of a settlement's entries: their digest, in their order (backend API, *Settlements*).

SHA-256 over compact JSON, an array for each entry: ``[kind, intent_id, refund_id or null, amount, currency]``.

Tests: tests/pengpos/backend_api/test_settlement_digest.py
"""

import hashlib
import json
from collections.abc import Iterable

from pengpos.wire.encoding.base64url import b64u

Entry = tuple[str, str, str | None, int, str]
"""kind, intent_id, refund_id, amount, currency; as the answer says them."""


def digest_of(entries: Iterable[Entry]) -> str:
    """The digest, in base64url."""
    text = json.dumps([list(entry) for entry in entries], ensure_ascii=False, separators=(",", ":"))
    return b64u(hashlib.sha256(text.encode()).digest())
