# SPDX-License-Identifier: Apache-2.0
"""Who bears a payment that a terminal accepted offline and its backend declines: one row for each refusal code.

The rule behind the table: what a terminal accepted within its policy and could not have foreseen is the platform's, up
to the policy's guaranteed sum; what the terminal could have checked is its merchant's. Source: backend API, *Verdicts*.

Tests: tests/contracts/test_pages_and_codes.py, tests/sandbox/backend/payments/test_payments_accepted_offline.py
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.backend.records.tables import BorneBy


@dataclass(frozen=True, slots=True)
class Liability:
    """Who bears a refusal with this code, and whether the owner of the wallet key may be asked to pay after all."""

    borne_by: BorneBy
    may_be_due: bool


_FORESEEN = Liability(BorneBy.MERCHANT, may_be_due=True)
_UNFORESEEN = Liability(BorneBy.PLATFORM, may_be_due=True)
_UNFORESEEN_AND_PERHAPS_NOT_SIGNED = Liability(BorneBy.PLATFORM, may_be_due=False)
_NOTHING_OWED = Liability(BorneBy.MERCHANT, may_be_due=False)

LIABILITY: Mapping[str, Liability] = MappingProxyType({
    # The terminal cannot see an account, nor what other terminals hold.
    "insufficient_funds": _UNFORESEEN,
    "offline_frozen": _UNFORESEEN,
    "counter_reused": _UNFORESEEN_AND_PERHAPS_NOT_SIGNED,
    "credential_blocked": _UNFORESEEN_AND_PERHAPS_NOT_SIGNED,
    "credential_unknown": _UNFORESEEN_AND_PERHAPS_NOT_SIGNED,
    # What an operator or the payment company decides for reasons of its own.
    "declined": _UNFORESEEN,
    "call_issuer": _UNFORESEEN,
    "soft_decline": _UNFORESEEN,
    "review_refused": _UNFORESEEN,
    "review_lapsed": _UNFORESEEN,
    # In the bytes, and checked by the terminal with the backend's own predicate.
    "not_a_wallet": _NOTHING_OWED,
    "credential_expired": _FORESEEN,
    "terminal_credential_expired": _FORESEEN,
    "wrong_total": _FORESEEN,
    "wrong_voucher": _FORESEEN,
    "wrong_membership": _FORESEEN,
    "expired": _FORESEEN,
    "not_yet": _FORESEEN,
    # In the signed policy.
    "offline_not_allowed": _FORESEEN,
    "over_policy": _FORESEEN,
    "no_policy": _FORESEEN,
    # Neither vouchers nor another's money are taken offline.
    "voucher_spent": _FORESEEN,
    "no_purse": _FORESEEN,
    "over_budget": _FORESEEN,
    "friend_refused": _FORESEEN,
    "terminal_revoked": _FORESEEN,
    # The merchant's own doing.
    "too_old": _FORESEEN,
    "cancelled": _NOTHING_OWED,
})  # fmt: skip
"""Complete over the codes with which the backend declines a payment accepted offline; the tests enumerate them."""


def liability_of(code: str) -> Liability:
    """The row of a refusal code; raises KeyError for a code that never declines a payment accepted offline."""
    return LIABILITY[code]
