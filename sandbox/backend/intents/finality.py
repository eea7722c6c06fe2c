# SPDX-License-Identifier: Apache-2.0
"""Decides when a refusal is final, and when its terminal may still say that it had accepted the payment offline.

Source: backend API, *Accepted after all* and `max_age` in *Judged as of its time*.

Tests: tests/sandbox/backend/payments/test_page_payments.py,
tests/sandbox/backend/payments/test_payments_accepted_offline.py
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from sandbox.backend.intents import dues
from sandbox.backend.records.tables import IntentRow, PaymentRow, PaymentStatus, PaymentWay
from sandbox.backend.terminals import policy

DEFAULT_MAX_AGE_S = 7 * 86_400
DECIDED_BY_A_PERSON = frozenset({"review_refused", "friend_refused"})
MOST_MAX_AGE_S = DEFAULT_MAX_AGE_S
"""No policy may say more: so long money stays set aside for what a wallet may have promised."""
WAITS_MOST_S = 600
"""Longer than a delivery that came in time waits for the database: until then it may be booked after all, so nobody is
given the word that nothing will be taken.
"""


def may_be_judged_again(session: Session, intent: IntentRow, payment: PaymentRow) -> bool:
    """Refused online: should the terminal say now that it had accepted it offline, it is judged once more.

    Not after a cancel, nor once the intent's due is paid: then the goods have their money. Nor where a person said no:
    then it was no fault on the way.
    """
    if payment.status is not PaymentStatus.DECLINED or payment.accepted_offline or intent.cancel_answer is not None:
        return False
    if payment.code in DECIDED_BY_A_PERSON:
        return False
    return dues.paid(session, intent.key) is None


def is_final(session: Session, intent: IntentRow, payment: PaymentRow, now: int) -> bool:
    """Nothing was taken of an authorisation, and nothing will be, whatever its terminal says later."""
    nothing_taken = payment.status in {PaymentStatus.DECLINED, PaymentStatus.ALREADY_PAID}
    if payment.way is not PaymentWay.READER or not nothing_taken:
        return False
    return not may_be_judged_again(session, intent, payment) or is_too_old(session, payment, now - WAITS_MOST_S)


def is_too_old(session: Session, payment: PaymentRow, now: int) -> bool:
    """Older than what is taken of a payment that was accepted offline, by the policy of its time."""
    return is_past(policy.risk_as_of(session, payment.terminal_id, payment.authorised_at), payment, now)


def is_past(risk: Mapping[str, Any] | None, payment: PaymentRow, now: int) -> bool:
    """As `is_too_old`, by the risk policy of its time."""
    max_age_s = DEFAULT_MAX_AGE_S if risk is None else int(risk.get("max_age_s", DEFAULT_MAX_AGE_S))
    return now - payment.authorised_at > min(max_age_s, MOST_MAX_AGE_S)  # older settings may say more
