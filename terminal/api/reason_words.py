# SPDX-License-Identifier: Apache-2.0
"""The message for every reason number, for the shopper and for the cashier (tap protocol §1, table of reasons).

Rules of the house (`docs/look.md`): say what happened, what it means, what to do; the shopper's words, no numbers.

Tests: tests/terminal/api/test_views.py, tests/journeys/test_endings.py.
"""

from typing import Final, NamedTuple

from pengpos.core.reasons import Reason
from pengpos.core.risk import Cap
from pengpos.core.sale import DueState
from pengpos.i18n import Message
from terminal.device.words import message


class ReasonWords(NamedTuple):
    """What a reason is called on each side, shopper and cashier."""

    shopper: Message
    cashier: Message


WORDS: Final[dict[Reason, ReasonWords]] = {
    Reason.DECLINED_BY_SHOPPER: ReasonWords(
        message("reason.declined_by_shopper.shopper"), message("reason.declined_by_shopper.cashier")
    ),
    Reason.NOT_ENOUGH_MONEY: ReasonWords(
        message("reason.not_enough_money.shopper"), message("reason.not_enough_money.cashier")
    ),
    Reason.OVER_A_LIMIT: ReasonWords(message("reason.over_a_limit.shopper"), message("reason.over_a_limit.cashier")),
    Reason.NOT_TRUSTED: ReasonWords(message("reason.not_trusted.shopper"), message("reason.not_trusted.cashier")),
    Reason.PHONE_CLOCK: ReasonWords(message("reason.phone_clock.shopper"), message("reason.phone_clock.cashier")),
    Reason.UNSUPPORTED: ReasonWords(message("reason.unsupported.shopper"), message("reason.unsupported.cashier")),
    Reason.BLOCKED_BY_OWNER: ReasonWords(
        message("reason.blocked_by_owner.shopper"), message("reason.blocked_by_owner.cashier")
    ),
    Reason.BEGUN_ANOTHER_WAY: ReasonWords(
        message("reason.begun_another_way.shopper"), message("reason.begun_another_way.cashier")
    ),
    Reason.NOT_A_WALLET: ReasonWords(message("reason.not_a_wallet.shopper"), message("reason.not_a_wallet.cashier")),
    Reason.CREDENTIAL_EXPIRED: ReasonWords(
        message("reason.credential_expired.shopper"), message("reason.credential_expired.cashier")
    ),
    Reason.WRONG_TOTAL: ReasonWords(message("reason.wrong_total.shopper"), message("reason.wrong_total.cashier")),
    Reason.ALREADY_USED: ReasonWords(message("reason.already_used.shopper"), message("reason.already_used.cashier")),
    Reason.OFFLINE_NOT_POSSIBLE: ReasonWords(
        message("reason.offline_not_possible.shopper"), message("reason.offline_not_possible.cashier")
    ),
    Reason.ALREADY_PAID: ReasonWords(message("reason.already_paid.shopper"), message("reason.already_paid.cashier")),
    Reason.EXPIRED: ReasonWords(message("reason.expired.shopper"), message("reason.expired.cashier")),
    Reason.DECLINED_BY_BACKEND: ReasonWords(
        message("reason.declined_by_backend.shopper"), message("reason.declined_by_backend.cashier")
    ),
    Reason.HELD: ReasonWords(message("reason.held.shopper"), message("reason.held.cashier")),
}

CODE_WORDS: Final[dict[str, ReasonWords]] = {
    Cap.TAP_TOO_SLOW: ReasonWords(message("reason.tap_too_slow.shopper"), message("reason.tap_too_slow.cashier")),
    Cap.FUNDING: ReasonWords(message("reason.funding.shopper"), message("reason.funding.cashier")),
}
"""Our own codes beside a number, with sentences of their own."""

DUE_WORDS: Final[dict[DueState, ReasonWords]] = {
    DueState.OPEN: ReasonWords(message("due.open.shopper"), message("due.open.cashier")),
    DueState.REFUSED: ReasonWords(message("due.refused.shopper"), message("due.refused.cashier")),
    DueState.PAID: ReasonWords(message("due.paid.shopper"), message("due.paid.cashier")),
    DueState.WITHDRAWN: ReasonWords(message("due.withdrawn.shopper"), message("due.withdrawn.cashier")),
}
"""A payment declined at sync that the shopper was asked for: the reason behind it is not what there is to do."""

BACKEND_CODES: Final[dict[str, Reason]] = {"insufficient_funds": Reason.NOT_ENOUGH_MONEY}
"""Codes of the backend that have a plainer sentence than "declined" (backend API, `code`)."""
