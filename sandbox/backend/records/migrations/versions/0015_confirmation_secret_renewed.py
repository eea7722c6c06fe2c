# SPDX-License-Identifier: Apache-2.0
"""A terminal's confirmation secret has a version, and a next one that is not in use yet.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.add_column("terminals", sa.Column("secret_version", _INT, nullable=False, server_default="0"))
    op.add_column("terminals", sa.Column("secret_made_at", _INT, nullable=True))
    op.add_column("terminals", sa.Column("next_secret", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    for column in ("secret_version", "secret_made_at", "next_secret"):
        op.drop_column("terminals", column)
