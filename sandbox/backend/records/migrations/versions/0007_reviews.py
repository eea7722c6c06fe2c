# SPDX-License-Identifier: Apache-2.0
"""Makes the table of reviews: orders of terminals that wait for a person.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version. What was ordered before was done at once, so no review is made of it."""
    op.create_table(
        "reviews",
        sa.Column("id", _INT, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", _INT, nullable=False),
        sa.Column("decided_at", _INT, nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("terminal_id", "kind", "subject"),
    )
    op.create_index(op.f("ix_reviews_state"), "reviews", ["state"], unique=False)
    op.create_index(op.f("ix_reviews_terminal_id"), "reviews", ["terminal_id"], unique=False)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index(op.f("ix_reviews_terminal_id"), table_name="reviews")
    op.drop_index(op.f("ix_reviews_state"), table_name="reviews")
    op.drop_table("reviews")
