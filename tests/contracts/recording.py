# SPDX-License-Identifier: Apache-2.0
"""Putting things into a journal under test, in as few words as a table row has."""

from offline_queue.port import JournalPort
from offline_queue.values import Change, Head
from pengpos.core.sale import Sale, SaleState
from workshop.samples.journal import NOON, SaleMaker, moved, store

KID = b"walletk1"


def record(journal: JournalPort, *changes: Change) -> Head:
    return journal.record(changes).result(10).head


def stored_sale(
    journal: JournalPort, maker: SaleMaker, state: SaleState, *, at: int = NOON, amount_minor: int = 1_880
) -> Sale:
    signed = maker.signed(journal.next_counter(), at=at, amount_minor=amount_minor)
    sale = moved(maker.authorised(signed, kid=KID), state)
    store(journal, sale)
    return sale
