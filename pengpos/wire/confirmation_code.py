# SPDX-License-Identifier: Apache-2.0
"""The eight-digit confirmation code of an offline terminal paid by tag or QR (tap protocol §3, RFC 4226 §5.3)."""

import hashlib
import hmac

from pengpos.core.confirmation import CODE_DIGITS

SECRET_SIZE = 32


def confirmation_code(secret: bytes, intent_id: bytes, total_minor: int) -> str:
    """HOTP truncation of HMAC-SHA-256(secret, "PengTap1 confirm" ‖ intent id ‖ total as 8 bytes, big-endian).

    `total_minor` is the intent's amount: paid this way, neither tip nor voucher is offered. Compare with
    `hmac.compare_digest`. Raises ValueError for a secret that is not 32 bytes or an id that is not 16.
    """
    if len(secret) != SECRET_SIZE or len(intent_id) != 16:
        raise ValueError("the secret has 32 bytes and an intent id 16")
    message = b"PengTap1 confirm" + intent_id + total_minor.to_bytes(8, "big")
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    offset = digest[-1] & 0x0F
    truncated = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{truncated % 10**CODE_DIGITS:0{CODE_DIGITS}}"
