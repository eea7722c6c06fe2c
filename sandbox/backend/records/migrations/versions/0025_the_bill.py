# SPDX-License-Identifier: Apache-2.0
"""Campaigns count budgets and shoppers; a payment says its campaign, a refund what it undid, a claim its quote.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "campaigns",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("budget_minor", _INT),
        sa.Column("spent_minor", _INT, nullable=False),
        sa.Column("per_day_minor", _INT),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("day_spent_minor", _INT, nullable=False),
        sa.CheckConstraint(
            "spent_minor >= 0 AND (budget_minor IS NULL OR spent_minor <= budget_minor)", name="within_its_budget"
        ),
    )
    op.create_table(
        "campaign_shoppers",
        sa.Column("campaign_key", sa.String(40), sa.ForeignKey("campaigns.key"), primary_key=True),
        sa.Column("account_id", sa.String(16), sa.ForeignKey("accounts.id"), primary_key=True),
        sa.Column("times", _INT, nullable=False),
        sa.Column("visit", _INT, nullable=False),
        sa.CheckConstraint("times >= 0", name="given_no_less_than_never"),
    )
    op.add_column("payments", sa.Column("campaign_key", sa.String(40)))
    op.add_column("refunds", sa.Column("lines", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("claims", sa.Column("quoted_at", _INT))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("claims", "quoted_at")
    op.drop_column("refunds", "lines")
    op.drop_column("payments", "campaign_key")
    op.drop_table("campaign_shoppers")
    op.drop_table("campaigns")
