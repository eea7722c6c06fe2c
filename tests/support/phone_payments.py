# SPDX-License-Identifier: Apache-2.0
"""One offer and one payment of a phone, for tests of what its screen shows. Their signed bytes are not real."""

from typing import Final
from uuid import UUID

from pengpos.core.money import Money
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.intent import Purpose
from sandbox.phone.wallet.events import Offer
from sandbox.phone.wallet.store import Signed

INTENT: Final = "01a202f9-2a00-7000-8000-000000000001"
SHOP: Final = "晨光咖啡"
OFFER: Final = Offer(digest=bytes(32), merchant=SHOP, amount=Money(1880, "CNY"), purpose=Purpose.SALE, reference=None)
SIGNED: Final = Signed(
    intent_id=UUID(INTENT).bytes,
    intent=b"",
    terminal_key=PublicKey.of(SoftwareKey.generate()),
    reply=b"",
    kid=bytes(8),
    merchant=SHOP,
    total_minor=1880,
    currency="CNY",
    from_balance=True,
    promised=True,
    signed_at=0,
)
BOOKED: Final[dict[str, object]] = {
    "intent_id": INTENT, "status": "approved", "merchant": {"name": SHOP}, "total": 1880, "currency": "CNY",
}  # fmt: skip
"""The payment as the backend answers it to the account."""
DUE: Final[dict[str, object]] = {
    "intent_id": INTENT, "merchant": {"name": SHOP}, "amount": 1880, "currency": "CNY", "code": "expired",
    "state": "open",
}  # fmt: skip
"""What is due after it was declined at sync, as the backend answers it."""
