# SPDX-License-Identifier: Apache-2.0
"""A terminal remembers which of its processes have opened its event stream.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.add_column("terminals", sa.Column("streams", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("terminals", "streams")
