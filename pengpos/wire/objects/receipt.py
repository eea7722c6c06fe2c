# SPDX-License-Identifier: Apache-2.0
"""Receipts: how an intent ended, ≤ 512 bytes (tap protocol §1, receipt).

Claims: 1 intent id, 2 outcome, 3 total taken, 4 currency, 5 at, 6 receipt URL, 7 reason, 8 kid of the wallet key whose
authorisation it answers (absent: none's, as of a payment by the page), 10 terminal of the intent. Accepted offline is
said by that terminal, every other outcome by an issuer (its kid in the protected header). A receipt of page 1.1 has
neither 8 nor 10.
"""

from dataclasses import dataclass
from enum import IntEnum

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.ports import Signer
from pengpos.wire.encoding.cbor import decode, encode
from pengpos.wire.encoding.cose import Context, Sign1, sign1
from pengpos.wire.encoding.fields import (
    ID_SIZE,
    KID_SIZE,
    amount,
    as_map,
    ascii_text,
    currency,
    octets_of,
    one_of,
    optional,
    required,
    text,
    uint,
)
from pengpos.wire.encoding.keys import Issuers, PublicKey

MAX_RECEIPT_SIZE = 512

_ID, _OUTCOME, _TOTAL, _CURRENCY, _AT, _URL, _REASON, _WALLET_KID = range(1, 9)
_TERMINAL = 10
TERMINAL_ID_SIZE_MOST = 12


class Outcome(IntEnum):
    """How an intent ended."""

    APPROVED = 0
    ACCEPTED_OFFLINE = 1
    DECLINED = 2
    CANCELLED = 3
    """By the merchant, for good; to a terminal, never to a phone."""
    EXPIRED = 4
    """Nothing can pay it any more, unless its terminal has accepted it offline; to a terminal, never to a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptClaims:
    """What a receipt says; `total_minor` is what was taken."""

    intent_id: bytes
    outcome: Outcome
    total_minor: int
    currency: str
    at: int
    url: str | None = None
    reason: int | None = None
    wallet_kid: bytes | None = None
    terminal_id: str | None = None

    def answers(self, wallet_kid: bytes) -> bool | None:
        """Whether it answers this key's authorisation; None: a receipt of page 1.1, which does not say."""
        return None if self.terminal_id is None else self.wallet_kid == wallet_kid


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A verified receipt."""

    raw: bytes
    claims: ReceiptClaims
    by_issuer: bool

    @classmethod
    def read(cls, raw: bytes, issuers: Issuers, *, terminal_key: PublicKey | None = None) -> "Receipt":
        """Read a receipt and verify it with its issuer's key or `terminal_key`; raises MalformedError, SignatureError.

        Without `terminal_key` only an issuer's receipt is taken.
        """
        signed = Sign1.parse(raw, max_size=MAX_RECEIPT_SIZE)
        by_issuer = signed.kid is not None
        if signed.kid is not None:
            signed.verify(issuers.get(signed.kid), Context.RECEIPT)
        elif terminal_key is not None:
            signed.verify(terminal_key, Context.RECEIPT)
        else:
            raise SignatureError("a receipt that no issuer signed")
        claims = _read_claims(signed.payload)
        if by_issuer is (claims.outcome is Outcome.ACCEPTED_OFFLINE):
            raise MalformedError("accepted offline is said by the terminal, every other outcome by an issuer")
        return cls(raw=raw, claims=claims, by_issuer=by_issuer)


def sign_receipt(signer: Signer, claims: ReceiptClaims, *, kid: bytes | None = None) -> bytes:
    """Sign a receipt: with `kid` as that issuer, without as the terminal. Raises MalformedError."""
    if (kid is None) is not (claims.outcome is Outcome.ACCEPTED_OFFLINE):
        raise MalformedError("accepted offline is said by the terminal, every other outcome by an issuer")
    content: dict[int, object] = {
        _ID: claims.intent_id,
        _OUTCOME: claims.outcome,
        _TOTAL: claims.total_minor,
        _CURRENCY: claims.currency,
        _AT: claims.at,
    }
    if claims.url is not None:
        content[_URL] = claims.url
    if claims.reason is not None:
        content[_REASON] = claims.reason
    if claims.wallet_kid is not None:
        content[_WALLET_KID] = claims.wallet_kid
    if claims.terminal_id is not None:
        content[_TERMINAL] = claims.terminal_id
    payload = encode(content)
    if _read_claims(payload) != claims:
        raise MalformedError("a receipt that reads as another")
    raw = sign1(signer, Context.RECEIPT, payload, kid=kid)
    if len(raw) > MAX_RECEIPT_SIZE:
        raise MalformedError(f"a receipt of {len(raw)} bytes; {MAX_RECEIPT_SIZE} is the most")
    return raw


def _read_claims(payload: bytes) -> ReceiptClaims:
    content = as_map(decode(payload, max_size=MAX_RECEIPT_SIZE))
    return ReceiptClaims(
        intent_id=required(content, _ID, octets_of(ID_SIZE)),
        outcome=required(content, _OUTCOME, one_of(Outcome)),
        total_minor=required(content, _TOTAL, amount),
        currency=required(content, _CURRENCY, currency),
        at=required(content, _AT, uint),
        url=optional(content, _URL, text(MAX_RECEIPT_SIZE)),
        reason=optional(content, _REASON, uint),  # 0 is a reason here, not an absence
        wallet_kid=optional(content, _WALLET_KID, octets_of(KID_SIZE)),
        terminal_id=optional(content, _TERMINAL, ascii_text(TERMINAL_ID_SIZE_MOST)),
    )
