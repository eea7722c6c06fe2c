# SPDX-License-Identifier: Apache-2.0
"""Which payments wait for the backend: what is kept beside the journal, so that their loss can be told with its money.

Tests: tests/offline_queue/journal/test_witness.py.
"""

import contextlib

from offline_queue.journal.connection import Connection
from offline_queue.records.codec import UnreadableSaleError, decode_sale
from offline_queue.values import WaitingPayment
from pengpos.core.machine.states import STORED_STATES
from pengpos.core.sale import Sale

_STATES = ", ".join(f"'{state.value}'" for state in sorted(STORED_STATES))
_WAITING = f"""SELECT journal.body FROM sale JOIN journal ON journal.seq = sale.seq
    WHERE live AND state IN ({_STATES}) ORDER BY sale.no"""  # noqa: S608 -- our own constant states


def waits(sale: Sale) -> WaitingPayment | None:
    """The payment, if it was accepted offline and the backend's answer is not there yet."""
    if sale.state not in STORED_STATES:
        return None
    return WaitingPayment(sale.intent.intent_id.bytes, sale.amount.currency, sale.total.minor)


def waiting_in(connection: Connection) -> dict[bytes, WaitingPayment]:
    """All of a journal, by sale, oldest first."""
    found: dict[bytes, WaitingPayment] = {}
    for (body,) in connection.execute(_WAITING):
        with contextlib.suppress(UnreadableSaleError):  # `check_tail` and `verify` say so
            sale = decode_sale(body)
            if (payment := waits(sale)) is not None:
                found[sale.sale_id.bytes] = payment
    return found
