# SPDX-License-Identifier: Apache-2.0
"""Makes short ids that people read aloud and tokens that cannot be guessed; reads how intents are named.

An intent id is unique to its terminal. Of several terminals that use the same one, the first to be registered has the
bare id; every other is named with its terminal: ``ID.TERMINAL``, ID being 22 characters of base64url. A row's key is
the id as UUID text for the first, ``ID.TERMINAL`` for the others, so the id can be read from the key.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.base64url import b64u, unb64u

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 O 1 I, which look alike on paper
_TERMINAL_ID = re.compile(r"[A-Za-z0-9-]{1,12}\Z")
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


@dataclass(frozen=True, slots=True)
class IntentReference:
    """How an address names an intent. `terminal_id` None: the first that was registered under this id."""

    intent_id: str
    terminal_id: str | None


def parse_reference(text: str) -> IntentReference:
    """An intent id in either spelling, with ``.TERMINAL`` behind it or without; raises MalformedError."""
    name, dot, terminal_id = text.partition(".")
    if dot and not _TERMINAL_ID.match(terminal_id):
        raise MalformedError("not a terminal id")
    return IntentReference(str(parse_intent_id(name)), terminal_id if dot else None)


def key_beside(intent_id: str, terminal_id: str) -> str:
    """The key of an intent whose bare id another terminal's has; no UUID, so it is never an intent id."""
    return f"{b64u(UUID(intent_id).bytes)}.{terminal_id}"


def intent_id_of_key(key: str) -> str:
    """The intent id, as UUID text, of the row with this key."""
    return key if "." not in key else str(UUID(bytes=unb64u(key.partition(".")[0])))


def reference_beside(key: str) -> str | None:
    """What names the intent with this key in an address, if its bare id does not."""
    return key if "." in key else None
