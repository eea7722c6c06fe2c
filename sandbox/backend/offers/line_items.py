# SPDX-License-Identifier: Apache-2.0
"""Makes a payment's line items and cards, in people's languages. Moves no money.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/terminals/test_policy.py
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from pengpos.i18n import LANGUAGES, Catalogue, Language
from sandbox.backend.bill.lines import BillLine, LineKind
from sandbox.backend.offers import memberships
from sandbox.backend.records.tables import AccountRow, MerchantRow, PaymentRow
from sandbox.backend.terminals.merchants import merchant_of

CATALOGUE: Final = Catalogue("backend", Path(__file__).parents[1] / "locale")
message = CATALOGUE.message
_LABELS: Final = {
    LineKind.GOODS: message("line.amount"),
    LineKind.CAMPAIGN: message("line.discount"),
    LineKind.VOUCHER: message("line.voucher"),
    LineKind.TIP: message("line.tip"),
}


def said(merchant: MerchantRow, lines: Sequence[BillLine]) -> list[dict[str, object]]:
    """Lines as they are stored and sent, in the merchant's language."""
    language = _language(merchant.config.get("languages", []))
    return [line.said(_LABELS[line.kind].in_language(language)) for line in lines]


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
