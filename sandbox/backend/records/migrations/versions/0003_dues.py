# SPDX-License-Identifier: Apache-2.0
"""Makes the table of dues: what is asked of a shopper whose offline payment was declined when it was sent.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version. Declines from before leave no due: their answer said that it was final."""
    op.create_table(
        "dues",
        sa.Column("intent_id", sa.String(length=36), nullable=False),
        sa.Column("payment_id", _INT, nullable=False),
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("amount", _INT, nullable=False),
        sa.Column("to_guarantor", _INT, nullable=False),
        sa.Column("refunded", _INT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", _INT, nullable=False),
        sa.Column("decided_at", _INT, nullable=True),
        sa.Column("business_date", sa.String(length=10), nullable=True),
        sa.Column("settled_on", sa.String(length=10), nullable=True),
        sa.CheckConstraint("amount >= 0 AND to_guarantor >= 0 AND to_guarantor <= amount", name="due_is_shared_out"),
        sa.CheckConstraint("refunded >= 0 AND refunded <= amount", name="due_at_least_refunded"),
        sa.CheckConstraint("state = 'paid' OR (refunded = 0 AND to_guarantor = 0)", name="only_a_paid_due_moves_money"),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"]),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"]),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("intent_id"),
    )
    op.create_index(op.f("ix_dues_account_id"), "dues", ["account_id"], unique=False)
    op.create_index(op.f("ix_dues_business_date"), "dues", ["business_date"], unique=False)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index(op.f("ix_dues_business_date"), table_name="dues")
    op.drop_index(op.f("ix_dues_account_id"), table_name="dues")
    op.drop_table("dues")
