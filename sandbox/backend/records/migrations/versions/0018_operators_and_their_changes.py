# SPDX-License-Identifier: Apache-2.0
"""Adds operators with roles, the record of what they change, and whose call made a review or a revocation.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PRESENT = sa.text("removed_at IS NULL")


def upgrade() -> None:
    """To this version. The first operator, whose token the home holds, is made when the backend starts."""
    op.create_table(
        "operators",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("made_at", _INT, nullable=False),
        sa.Column("removed_at", _INT, nullable=True),
    )
    op.create_index(
        "operators_present", "operators", ["name"], unique=True, sqlite_where=_PRESENT, postgresql_where=_PRESENT
    )
    op.create_table(
        "changes",
        sa.Column("id", _INT, primary_key=True),
        sa.Column("operator_id", sa.String(16), sa.ForeignKey("operators.id"), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("status", _INT, nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("body_sha256", sa.String(64), nullable=True),
    )
    op.create_index("ix_changes_at", "changes", ["at"])
    op.add_column("terminals", sa.Column("revoked_by", sa.String(16), nullable=True))
    op.add_column("reviews", sa.Column("caused_by", sa.String(16), nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("reviews", "caused_by")
    op.drop_column("terminals", "revoked_by")
    for name in ("changes", "operators"):
        op.drop_table(name)
