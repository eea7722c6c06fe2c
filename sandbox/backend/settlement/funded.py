# SPDX-License-Identifier: Apache-2.0
"""Adds up who has funded what of a day's bills: the statement by funder, from the lines of payments and refunds.

Tests: tests/sandbox/backend/offers/test_bills.py
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sandbox.backend.bill import lines as bill_lines
from sandbox.backend.bill.lines import BillLine, Funder, LineKind
from sandbox.backend.records.tables import PaymentRow, PaymentStatus, RefundRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Funded:
    """What one funder has paid for lines of one kind from one source, and got back by refunds; both above zero.

    `source`: a campaign's id; empty for vouchers, of which each has its own. `count`: lines of payments.
    """

    funder: Funder
    kind: LineKind
    source: str
    currency: str
    count: int
    amount_minor: int
    back_minor: int


def add_up(payments: Iterable[PaymentRow], refunds: Iterable[tuple[RefundRow, str]]) -> list[Funded]:
    """By funder, kind, source and currency, in this order; refunds come with their currency."""
    found = list[Funded]()
    for payment in payments:
        if payment.status is PaymentStatus.APPROVED:
            lines = bill_lines.funded(bill_lines.read(payment.lines))
            found += [_of(line, payment.currency, count=1, amount_minor=-line.amount_minor) for line, _ in lines]
    for refund, currency in refunds:
        found += [_of(line, currency, back_minor=line.amount_minor) for line in bill_lines.read(refund.lines)]
    return merged(found)


def merged(many: Iterable[Funded]) -> list[Funded]:
    """What belongs together as one."""
    sums = dict[tuple[str, ...], Funded]()
    for one in many:
        place = (one.funder.kind.value, one.funder.sponsor, one.kind.value, one.source, one.currency)
        before = sums.get(place)
        if before is not None:
            one = replace(
                one,
                count=one.count + before.count,
                amount_minor=one.amount_minor + before.amount_minor,
                back_minor=one.back_minor + before.back_minor,
            )
        sums[place] = one
    return [sums[place] for place in sorted(sums)]


def _of(line: BillLine, currency: str, *, count: int = 0, amount_minor: int = 0, back_minor: int = 0) -> Funded:
    assert line.funder is not None
    return Funded(
        funder=line.funder,
        kind=line.kind,
        source="" if line.kind is LineKind.VOUCHER else line.source,
        currency=currency,
        count=count,
        amount_minor=amount_minor,
        back_minor=back_minor,
    )
