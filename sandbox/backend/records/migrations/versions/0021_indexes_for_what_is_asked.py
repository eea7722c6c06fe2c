# SPDX-License-Identifier: Apache-2.0
"""Indexes for what was a scan of all payments, and none for what a payment does not need: each one costs every payment.

Tests: tests/sandbox/backend/records/test_migrations.py, tests/sandbox/backend/records/test_indexes.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_NEW = (
    ("open_intents", "intents", ("expires_at",), "status = 'created'"),
    ("payments_of_an_account", "payments", ("account_id", "id"), None),
    ("payments_from_a_purse", "payments", ("purse_id", "id"), "purse_id IS NOT NULL"),
    ("payments_to_settle", "payments", ("business_date", "terminal_id"), "settled_on IS NULL"),
    ("payments_settled", "payments", ("terminal_id", "settled_on"), "settled_on IS NOT NULL"),
    ("payments_borne_by_somebody", "payments", ("terminal_id", "decided_at"), "borne_by IS NOT NULL"),
    ("payments_held", "payments", ("held_until",), "held_until IS NOT NULL"),
    ("refunds_of_a_terminal", "refunds", ("terminal_id", "business_date"), None),
    ("refunds_that_fail", "refunds", ("fails_at",), "fails_at IS NOT NULL"),
    ("dues_of_a_terminal", "dues", ("terminal_id", "business_date"), None),
)
_OLD = (
    ("ix_intents_status", "intents", "status"),
    ("ix_payments_intent_key", "payments", "intent_key"),
    ("ix_payments_account_id", "payments", "account_id"),
    ("ix_payments_business_date", "payments", "business_date"),
    ("ix_payments_held_until", "payments", "held_until"),
    ("ix_refunds_fails_at", "refunds", "fails_at"),
)


def upgrade() -> None:
    """To this version."""
    for name, table, columns, condition in _NEW:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
    for name, table, _ in _OLD:
        op.drop_index(name, table)


def downgrade() -> None:
    """Back to the version before."""
    for name, table, column in _OLD:
        op.create_index(name, table, [column])
    for name, table, *_ in _NEW:
        op.drop_index(name, table)
