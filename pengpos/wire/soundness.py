# SPDX-License-Identifier: Apache-2.0
"""What can be said of an authorisation from its bytes and a time alone: terminal and backend ask the same.

The backend judges as of `authorised at`, the wallet's own word. So the terminal asks as of that time too, beside its
own clock: what it takes, the backend cannot refuse for a reason that stood in these bytes. Source: tap protocol §2;
backend API, *Judged as of its time*.
"""

from dataclasses import dataclass
from enum import Enum

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.reasons import Reason
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.objects.authorisation import AuthorisationClaims
from pengpos.wire.objects.credential import Credential
from pengpos.wire.objects.membership import Membership
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.voucher import Voucher


class Flaw(Enum):
    """What is wrong with an authorisation: the protocol's number for people, the backend's code for programs."""

    CREDENTIAL_EXPIRED = (Reason.CREDENTIAL_EXPIRED, "credential_expired")
    TERMINAL_CREDENTIAL_EXPIRED = (Reason.CREDENTIAL_EXPIRED, "terminal_credential_expired")
    WRONG_VOUCHER = (Reason.WRONG_TOTAL, "wrong_voucher")
    WRONG_MEMBERSHIP = (Reason.WRONG_TOTAL, "wrong_membership")
    WRONG_TOTAL = (Reason.WRONG_TOTAL, "wrong_total")
    EXPIRED = (Reason.EXPIRED, "expired")

    def __init__(self, reason: Reason, code: str) -> None:
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class Flawed:
    """An authorisation that must not be taken. `detail`: English, for the log."""

    flaw: Flaw
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplements:
    """What an authorisation carries beside itself, signatures verified; whether it fits is `flaw_as_of`'s."""

    vouchers: tuple[Voucher, ...] = ()
    membership: Membership | None = None

    @property
    def value_minor(self) -> int:
        """What the vouchers take off the bill."""
        return sum(voucher.claims.value_minor for voucher in self.vouchers)


def read_supplements(claims: AuthorisationClaims, issuers: Issuers) -> Supplements | Flawed:
    """Read and verify vouchers and pass of an authorisation."""
    try:
        vouchers = tuple(Voucher.read(raw, issuers) for raw in claims.vouchers)
    except (MalformedError, SignatureError) as error:
        return Flawed(Flaw.WRONG_VOUCHER, f"voucher: {error}")
    try:
        membership = None if claims.membership is None else Membership.read(claims.membership, issuers)
    except (MalformedError, SignatureError) as error:
        return Flawed(Flaw.WRONG_MEMBERSHIP, f"membership: {error}")
    return Supplements(vouchers=vouchers, membership=membership)


def flaw_as_of(
    at: int, presentation: Presentation, credential: Credential, claims: AuthorisationClaims, supplements: Supplements
) -> Flawed | None:
    """The first thing that does not hold as of `at` (Unix seconds), in the protocol's order; None: all holds.

    Of the terminal's side only what a wallet cannot choose is looked at: its credential when it signed the intent.
    """
    intent = presentation.intent.claims
    if credential.expired(at):
        return Flawed(Flaw.CREDENTIAL_EXPIRED, "the wallet's credential is expired")
    if (detail := _misfit_of_vouchers(at, presentation, credential, supplements)) is not None:
        return Flawed(Flaw.WRONG_VOUCHER, f"voucher: {detail}")
    if (detail := _misfit_of_membership(at, presentation, credential, supplements.membership)) is not None:
        return Flawed(Flaw.WRONG_MEMBERSHIP, f"membership: {detail}")
    if claims.total_minor != total_of(intent.amount_minor, supplements, claims.tip_minor):
        return Flawed(Flaw.WRONG_TOTAL, "the total is not amount less vouchers plus tip")
    if not intent.in_time(claims.authorised_at):
        return Flawed(Flaw.EXPIRED, "authorised outside the intent's life")
    if presentation.credential.expired(intent.issued_at):
        return Flawed(Flaw.TERMINAL_CREDENTIAL_EXPIRED, "signed after the terminal's credential had ended")
    return None


def total_of(amount_minor: int, supplements: Supplements, tip_minor: int) -> int:
    """max(0, amount − vouchers) + tip (§1, authorisation, claim 2)."""
    return max(0, amount_minor - supplements.value_minor) + tip_minor


def _misfit_of_vouchers(
    at: int, presentation: Presentation, credential: Credential, supplements: Supplements
) -> str | None:
    intent = presentation.intent.claims
    vouchers = [voucher.claims for voucher in supplements.vouchers]
    if vouchers and not intent.online:
        return "used where the intent says offline"
    if len({voucher.voucher_id for voucher in vouchers}) != len(vouchers):
        return "one twice"
    for voucher in vouchers:
        if voucher.merchant_id != presentation.merchant.merchant_id:
            return "of another merchant"
        if voucher.holder_kid != credential.key.kid:
            return "of another holder"
        if voucher.currency != intent.currency:
            return "in another currency"
        if not voucher.in_time(at):
            return "out of its time"
        if intent.amount_minor < voucher.minimum_minor:
            return "a bill below its minimum"
    return None


def _misfit_of_membership(
    at: int, presentation: Presentation, credential: Credential, membership: Membership | None
) -> str | None:
    if membership is None:
        return None
    if membership.claims.merchant_id != presentation.merchant.merchant_id:
        return "of another merchant"
    if membership.claims.holder_kid != credential.key.kid:
        return "of another holder"
    if not membership.claims.in_time(at):
        return "run out"
    return None
