# SPDX-License-Identifier: Apache-2.0
"""Adds what its terminal calls a sale, so that the shopper reads it too.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database up to this version."""
    op.add_column("intents", sa.Column("number", sa.String(16), nullable=True))


def downgrade() -> None:
    """Take this version back."""
    op.drop_column("intents", "number")
