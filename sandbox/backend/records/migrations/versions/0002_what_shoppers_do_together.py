# SPDX-License-Identifier: Apache-2.0
"""Makes the tables of what shoppers do together.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "purses",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("budget", _INT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "memberships",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("merchant_id", sa.String(length=16), nullable=False),
        sa.Column("member_id", sa.String(length=22), nullable=False),
        sa.Column("joined_at", _INT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"]),
        sa.PrimaryKeyConstraint("account_id", "merchant_id"),
        sa.UniqueConstraint("member_id"),
    )
    op.create_table(
        "purse_members",
        sa.Column("purse_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("chosen_at", _INT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["purse_id"], ["purses.id"]),
        sa.PrimaryKeyConstraint("purse_id", "account_id"),
    )
    op.create_table(
        "vouchers",
        sa.Column("id", sa.String(length=22), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("merchant_id", sa.String(length=16), nullable=False),
        sa.Column("value", _INT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minimum", _INT, nullable=False),
        sa.Column("not_before", _INT, nullable=False),
        sa.Column("not_after", _INT, nullable=False),
        sa.Column("given_back_for", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_vouchers_account_id"), "vouchers", ["account_id"], unique=False)
    op.create_index(op.f("ix_vouchers_given_back_for"), "vouchers", ["given_back_for"], unique=False)
    op.create_table(
        "splits",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("total", _INT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "payment_requests",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("intent_id", sa.String(length=36), nullable=False),
        sa.Column("asker_id", sa.String(length=16), nullable=False),
        sa.Column("friend_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.ForeignKeyConstraint(["asker_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["friend_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_payment_requests_friend_id"), "payment_requests", ["friend_id"], unique=False)
    op.create_index(op.f("ix_payment_requests_intent_id"), "payment_requests", ["intent_id"], unique=False)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index(op.f("ix_payment_requests_intent_id"), table_name="payment_requests")
    op.drop_index(op.f("ix_payment_requests_friend_id"), table_name="payment_requests")
    op.drop_table("payment_requests")
    op.drop_table("splits")
    op.drop_index(op.f("ix_vouchers_given_back_for"), table_name="vouchers")
    op.drop_index(op.f("ix_vouchers_account_id"), table_name="vouchers")
    op.drop_table("vouchers")
    op.drop_table("purse_members")
    op.drop_table("memberships")
    op.drop_table("purses")
