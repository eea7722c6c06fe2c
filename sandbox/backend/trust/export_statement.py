# SPDX-License-Identifier: Apache-2.0
"""Finds out whether a terminal made an export: its device key signs the content and the journal's head.

COSE_Sign1, context ``PengTap1 export``, kid of the device key in the protected header, over JSON: `terminal_id,
made_at, epoch, sequence, hash, content`, the last one the SHA-256 of what was sealed (docs/journal.md).

Tests: tests/sandbox/backend/api/test_signed_imports.py
"""

import json
from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.keys.sealed import Opened
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.records.tables import TerminalKeyRow, TerminalKeyState

_SIZE_MOST = 1024


def is_signed(session: Session, opened: Opened, terminal_id: str, said: Mapping[str, object]) -> bool:
    """True if the key that this terminal has signed this very export; False if no statement came with it.

    False, too, of a good statement by a key that was replaced: who made a copy of it may have made the export since.

    `said`: what the export itself says under the statement's names, `content` excepted. Raises MalformedError,
    SignatureError for a statement that is not good: then the export is forged.
    """
    if opened.statement is None:
        return False
    signed = Sign1.parse(opened.statement, max_size=_SIZE_MOST)
    key = None if signed.kid is None else session.get(TerminalKeyRow, b64u(signed.kid))
    if key is None or key.terminal_id != terminal_id:
        raise SignatureError("signed by no key of this terminal")
    signed.verify(PublicKey(key.x, key.y), Context.EXPORT)
    try:
        statement = json.loads(signed.payload)
    except (ValueError, RecursionError):
        raise MalformedError("a statement that is not JSON") from None
    expected = {**said, "content": b64u(sha256(opened.content).digest())}
    if not isinstance(statement, dict) or {name: statement.get(name) for name in expected} != expected:
        raise SignatureError("the statement is about another export")
    return key.state is not TerminalKeyState.RETIRED
