# SPDX-License-Identifier: Apache-2.0
"""A merchant's row says how often it was changed: what a process keeps of it is true as long as that is the same.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.add_column("merchants", sa.Column("version", _INT, nullable=False, server_default="1"))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("merchants", "version")
