# SPDX-License-Identifier: Apache-2.0
"""A terminal may be suspected of having a copy, and a journal's new epoch waits for a person.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version. No terminal is suspected yet; an epoch that was taken before stays the known one."""
    op.add_column("terminals", sa.Column("suspected_at", _INT, nullable=True))
    op.add_column("terminals", sa.Column("next_epoch", sa.String(20), nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    for column in ("suspected_at", "next_epoch"):
        op.drop_column("terminals", column)
