# SPDX-License-Identifier: Apache-2.0
"""Which key said that a wallet key is its account's owner's, and since when one that is not is blocked.

Those from before are their owners': nobody asked who had had them made.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.add_column("wallet_credentials", sa.Column("vouched_by", sa.String(11), nullable=True))
    op.add_column("wallet_credentials", sa.Column("blocked_at", _INT, nullable=True))
    op.execute(sa.text("UPDATE wallet_credentials SET vouched_by = kid"))


def downgrade() -> None:
    """Back to the version before: every key may speak for its account, and one that was blocked pays again."""
    op.drop_column("wallet_credentials", "blocked_at")
    op.drop_column("wallet_credentials", "vouched_by")
