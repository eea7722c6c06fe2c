# SPDX-License-Identifier: Apache-2.0
"""Names the unit of money columns: `amount` becomes `amount_minor`.

Renamed in place on both databases: Alembic's batch mode would copy each table on SQLite, and lose its CHECK
constraints. RENAME COLUMN keeps the rows and rewrites constraints and indexes that name the column.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = {
    "accounts": ("offline_total",),
    "dues": ("amount", "to_guarantor", "refunded"),
    "entries": ("amount",),
    "intents": ("amount",),
    "ledger_accounts": ("balance",),
    "payments": ("amount", "total", "tip", "taken", "refunded", "guaranteed"),
    "purses": ("budget",),
    "refunds": ("requested", "amount"),
    "splits": ("total", "shares"),
    "vouchers": ("value", "minimum"),
    "wallet_credentials": ("allowance",),
}


def upgrade() -> None:
    """To this version."""
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.alter_column(table, column, new_column_name=f"{column}_minor")


def downgrade() -> None:
    """Back to the version before."""
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.alter_column(table, f"{column}_minor", new_column_name=column)
