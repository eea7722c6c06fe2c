# SPDX-License-Identifier: Apache-2.0
"""A claim knows until when it lasts: a later one of another account no longer ends it.

Of an intent that is claimed now, `intents.claimed_by` and `claimed_until` say so of the last claim.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.add_column("claims", sa.Column("lasts_until", _INT, nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("claims", "lasts_until")
