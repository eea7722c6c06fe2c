# SPDX-License-Identifier: Apache-2.0
"""Keeps memberships: an account's points and tier at one merchant, and the pass that shows them to it.

Source: tap protocol §1 (membership). Points are one a whole unit taken and not given back, where a pass was shown.
"""

import secrets
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.membership import MembershipClaims, sign_membership
from sandbox.backend.errors import NotFoundError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.offers.vouchers import check_own_key
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import MembershipRow, MerchantRow, PaymentRow, PaymentStatus, TerminalRow

PASS_LIFE_S = 7 * 86_400
_TIERS = ((0, "会员"), (1_000, "银卡会员"), (5_000, "金卡会员"))


@dataclass(frozen=True, slots=True)
class Standing:
    """A member as the shop may see it."""

    member_id: str
    points: int
    tier: str


def join(session: Session, account_id: str, merchant_id: str, kid: str, now: int) -> Standing:
    """Become a member of a merchant, under one key of the account; again changes nothing. Raises NotFoundError."""
    check_own_key(session, account_id, kid)
    if session.get(MerchantRow, merchant_id) is None:
        raise NotFoundError("merchant")
    member_id = b64u(secrets.token_bytes(16))
    insert_if_new(
        session, MembershipRow, account_id=account_id, merchant_id=merchant_id, member_id=member_id, joined_at=now
    )
    found = standing(session, account_id, merchant_id)
    assert found is not None
    return found


def standing(session: Session, account_id: str, merchant_id: str) -> Standing | None:
    """Points and tier of a member; None if the account is none."""
    row = session.get(MembershipRow, (account_id, merchant_id))
    if row is None:
        return None
    spent = session.scalar(
        select(func.coalesce(func.sum(PaymentRow.taken_minor - PaymentRow.refunded_minor), 0))
        .join(TerminalRow, TerminalRow.id == PaymentRow.terminal_id)
        .where(
            PaymentRow.account_id == account_id,
            TerminalRow.merchant_id == merchant_id,
            PaymentRow.status == PaymentStatus.APPROVED,
            PaymentRow.membership_shown,
        )
    )
    points = int(spent or 0) // 100
    return Standing(row.member_id, points, max(tier for tier in _TIERS if tier[0] <= points)[1])


def signed_pass(backend: Backend, found: Standing, merchant_id: str, kid: str, now: int) -> bytes:
    """A membership pass bound to one key of its holder."""
    claims = MembershipClaims(
        member_id=unb64u(found.member_id),
        merchant_id=merchant_id,
        tier=found.tier,
        not_after=now + PASS_LIFE_S,
        holder_kid=unb64u(kid),
    )
    return sign_membership(backend.issuer.signer, claims)
