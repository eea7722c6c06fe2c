# SPDX-License-Identifier: Apache-2.0
"""Adds what an operator ordered of a terminal: that it is locked, and when it is to restart or to say how it is.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = ("locked_at", "restart_asked_at", "diagnose_asked_at")


def upgrade() -> None:
    """To this version. No command from before is kept: none was carried out."""
    for name in _COLUMNS:
        op.add_column("terminals", sa.Column(name, _INT, nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    for name in reversed(_COLUMNS):
        op.drop_column("terminals", name)
