# SPDX-License-Identifier: Apache-2.0
"""Makes what exists from the first start on: the demo merchant with one store.

Tests: tests/sandbox/backend/serving/test_server.py
"""

from sqlalchemy.orm import Session

from sandbox.backend.records.tables import MerchantRow, StoreRow

MERCHANT_ID = "M-0001"
STORE_ID = "S-0001"


def seed(session: Session) -> None:
    """Make the demo merchant and its store, unless they exist."""
    if session.get(MerchantRow, MERCHANT_ID) is not None:
        return
    session.add(
        MerchantRow(
            id=MERCHANT_ID, name="晨光咖啡", currency="CNY", timezone="Asia/Shanghai", day_starts_hour=4, config={}
        )
    )
    session.flush()
    session.add(StoreRow(id=STORE_ID, merchant_id=MERCHANT_ID, name="武康路店", config={}))
