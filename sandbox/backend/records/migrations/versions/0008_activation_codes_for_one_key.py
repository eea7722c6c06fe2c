# SPDX-License-Identifier: Apache-2.0
"""An activation code may be for one key alone, and remembers that another came with it.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.add_column("activation_codes", sa.Column("for_kid", sa.String(11), nullable=True))
    op.add_column("activation_codes", sa.Column("misused_at", _INT, nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    for column in ("for_kid", "misused_at"):
        op.drop_column("activation_codes", column)
