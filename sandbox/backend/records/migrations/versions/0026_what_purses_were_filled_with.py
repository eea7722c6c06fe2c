# SPDX-License-Identifier: Apache-2.0
"""A purse says what was put in, so that what was spent is no sum over its payments.

Of those before: what they were said to have spent, and what they hold.

Tests: tests/sandbox/backend/records/test_migrations.py, tests/sandbox/backend/sharing/test_purses.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FILLED = """
    UPDATE purses SET filled_minor = COALESCE((
        SELECT SUM(taken_minor - refunded_minor) FROM payments
        WHERE payments.purse_id = purses.id AND payments.status = 'approved'
    ), 0) + COALESCE((
        SELECT SUM(balance_minor) FROM ledger_accounts
        WHERE ledger_accounts.kind = 'purse' AND ledger_accounts.owner = purses.id
    ), 0)
"""


def upgrade() -> None:
    """To this version."""
    op.add_column("purses", sa.Column("filled_minor", _INT, nullable=False, server_default="0"))
    op.execute(_FILLED)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("purses", "filled_minor")
