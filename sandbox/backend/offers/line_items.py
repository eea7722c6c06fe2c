# SPDX-License-Identifier: Apache-2.0
"""Makes a payment's line items and cards, and finds the campaign discount to take off it. Moves no money.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/terminals/test_policy.py
"""

from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from pengpos.i18n import LANGUAGES, Catalogue, Language
from sandbox.backend.offers import memberships, vouchers
from sandbox.backend.records.tables import AccountRow, IntentRow, MerchantRow, PaymentRow, PaymentWay
from sandbox.backend.terminals.merchants import merchant_of

CATALOGUE: Final = Catalogue("backend", Path(__file__).parents[1] / "locale")
message = CATALOGUE.message
_LABELS: Final = {
    "amount": message("line.amount"),
    "voucher": message("line.voucher"),
    "discount": message("line.discount"),
    "tip": message("line.tip"),
}


def discount(session: Session, intent: IntentRow, payment: PaymentRow, now: int) -> int:
    """立减: the best campaign running at the time that counts; never on what a confirmation code stands for."""
    return discount_by(merchant_of(session, intent.terminal_id), intent, payment, now)


def discount_by(merchant: MerchantRow, intent: IntentRow, payment: PaymentRow, now: int) -> int:
    """As `discount`, by the intent's merchant."""
    if not intent.online and payment.way is PaymentWay.PAGE:
        return 0
    at = payment.authorised_at if payment.accepted_offline else now
    fitting = [
        int(campaign["discount"])
        for campaign in merchant.config.get("campaigns", [])
        if campaign["currency"] == intent.currency
        and intent.amount_minor >= campaign["minimum"]
        and campaign["not_before"] <= at <= campaign["not_after"]
    ]
    return min(max(fitting, default=0), payment.total_minor - payment.tip_minor)


def lines(session: Session, payment: PaymentRow) -> list[dict[str, object]]:
    """The lines of a booked payment, in the merchant's language; they add up to what was taken."""
    return lines_by(merchant_of(session, payment.terminal_id), payment)


def lines_by(merchant: MerchantRow, payment: PaymentRow) -> list[dict[str, object]]:
    """As `lines`, by the payment's merchant."""
    language = _language(merchant.config.get("languages", []))
    candidates = [
        ("amount", payment.amount_minor),
        ("voucher", -vouchers.value_used(payment)),
        ("discount", payment.taken_minor - payment.total_minor),
        ("tip", payment.tip_minor),
    ]
    return [
        {"kind": kind, "label": _LABELS[kind].in_language(language), "amount": minor}
        for kind, minor in candidates
        if minor != 0 or kind == "amount"
    ]


def cards(session: Session, payment: PaymentRow) -> list[dict[str, object]]:
    """The cards of a booked payment, in the shopper's language."""
    languages = session.get_one(AccountRow, payment.account_id).languages
    language, found = _language(languages), [receipt_card(payment, languages)]
    standing = _standing(session, payment)
    if standing is not None:
        title = message("points.title").in_language(language)
        # Translators: {tier} is what the merchant calls this kind of member.
        text = message("points.text").in_language(language, points=standing.points, tier=standing.tier)
        found.append({"kind": "points", "title": title, "text": text, "url": payment.receipt_url})
    return found


def receipt_card(payment: PaymentRow, languages: list[str]) -> dict[str, object]:
    """The card that every booked payment has, in the first of the shopper's languages that we have."""
    language = _language(languages)
    title, text = (part.in_language(language) for part in (message("receipt.title"), message("receipt.text")))
    return {"kind": "receipt", "title": title, "text": text, "url": payment.receipt_url}


def payer_display(session: Session, payment: PaymentRow) -> str | None:
    """What the shopper agreed to show: the tier and the end of the member id; None if no pass was shown."""
    standing = _standing(session, payment)
    return None if standing is None else f"{standing.tier} …{standing.member_id[-4:]}"


def _standing(session: Session, payment: PaymentRow) -> memberships.Standing | None:
    if not payment.membership_shown or payment.account_id is None:
        return None
    return memberships.standing(session, payment.account_id, merchant_of(session, payment.terminal_id).id)


def _language(wanted: list[str]) -> Language:
    """The first that we have; 简体 if there is none."""
    return next((known for tag in wanted for known in LANGUAGES if known == tag), "zh-Hans")
