# SPDX-License-Identifier: Apache-2.0
"""Makes short ids that people read aloud and tokens that cannot be guessed; reads intent ids in both spellings."""

import hashlib
import re
import secrets
from uuid import UUID

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.base64url import b64u, unb64u

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 O 1 I, which look alike on paper
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\Z", re.IGNORECASE)


def short_id(prefix: str, length: int = 8) -> str:
    """`prefix`, a dash and `length` random characters: 5 bits each."""
    return prefix + "-" + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def activation_code() -> str:
    """Twelve characters in groups of four, 60 bits: single use, minutes of life."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def token_128() -> str:
    """A random 128-bit token in base64url, 22 characters."""
    return b64u(secrets.token_bytes(16))


def token_hash(token: str) -> str:
    """What is stored of a bearer token: SHA-256, hexadecimal. The token itself is not kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def parse_intent_id(text: str) -> UUID:
    """An intent id as UUID text, or as the 22 characters of a tag's URL (tap protocol §3); raises MalformedError."""
    if _UUID.match(text):
        return UUID(text)
    raw = unb64u(text)
    if len(raw) != 16:
        raise MalformedError("not an intent id")
    return UUID(bytes=raw)
