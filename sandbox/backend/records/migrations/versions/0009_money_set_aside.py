# SPDX-License-Identifier: Apache-2.0
"""Sets money aside for the wallet keys that carry an offline allowance, the longest-lived first, as far as it goes.

What an account may promise in all gets its bound. Nothing is known of what these keys have promised already, so all of
their allowance counts, until it is given back like that of later ones.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOST_MINOR = 500_00
_CLAIMABLE_S = 7 * 86_400 + 600
_CURRENCY = "CNY"


def upgrade() -> None:
    """To this version."""
    op.add_column("wallet_credentials", sa.Column("claimable_until", _INT, nullable=True))
    op.create_index(op.f("ix_wallet_credentials_claimable_until"), "wallet_credentials", ["claimable_until"])
    op.add_column("payments", sa.Column("from_set_aside_minor", _INT, nullable=False, server_default="0"))
    op.add_column("payments", sa.Column("promised", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE payments SET promised = accepted_offline")
    connection = op.get_bind()
    tables = sa.MetaData()
    tables.reflect(connection, only=["accounts", "wallet_credentials", "ledger_accounts", "postings", "entries"])
    accounts, credentials = tables.tables["accounts"], tables.tables["wallet_credentials"]
    connection.execute(
        accounts.update().where(accounts.c.offline_total_minor > _MOST_MINOR).values(offline_total_minor=_MOST_MINOR)
    )
    holders = connection.execute(
        sa.select(credentials).where(credentials.c.allowance_minor > 0).order_by(credentials.c.expires_at.desc())
    ).all()
    for holder in holders:
        _set_aside(connection, tables, holder)


def downgrade() -> None:
    """Back to the version before: what is set aside is free again, as if it had always been."""
    connection = op.get_bind()
    tables = sa.MetaData()
    tables.reflect(connection, only=["wallet_credentials", "ledger_accounts", "postings", "entries"])
    ledger_accounts, credentials = tables.tables["ledger_accounts"], tables.tables["wallet_credentials"]
    postings, entries = tables.tables["postings"], tables.tables["entries"]
    moved = sa.select(postings.c.id).where(postings.c.kind.in_(["set_aside", "given_back"]))
    aside, free = ledger_accounts.alias(), ledger_accounts.alias()
    held = connection.execute(
        sa.select(aside.c.id, free.c.id, aside.c.balance_minor)
        .join(credentials, credentials.c.kid == aside.c.owner)
        .join(free, (free.c.owner == credentials.c.account_id) & (free.c.currency == aside.c.currency))
        .where(aside.c.kind == "set_aside", free.c.kind == "shopper")
    ).all()
    connection.execute(entries.delete().where(entries.c.posting_id.in_(moved)))
    connection.execute(postings.delete().where(postings.c.kind.in_(["set_aside", "given_back"])))
    for ours, theirs, minor in held:
        connection.execute(entries.update().where(entries.c.account_id == ours).values(account_id=theirs))
        _add(connection, ledger_accounts, theirs, minor)
        connection.execute(ledger_accounts.delete().where(ledger_accounts.c.id == ours))
    op.drop_column("payments", "promised")
    op.drop_column("payments", "from_set_aside_minor")
    op.drop_index(op.f("ix_wallet_credentials_claimable_until"), table_name="wallet_credentials")
    op.drop_column("wallet_credentials", "claimable_until")


def _set_aside(connection: sa.Connection, tables: sa.MetaData, holder: sa.Row[Any]) -> None:
    ledger_accounts, credentials = tables.tables["ledger_accounts"], tables.tables["wallet_credentials"]
    free = connection.execute(
        sa.select(ledger_accounts.c.id, ledger_accounts.c.balance_minor).where(
            ledger_accounts.c.kind == "shopper",
            ledger_accounts.c.owner == holder.account_id,
            ledger_accounts.c.currency == _CURRENCY,
        )
    ).one_or_none()
    minor = 0 if free is None else min(holder.allowance_minor, free.balance_minor)
    if free is None or minor == 0:
        return
    connection.execute(
        ledger_accounts.insert().values(kind="set_aside", owner=holder.kid, currency=_CURRENCY, balance_minor=0)
    )
    aside = connection.execute(
        sa.select(ledger_accounts.c.id).where(
            ledger_accounts.c.kind == "set_aside", ledger_accounts.c.owner == holder.kid
        )
    ).scalar_one()
    posting = connection.execute(
        tables.tables["postings"].insert().values(kind="set_aside", at=holder.issued_at)
    ).inserted_primary_key
    assert posting is not None
    for account, amount in ((free.id, -minor), (aside, minor)):
        entry = {"posting_id": posting[0], "account_id": account, "amount_minor": amount}
        connection.execute(tables.tables["entries"].insert().values(entry))
        _add(connection, ledger_accounts, account, amount)
    connection.execute(
        credentials.update()
        .where(credentials.c.kid == holder.kid)
        .values(claimable_until=holder.expires_at + _CLAIMABLE_S)
    )


def _add(connection: sa.Connection, ledger_accounts: sa.Table, account: int, minor: int) -> None:
    connection.execute(
        ledger_accounts.update()
        .where(ledger_accounts.c.id == account)
        .values(balance_minor=ledger_accounts.c.balance_minor + minor)
    )
