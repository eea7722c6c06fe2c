# SPDX-License-Identifier: Apache-2.0
"""Makes every check of tap protocol §2 once more, on the backend's side: a terminal may err, or lie.

Pure: what the database knows comes in as `Known`. What differs from the terminal's own check: `authorised at` stands
for the clock (*judged as of its time*), and counters may arrive in any order.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.reasons import Reason
from pengpos.core.times import CLOCK_TOLERANCE_S
from pengpos.wire.encoding.cose import Sign1
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.objects.authorisation import Authorisation, AuthorisationClaims, Funding
from pengpos.wire.objects.credential import Credential, Role
from pengpos.wire.objects.intent import IntentClaims
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.soundness import Flaw, Flawed, flaw_as_of, read_supplements


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, with the protocol's number for people and a code for programs."""

    reason: Reason
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """An authorisation whose signature is good and which answers this intent."""

    credential: Credential
    claims: AuthorisationClaims


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """An authorisation in which everything holds; `voucher_ids` are spent when it is booked."""

    voucher_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the backend knows about the key and the time in question.

    `denylisted`, `risk`: as of the time that counts. `risk` is None where no policy was valid.
    """

    issued_here: bool
    denylisted: bool
    offline_frozen: bool
    counter_copied: bool
    voucher_spent: Callable[[bytes], bool]
    risk: Mapping[str, Any] | None
    now: int


NOT_A_WALLET = Refusal(Reason.NOT_A_WALLET, "not_a_wallet")
CREDENTIAL_UNKNOWN = Refusal(Reason.NOT_A_WALLET, "credential_unknown")
CREDENTIAL_EXPIRED = Refusal(Flaw.CREDENTIAL_EXPIRED.reason, Flaw.CREDENTIAL_EXPIRED.code)
CREDENTIAL_BLOCKED = Refusal(Reason.CREDENTIAL_EXPIRED, "credential_blocked")
COUNTER_REUSED = Refusal(Reason.ALREADY_USED, "counter_reused")
VOUCHER_SPENT = Refusal(Reason.ALREADY_USED, "voucher_spent")
OFFLINE_NOT_ALLOWED = Refusal(Reason.OFFLINE_NOT_POSSIBLE, "offline_not_allowed")
OVER_POLICY = Refusal(Reason.OFFLINE_NOT_POSSIBLE, "over_policy")
NO_POLICY = Refusal(Reason.OFFLINE_NOT_POSSIBLE, "no_policy")
OFFLINE_FROZEN = Refusal(Reason.CREDENTIAL_EXPIRED, "offline_frozen")
EXPIRED = Refusal(Flaw.EXPIRED.reason, Flaw.EXPIRED.code)
CANCELLED = Refusal(Reason.EXPIRED, "cancelled")
TOO_OLD = Refusal(Reason.EXPIRED, "too_old")
NOT_YET = Refusal(Reason.EXPIRED, "not_yet")
INSUFFICIENT_FUNDS = Refusal(Reason.DECLINED_BY_BACKEND, "insufficient_funds")


def content_digest(signed: Sign1) -> bytes:
    """SHA-256 over protected header and payload, each with its length before it; never the signature (§1)."""
    digest = hashlib.sha256()
    for part in (signed.protected, signed.payload):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def identity_of(found: Authorised | Refusal, wallet_credential: bytes, authorisation: bytes) -> bytes:
    """What makes two requests the same one: the wallet's key and the authorisation's content.

    The key must be in it: two wallets that sign in the same second under the same counter sign the same payload.
    Of bytes that are no authorisation, the digest of these bytes.
    """
    if isinstance(found, Authorised):
        return hashlib.sha256(found.credential.key.kid + content_digest(Sign1.parse(authorisation))).digest()
    return hashlib.sha256(hashlib.sha256(wallet_credential).digest() + authorisation).digest()


def read(
    presentation: Presentation, wallet_credential: bytes, authorisation: bytes, issuers: Issuers
) -> Authorised | Refusal:
    """Bytes, issuer, role, signature, the intent's hash: what fails here came from no wallet of ours."""
    try:
        credential = Credential.read(wallet_credential, issuers)
        if credential.role is not Role.WALLET:
            return NOT_A_WALLET
        claims = Authorisation.read(authorisation, credential.key).claims
    except (MalformedError, SignatureError):
        return NOT_A_WALLET
    if claims.intent_digest != presentation.intent.digest:
        return NOT_A_WALLET
    return Authorised(credential=credential, claims=claims)


def judge(
    presentation: Presentation, authorised: Authorised, known: Known, issuers: Issuers, *, accepted_offline: bool
) -> Sound | Refusal:
    """The remaining checks, in the protocol's order. Money and the intent's own fate come after."""
    intent, claims = presentation.intent.claims, authorised.claims
    if not known.issued_here:
        return CREDENTIAL_UNKNOWN
    if authorised.credential.expired(claims.authorised_at):
        return CREDENTIAL_EXPIRED
    if known.denylisted and not known.counter_copied:
        return CREDENTIAL_BLOCKED
    supplements = read_supplements(claims, issuers)
    if isinstance(supplements, Flawed):
        return _refusal(supplements)
    flawed = flaw_as_of(claims.authorised_at, presentation, authorised.credential, claims, supplements)
    if flawed is not None:
        return _refusal(flawed)
    if not accepted_offline and intent.issued_at > known.now + 2 * CLOCK_TOLERANCE_S:
        return NOT_YET
    if known.counter_copied:
        return COUNTER_REUSED
    voucher_ids = tuple(voucher.claims.voucher_id for voucher in supplements.vouchers)
    if any(known.voucher_spent(voucher_id) for voucher_id in voucher_ids):
        return VOUCHER_SPENT
    if accepted_offline and (refusal := _judge_offline(intent, authorised, known)) is not None:
        return refusal
    return Sound(voucher_ids=voucher_ids)


def _refusal(flawed: Flawed) -> Refusal:
    return Refusal(flawed.flaw.reason, flawed.flaw.code)


def _judge_offline(intent: IntentClaims, authorised: Authorised, known: Known) -> Refusal | None:
    claims, allowance = authorised.claims, authorised.credential.allowance
    if claims.funding is not Funding.BALANCE:  # whether a purse or a friend has it is asked online only
        return OFFLINE_NOT_ALLOWED
    if not claims.offline_allowed or allowance is None or allowance.currency != intent.currency:
        return OFFLINE_NOT_ALLOWED
    if claims.total_minor > min(allowance.per_payment_minor, allowance.total_minor):
        return OFFLINE_NOT_ALLOWED
    if known.risk is None:
        return NO_POLICY
    if known.risk["currency"] != intent.currency or claims.total_minor > int(known.risk["per_payment"]):
        return OVER_POLICY
    return OFFLINE_FROZEN if known.offline_frozen else None
