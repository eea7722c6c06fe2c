# SPDX-License-Identifier: Apache-2.0
"""A cancel says what it gave back, owed or booked, and a payment who imported it.

Of cancels before, what the ledger says of booked payments; only a day that is not over is ever asked for.

Tests: tests/sandbox/backend/records/test_migrations.py, tests/sandbox/backend/records/test_indexes.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REVERSED = """
    FROM postings JOIN entries ON entries.posting_id = postings.id
    JOIN ledger_accounts ON ledger_accounts.id = entries.account_id
    WHERE postings.intent_key = intents.key AND postings.kind = 'reversal' AND ledger_accounts.kind = 'merchant'
"""
_CANCELLED = f"""
    UPDATE intents SET
        gave_back_minor = (SELECT -SUM(entries.amount_minor) {_REVERSED}),
        gave_back_at = (SELECT MAX(postings.at) {_REVERSED})
    WHERE cancel_answer = 'cancelled' AND EXISTS (SELECT 1 {_REVERSED}) AND NOT EXISTS (
        SELECT 1 FROM reviews WHERE reviews.kind = 'cancel'
        AND reviews.terminal_id = intents.terminal_id AND reviews.subject = intents.intent_id
    )
"""  # noqa: S608 -- of our own text alone


def upgrade() -> None:
    """To this version."""
    op.add_column("intents", sa.Column("gave_back_minor", _INT))
    op.add_column("intents", sa.Column("gave_back_at", _INT))
    op.execute(_CANCELLED)
    where = sa.text("gave_back_at IS NOT NULL")
    op.create_index(
        "intents_that_gave_back", "intents", ["terminal_id", "gave_back_at"],
        sqlite_where=where, postgresql_where=where,
    )  # fmt: skip
    op.add_column("payments", sa.Column("imported_by", sa.String(16)))


def downgrade() -> None:
    """Back to the version before."""
    op.drop_column("payments", "imported_by")
    op.drop_index("intents_that_gave_back", "intents")
    op.drop_column("intents", "gave_back_at")
    op.drop_column("intents", "gave_back_minor")
