# SPDX-License-Identifier: Apache-2.0
"""What is asked at the counter and by the sweeper is found by an index, however many payments there are."""

from typing import Any

import pytest
from sqlalchemy import Select, func, select

from sandbox.backend.records.database import Database
from sandbox.backend.records.tables import DueRow, IntentRow, PaymentRow, PaymentStatus, RefundRow

ASKED: dict[str, tuple[Select[Any], str]] = {
    "what of a wallet's payments is newest": (
        select(PaymentRow.code).where(PaymentRow.account_id == "A").order_by(PaymentRow.id.desc()).limit(50),
        "payments_of_an_account",
    ),
    "an intent's payments": (
        select(PaymentRow.code).where(PaymentRow.intent_key == "k"),
        "sqlite_autoindex_payments_1",
    ),
    "what was paid from a purse": (
        select(PaymentRow.taken_minor)
        .where(PaymentRow.purse_id == "P", PaymentRow.status == PaymentStatus.APPROVED)
        .order_by(PaymentRow.id.desc()),
        "payments_from_a_purse",
    ),
    "what is to be settled": (
        select(PaymentRow.code).where(PaymentRow.settled_on.is_(None), PaymentRow.business_date <= "2026-11-30"),
        "payments_to_settle",
    ),
    "a terminal's open day": (
        select(PaymentRow.code).where(
            PaymentRow.terminal_id == "T", PaymentRow.settled_on.is_(None), PaymentRow.business_date == "2026-11-30"
        ),
        "payments_to_settle",
    ),
    "a terminal's settled day": (
        select(PaymentRow.code).where(PaymentRow.terminal_id == "T", PaymentRow.settled_on == "2026-11-30"),
        "payments_settled",
    ),
    "what a terminal's promises have cost": (
        select(func.sum(PaymentRow.guaranteed_minor)).where(
            PaymentRow.terminal_id == "T", PaymentRow.decided_at > 7, PaymentRow.borne_by.is_not(None)
        ),
        "payments_borne_by_somebody",
    ),
    "holds that end": (select(PaymentRow.code).where(PaymentRow.held_until <= 7), "payments_held"),
    "intents that lapse": (
        select(IntentRow.code).where(IntentRow.is_open(), IntentRow.payable_before(7)),
        "open_intents",
    ),
    "what a terminal's cancels gave back on a day": (
        select(func.sum(IntentRow.gave_back_minor)).where(
            IntentRow.terminal_id == "T", IntentRow.gave_back_at >= 7, IntentRow.gave_back_at < 9
        ),
        "intents_that_gave_back",
    ),
    "refunds that fail": (select(RefundRow.reason).where(RefundRow.fails_at <= 7), "refunds_that_fail"),
    "a terminal's refunds": (
        select(RefundRow.reason).where(RefundRow.terminal_id == "T", RefundRow.business_date == "2026-11-30"),
        "refunds_of_a_terminal",
    ),
    "a terminal's dues": (
        select(DueRow.state).where(DueRow.terminal_id == "T", DueRow.business_date == "2026-11-30"),
        "dues_of_a_terminal",
    ),
}


@pytest.mark.parametrize("question", ASKED)
def test_it_is_found_by_its_index(question: str, database_url: str) -> None:
    asked, index = ASKED[question]
    database = Database(database_url)
    with database.engine.connect() as connection:
        compiled = asked.compile(dialect=database.engine.dialect)
        values = tuple(compiled.construct_params()[name] for name in compiled.positiontup or ())
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values).all()
    database.close()
    steps = " ".join(str(step[-1]) for step in plan)
    assert index in steps, steps
