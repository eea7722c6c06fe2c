# SPDX-License-Identifier: Apache-2.0
"""base64url without padding, as URLs, JWKs and the backend's API carry bytes (RFC 4648 §5; backend API, rules)."""

import base64
import binascii

from pengpos.core.errors import MalformedError


def b64u(data: bytes) -> str:
    """Encode; 16 bytes become 22 characters."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64u(text: str) -> bytes:
    """Decode the one spelling that `b64u` writes; raises MalformedError for padding, other letters, stray low bits."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise MalformedError("not base64url") from None
    if b64u(data) != text:
        raise MalformedError("not base64url without padding")
    return data
