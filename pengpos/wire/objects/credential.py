# SPDX-License-Identifier: Apache-2.0
"""Credentials: who a terminal or a wallet is, by an issuer's word (tap protocol §1, credential; RFC 8392, RFC 8747).

Claims: 2 sub, 4 exp, 6 iat, 8 cnf {1: cose-key}, -70001 role, -70002 merchant (terminals), -70003 allowance (wallets).
"""

from dataclasses import dataclass
from enum import IntEnum

from pengpos.core.errors import MalformedError
from pengpos.core.ports import Signer
from pengpos.core.risk import Allowance
from pengpos.wire.encoding.cbor import Value, decode, encode
from pengpos.wire.encoding.cose import MAX_OBJECT_SIZE, Context, Sign1, sign1
from pengpos.wire.encoding.fields import (
    MERCHANT_ID_SIZE,
    amount,
    as_array,
    as_map,
    ascii_text,
    currency,
    one_of,
    optional,
    required,
    text,
    uint,
)
from pengpos.wire.encoding.keys import Issuers, PublicKey

__all__ = ["Allowance", "Credential", "Merchant", "Role", "issue_credential"]

TERMINAL_ID_SIZE = 12
WALLET_PSEUDONYM_SIZE = 22
MERCHANT_NAME_SIZE = 40

_SUB, _EXP, _IAT, _CNF, _COSE_KEY = 2, 4, 6, 8, 1
_ROLE, _MERCHANT, _ALLOWANCE = -70001, -70002, -70003


class Role(IntEnum):
    """What the subject is."""

    TERMINAL = 1
    WALLET = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Claim -70002: id for machines (≤ 16 ASCII), name to show to the shopper (≤ 40 bytes)."""

    merchant_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A verified credential. `merchant` is a terminal's, `allowance` a wallet's; without one it is online only."""

    raw: bytes
    subject: str
    issued_at: int
    expires_at: int
    key: PublicKey
    role: Role
    merchant: Merchant | None = None
    allowance: Allowance | None = None

    @classmethod
    def read(cls, raw: bytes, issuers: Issuers) -> "Credential":
        """Read and verify; expiry and denylist are the caller's. Raises MalformedError, SignatureError."""
        return issuers.once(raw, lambda: cls.of(Sign1.read_issued(raw, issuers, Context.CREDENTIAL)))

    @classmethod
    def of(cls, signed: Sign1) -> "Credential":
        """Read the claims of a credential whose signature is the caller's matter. Raises MalformedError."""
        claims = as_map(decode(signed.payload, max_size=MAX_OBJECT_SIZE))
        role = required(claims, _ROLE, one_of(Role))
        terminal = role is Role.TERMINAL
        return cls(
            raw=signed.raw,
            subject=required(claims, _SUB, ascii_text(TERMINAL_ID_SIZE if terminal else WALLET_PSEUDONYM_SIZE)),
            issued_at=required(claims, _IAT, uint),
            expires_at=required(claims, _EXP, uint),
            key=required(required(claims, _CNF, as_map), _COSE_KEY, PublicKey.from_cose),
            role=role,
            merchant=required(claims, _MERCHANT, _merchant) if terminal else None,
            allowance=None if terminal else optional(claims, _ALLOWANCE, _allowance),
        )

    def expired(self, now: int) -> bool:
        """True when now ≥ exp: expiry is exact, the clock's tolerance does not apply (§1 *Clock*)."""
        return now >= self.expires_at


def issue_credential(
    issuer: Signer,
    *,
    subject: str,
    key: PublicKey,
    role: Role,
    issued_at: int,
    expires_at: int,
    merchant: Merchant | None = None,
    allowance: Allowance | None = None,
) -> bytes:
    """Sign a credential as `issuer`; raises MalformedError for one that no reader would take."""
    claims: dict[int, object] = {_SUB: subject, _EXP: expires_at, _IAT: issued_at, _CNF: {_COSE_KEY: key.to_cose()}}
    claims[_ROLE] = role
    if merchant is not None:
        claims[_MERCHANT] = [merchant.merchant_id, merchant.name]
    if allowance is not None:
        claims[_ALLOWANCE] = [allowance.currency, allowance.per_payment_minor, allowance.total_minor]
    raw = sign1(issuer, Context.CREDENTIAL, encode(claims), kid=PublicKey.of(issuer).kid)
    read = Credential.of(Sign1.parse(raw))
    if (read.merchant, read.allowance) != (merchant, allowance):
        raise MalformedError("a merchant belongs to a terminal, an allowance to a wallet")
    return raw


def _merchant(value: Value) -> Merchant:
    merchant_id, name = as_array(value, 2)[:2]
    return Merchant(merchant_id=ascii_text(MERCHANT_ID_SIZE)(merchant_id), name=text(MERCHANT_NAME_SIZE)(name))


def _allowance(value: Value) -> Allowance:
    code, per_payment, total = as_array(value, 3)[:3]
    return Allowance(currency=currency(code), per_payment_minor=amount(per_payment), total_minor=amount(total))
