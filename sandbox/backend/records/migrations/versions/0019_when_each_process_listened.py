# SPDX-License-Identifier: Apache-2.0
"""Of a process that has opened the event stream it is remembered when it listened last: those before are forgotten.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this version."""
    op.execute(sa.text("UPDATE terminals SET streams = NULL"))


def downgrade() -> None:
    """Back to the version before."""
    op.execute(sa.text("UPDATE terminals SET streams = NULL"))
