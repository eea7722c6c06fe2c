# SPDX-License-Identifier: Apache-2.0
"""Makes a payment's line items and cards, and finds the campaign discount to take off it. Moves no money.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/terminals/test_policy.py
"""

from sqlalchemy.orm import Session

from sandbox.backend.offers import memberships, vouchers
from sandbox.backend.records.tables import AccountRow, IntentRow, PaymentRow, PaymentWay
from sandbox.backend.terminals.merchants import merchant_of

_WORDS = {
    "zh-Hans": {
        "amount": "消费", "voucher": "代金券", "discount": "立减", "tip": "打赏", "receipt": "电子小票",
        "receipt_text": "在手机上查看", "points": "会员积分", "points_text": "本店积分 {points} · {tier}",
    },
    "zh-Hant": {
        "amount": "消費", "voucher": "代金券", "discount": "立減", "tip": "打賞", "receipt": "電子收據",
        "receipt_text": "在手機上查看", "points": "會員積分", "points_text": "本店積分 {points} · {tier}",
    },
    "en": {
        "amount": "Amount", "voucher": "Voucher", "discount": "Discount", "tip": "Tip", "receipt": "Receipt",
        "receipt_text": "See it on your phone", "points": "Points", "points_text": "{points} points here · {tier}",
    },
}  # fmt: skip
"""Words by BCP 47 tag; a language that we have not falls back to the first."""


def discount(session: Session, intent: IntentRow, payment: PaymentRow, now: int) -> int:
    """立减: the best campaign running at the time that counts; never on what a confirmation code stands for."""
    if not intent.online and payment.way is PaymentWay.PAGE:
        return 0
    at = payment.authorised_at if payment.accepted_offline else now
    fitting = [
        int(campaign["discount"])
        for campaign in merchant_of(session, intent.terminal_id).config.get("campaigns", [])
        if campaign["currency"] == intent.currency
        and intent.amount_minor >= campaign["minimum"]
        and campaign["not_before"] <= at <= campaign["not_after"]
    ]
    return min(max(fitting, default=0), payment.total_minor - payment.tip_minor)


def lines(session: Session, payment: PaymentRow) -> list[dict[str, object]]:
    """The lines of a booked payment, in the merchant's language; they add up to what was taken."""
    languages = merchant_of(session, payment.terminal_id).config.get("languages", [])
    words = _words(languages)
    candidates = [
        ("amount", payment.amount_minor),
        ("voucher", -vouchers.value_used(payment)),
        ("discount", payment.taken_minor - payment.total_minor),
        ("tip", payment.tip_minor),
    ]
    return [
        {"kind": kind, "label": words[kind], "amount": minor}
        for kind, minor in candidates
        if minor != 0 or kind == "amount"
    ]


def cards(session: Session, payment: PaymentRow) -> list[dict[str, object]]:
    """The cards of a booked payment, in the shopper's language."""
    account = session.get_one(AccountRow, payment.account_id)
    words = _words(account.languages)
    found: list[dict[str, object]] = [
        {"kind": "receipt", "title": words["receipt"], "text": words["receipt_text"], "url": payment.receipt_url}
    ]
    standing = _standing(session, payment)
    if standing is not None:
        text = words["points_text"].format(points=standing.points, tier=standing.tier)
        found.append({"kind": "points", "title": words["points"], "text": text, "url": payment.receipt_url})
    return found


def payer_display(session: Session, payment: PaymentRow) -> str | None:
    """What the shopper agreed to show: the tier and the end of the member id; None if no pass was shown."""
    standing = _standing(session, payment)
    return None if standing is None else f"{standing.tier} …{standing.member_id[-4:]}"


def _standing(session: Session, payment: PaymentRow) -> memberships.Standing | None:
    if not payment.membership_shown or payment.account_id is None:
        return None
    return memberships.standing(session, payment.account_id, merchant_of(session, payment.terminal_id).id)


def _words(languages: list[str]) -> dict[str, str]:
    return next((_WORDS[language] for language in languages if language in _WORDS), _WORDS["zh-Hans"])
