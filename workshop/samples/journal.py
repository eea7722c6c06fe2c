# SPDX-License-Identifier: Apache-2.0
"""Sales of realistic size that a test or a benchmark can put into a journal, and a clock that stands still.

The signed bytes are random of the usual length, not signatures: the journal never looks inside.
"""

import random
from dataclasses import dataclass, replace
from uuid import UUID

from offline_queue.port import JournalPort
from offline_queue.values import IntentNumber, Recorded, SaleChanged
from pengpos.core.money import Money
from pengpos.core.sale import Authorised, Booking, Intent, Sale, SaleState, Step, Way

NOON = 1_800_000_000  # a Friday in 2027


@dataclass
class HeldClock:
    """`pengpos.core.ports.Clock` whose time is set by hand."""

    at: int = NOON

    def now(self) -> int:
        """Unix seconds."""
        return self.at

    def monotonic_s(self) -> float:
        """The same, as a float."""
        return float(self.at)


class SaleMaker:
    """Makes sales that differ in everything that must differ; the same seed makes the same sales."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- sample bytes, not secrets
        self._ids = 0

    def signed(self, number: IntentNumber, *, at: int = NOON, amount_minor: int = 1_880, currency: str = "CNY") -> Sale:
        """A sale whose intent has just been signed."""
        intent = Intent(
            intent_id=self.uuid7(at),
            epoch=number.epoch,
            counter=number.counter,
            issued_at=at,
            lifetime_s=120,
            online=False,
            presentation=self._random.randbytes(480),
        )
        return Sale(
            sale_id=self.uuid7(at),
            idempotency_key=str(self.uuid7(at)),
            request_hash=self._random.randbytes(32),
            number=f"0001-{number.counter:04}",
            amount=Money(amount_minor, currency),
            ways=(Way.READER, Way.QR),
            state=SaleState.SIGNED,
            created_at=at,
            intents=(intent,),
            history=(Step(SaleState.SIGNED, at, "confirmed by the cashier"),),
        )

    def authorised(self, sale: Sale, *, kid: bytes | None = None, counter: int = 1, at: int = NOON) -> Sale:
        """The same sale with a wallet's authorisation of plain size."""
        return moved(
            replace(
                sale,
                authorised=Authorised(
                    wallet_credential=self._random.randbytes(250),
                    authorisation=self._random.randbytes(190),
                    wallet_kid=self._random.randbytes(8) if kid is None else kid,
                    counter=counter,
                    total_minor=sale.amount.minor,
                    tip_minor=0,
                    authorised_at=at,
                    occurred_at=at,
                    offline_allowed=True,
                    turnaround_ms=38,
                ),
            ),
            SaleState.AUTHORISED,
            at,
        )

    def approved(self, sale: Sale, *, at: int = NOON) -> Sale:
        """The same sale with the backend's booking and receipt."""
        booking = Booking(
            total_minor=sale.total.minor, booked_at=at, by=Way.READER, receipt=self._random.randbytes(180)
        )
        return moved(replace(sale, booking=booking), SaleState.APPROVED, at)

    def uuid7(self, at: int) -> UUID:
        """A UUIDv7 of this second, later than the ones before."""
        self._ids += 1
        random_bits = self._random.getrandbits(74)
        high, low = random_bits >> 62, random_bits & ((1 << 62) - 1)
        return UUID(int=(at * 1000 + self._ids << 80) | 0x7 << 76 | high << 64 | 0x2 << 62 | low)


def moved(sale: Sale, state: SaleState, at: int = NOON) -> Sale:
    """The sale one arrow further, with nothing else changed."""
    return replace(sale, state=state, history=(*sale.history, Step(state, at, f"to {state.value}")))


def store(journal: JournalPort, *sales: Sale, timeout_s: float = 10) -> Recorded:
    """Record sales in one go and wait until they are durable."""
    return journal.record([SaleChanged(sale=sale, why=sale.state.value) for sale in sales]).result(timeout_s)
