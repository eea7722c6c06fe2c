# SPDX-License-Identifier: Apache-2.0
"""A voucher that a refund gave back names the one that it is a part of.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.add_column("vouchers", sa.Column("given_back_of", sa.String(22), nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("vouchers", "given_back_of")
