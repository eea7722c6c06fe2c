# SPDX-License-Identifier: Apache-2.0
"""Adds how often an alarm came, when last, and when a person saw it.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version. An alarm from before came once, and stays to be seen."""
    op.add_column("alarms", sa.Column("times", _INT, nullable=False, server_default="1"))
    op.add_column("alarms", sa.Column("last_at", _INT, nullable=False, server_default="0"))
    op.add_column("alarms", sa.Column("seen_at", _INT, nullable=True))
    op.execute("UPDATE alarms SET last_at = at")
    op.create_index("alarms_to_be_seen", "alarms", ["terminal_id", "kind", "seen_at"])


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index("alarms_to_be_seen", "alarms")
    for name in ("seen_at", "last_at", "times"):
        op.drop_column("alarms", name)
