# SPDX-License-Identifier: Apache-2.0
"""A purse's members are asked before they are members; who claimed what how often is counted.

Members from before stay members: nobody asked them, and they may leave.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.add_column("purse_members", sa.Column("state", sa.String(8), nullable=False, server_default="member"))
    op.add_column("purse_members", sa.Column("invited_by", sa.String(16), nullable=True))
    op.add_column("purse_members", sa.Column("at", _INT, nullable=False, server_default="0"))
    op.create_index(op.f("ix_purse_members_account_id"), "purse_members", ["account_id"])
    op.create_index(op.f("ix_payment_requests_asker_id"), "payment_requests", ["asker_id"])
    op.create_table(
        "claims",
        sa.Column("intent_key", sa.String(36), nullable=False),
        sa.Column("account_id", sa.String(16), nullable=False),
        sa.Column("times", _INT, nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["intent_key"], ["intents.key"]),
        sa.PrimaryKeyConstraint("intent_key", "account_id"),
    )
    op.create_index(op.f("ix_claims_account_id"), "claims", ["account_id"])


def downgrade() -> None:
    """Back to the version before: who was not a member has no row there."""
    op.drop_index(op.f("ix_claims_account_id"), table_name="claims")
    op.drop_table("claims")
    op.execute("DELETE FROM purse_members WHERE state <> 'member'")
    op.drop_index(op.f("ix_payment_requests_asker_id"), table_name="payment_requests")
    op.drop_index(op.f("ix_purse_members_account_id"), table_name="purse_members")
    for column in ("state", "invited_by", "at"):
        op.drop_column("purse_members", column)
