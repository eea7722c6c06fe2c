# SPDX-License-Identifier: Apache-2.0
"""Adds whether the terminal that sent a payment said that it knows dues.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version. Of payments from before it is not known: should one be declined yet, it leaves no due."""
    op.add_column("payments", sa.Column("knows_dues", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("payments", "knows_dues")
