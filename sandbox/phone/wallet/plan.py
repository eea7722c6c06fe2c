# SPDX-License-Identifier: Apache-2.0
"""What one payment would be made of: tip, vouchers, pass, funding, and the total they come to.

Source: tap protocol §1, authorisation-claims 2 and 6-9, voucher-claims, membership-claims. Pure: the owner's wishes and
an offer in, a plan out. A voucher or pass that does not apply here is left out, never sent to be refused.
"""

from dataclasses import dataclass

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.objects.authorisation import MAX_VOUCHERS, Funding
from pengpos.wire.objects.intent import IntentClaims, Purpose
from pengpos.wire.objects.membership import Membership
from pengpos.wire.objects.reply import MAX_REPLY_SIZE
from pengpos.wire.objects.voucher import Voucher
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.wallet.store import HeldCredential

_BARE_REPLY_SIZE = 200  # at most this much of a reply is neither credential, voucher nor pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One payment as the owner's settings would make it."""

    tip_minor: int
    vouchers: tuple[bytes, ...]
    membership: bytes | None
    funding: Funding
    total_minor: int
    """max(0, amount - vouchers) + tip; may exceed what an authorisation can hold, which is then over a limit."""


def make_plan(
    claims: IntentClaims, owner: Owner, *, merchant_id: str, credential: HeldCredential, issuers: Issuers
) -> Plan:
    """Apply the owner's wishes to an intent, paid under this merchant's credential.

    Vouchers and passes are judged by the terminal's clock, of which the wallet knows the time of signing.
    """
    room = MAX_REPLY_SIZE - _BARE_REPLY_SIZE - len(credential.raw)
    vouchers = _vouchers(claims, owner, merchant_id, credential.kid, issuers, room)
    room -= sum(len(voucher.raw) for voucher in vouchers)
    value_minor = sum(voucher.claims.value_minor for voucher in vouchers)
    tip_minor = _tip_minor(claims, owner)
    return Plan(
        tip_minor=tip_minor,
        vouchers=tuple(voucher.raw for voucher in vouchers),
        membership=_pass(claims, owner, merchant_id, credential.kid, issuers, room),
        funding=owner.funding,
        total_minor=max(0, claims.amount_minor - value_minor) + tip_minor,
    )


def _tip_minor(claims: IntentClaims, owner: Owner) -> int:
    if owner.tip is None or owner.tip.currency != claims.currency or claims.purpose is Purpose.CHECK_IN:
        return 0
    return owner.tip.minor


def _vouchers(
    claims: IntentClaims, owner: Owner, merchant_id: str, holder_kid: bytes, issuers: Issuers, room: int
) -> list[Voucher]:
    """Those that apply, none twice, as many as a reply holds; none where the terminal was offline (claim 7)."""
    if not claims.online or claims.purpose is Purpose.CHECK_IN:
        return []
    chosen: list[Voucher] = []
    for raw in owner.vouchers:
        try:
            voucher = Voucher.read(raw, issuers)
        except (MalformedError, SignatureError):
            continue
        terms = voucher.claims
        twice = any(terms.voucher_id == other.claims.voucher_id for other in chosen)
        ours = terms.merchant_id == merchant_id and terms.holder_kid == holder_kid
        fits = terms.currency == claims.currency and terms.minimum_minor <= claims.amount_minor
        if ours and fits and not twice and terms.in_time(claims.issued_at) and len(raw) <= room:
            chosen.append(voucher)
            room -= len(raw)
    return chosen[:MAX_VOUCHERS]


def _pass(
    claims: IntentClaims, owner: Owner, merchant_id: str, holder_kid: bytes, issuers: Issuers, room: int
) -> bytes | None:
    """The membership pass the owner agreed to show to this merchant, if there is one for this key."""
    for raw in owner.memberships:
        try:
            terms = Membership.read(raw, issuers).claims
        except (MalformedError, SignatureError):
            continue
        ours = terms.merchant_id == merchant_id and terms.holder_kid == holder_kid
        if ours and terms.in_time(claims.issued_at) and len(raw) <= room:
            return raw
    return None
