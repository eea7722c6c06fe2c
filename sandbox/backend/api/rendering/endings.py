# SPDX-License-Identifier: Apache-2.0
"""Signs how intents and refunds have ended, on the way to their terminal (backend API, *Endings are signed*).

What is approved or declined has its receipt since it was booked. What ended otherwise is signed here, as of the time at
which it stood so: rows keep no second truth.

Tests: tests/sandbox/backend/api/test_endings.py
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pengpos.backend_api.settlement_digest import digest_of
from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims
from sandbox.backend.settlement.settlements import DaySettlement
from sandbox.backend.trust.issuer import Issuer

_ENDS = {"cancelled": Outcome.CANCELLED, "expired": Outcome.EXPIRED}
_REFUND_ENDS = frozenset({"done", "failed", "void"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """Adds signatures to what one terminal is told of things as they stood `at` (Unix seconds)."""

    issuer: Issuer
    terminal_id: str
    at: int

    def intent(self, data: dict[str, Any]) -> dict[str, Any]:
        """An intent with `receipt`, if it has ended, and with its payment."""
        payment = data.get("payment")
        receipt: str | None = None
        if (outcome := _ENDS.get(data["status"])) is not None:
            receipt = self._receipt(data, outcome)
        elif payment is not None and data["status"] in {"approved", "declined"}:
            receipt = payment.get("receipt")
        told = data if payment is None else {**data, "payment": self.payment(payment)}
        return told if receipt is None else {**told, "receipt": receipt}

    def payment(self, data: dict[str, Any]) -> dict[str, Any]:
        """A payment whose refunds are signed."""
        if not data.get("refunds"):
            return data
        return {**data, "refunds": [self.refund(data["intent_id"], refund) for refund in data["refunds"]]}

    def refund(self, intent_id: str, data: dict[str, Any]) -> dict[str, Any]:
        """A refund with `signed`, if it has ended."""
        if data["state"] not in _REFUND_ENDS:
            return data
        return {**data, "signed": self._signed(intent_id, data["refund_id"], data["state"], data)}

    def refused_refund(self, intent_id: str, refund_id: str, amount_minor: int | None) -> str:
        """The word that a refund was of more than is captured: `amount` is what was asked for."""
        asked = {} if amount_minor is None else {"amount": amount_minor}
        return self._signed(intent_id, refund_id, "refused", asked)

    def settlement(self, day: DaySettlement, nonce: str) -> str:
        """What a day's settlement holds, over the nonce of the request."""
        entries = digest_of(
            (entry.kind.value, entry.intent_id, entry.refund_id, entry.amount_minor, entry.currency)
            for entry in day.entries
        )
        about = {"terminal_id": self.terminal_id, "business_date": day.business_date, "final": day.final}
        return self.issuer.settlement({**about, "entries": entries, "nonce": nonce, "at": rfc3339(self.at)})

    def _signed(self, intent_id: str, refund_id: str, state: str, data: dict[str, Any]) -> str:
        money: dict[str, Any] = {name: data[name] for name in ("amount", "lessens", "currency") if name in data}
        about = {"terminal_id": self.terminal_id, "intent_id": intent_id, "refund_id": refund_id, "state": state}
        return self.issuer.refund({**about, **money, "at": rfc3339(self.at)})

    def _receipt(self, data: dict[str, Any], outcome: Outcome) -> str:
        return b64u(
            self.issuer.receipt(
                ReceiptClaims(
                    intent_id=UUID(data["intent_id"]).bytes,
                    outcome=outcome,
                    total_minor=0,
                    currency=data["currency"],
                    at=self.at,
                    reason=data.get("reason"),
                    terminal_id=self.terminal_id,
                )
            )
        )
