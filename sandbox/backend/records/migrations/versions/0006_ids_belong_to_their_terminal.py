# SPDX-License-Identifier: Apache-2.0
"""Makes the ids of intents, refunds and splits unique to their terminal.

An intent's `id` becomes the `key` that other tables refer to, and `intent_id` stands beside it: the same for every row
there is, as until now no id was taken twice.

Renamed in place, as in 0005. SQLite cannot change a primary key in place: there the tables of refunds and splits, which
no other refers to and which have no CHECK constraint, are copied.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAMED_BY_KEY = ("payments", "refunds", "dues", "payment_requests", "postings", "spent_vouchers")
_INDEXED = ("payments", "refunds", "payment_requests", "postings")
_BY_TERMINAL = ("refunds", "splits")


def upgrade() -> None:
    """To this version."""
    op.alter_column("intents", "id", new_column_name="key")
    op.add_column("intents", sa.Column("intent_id", sa.String(length=36), nullable=False, server_default=""))
    op.execute("UPDATE intents SET intent_id = key")
    op.create_index("one_intent_a_terminal_and_id", "intents", ["intent_id", "terminal_id"], unique=True)
    _rename("intent_id", "intent_key")
    for table in _BY_TERMINAL:
        _set_primary_key(table, ["id", "terminal_id"])


def downgrade() -> None:
    """Back to the version before; raises RuntimeError where two terminals have used one id."""
    _refuse_if_shared("intents", "intent_id")
    for table in _BY_TERMINAL:
        _refuse_if_shared(table, "id")
        _set_primary_key(table, ["id"])
    _rename("intent_key", "intent_id")
    op.drop_index("one_intent_a_terminal_and_id", table_name="intents")
    op.drop_column("intents", "intent_id")
    op.alter_column("intents", "key", new_column_name="id")


def _rename(before: str, after: str) -> None:
    for table in _NAMED_BY_KEY:
        if table in _INDEXED:
            op.drop_index(f"ix_{table}_{before}", table_name=table)
        op.alter_column(table, before, new_column_name=after)
        if table in _INDEXED:
            op.create_index(f"ix_{table}_{after}", table, [after])


def _set_primary_key(table: str, columns: list[str]) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(f"{table}_pkey", table, type_="primary")
        op.create_primary_key(f"{table}_pkey", table, columns)
        return
    found = sa.Table(table, sa.MetaData(), autoload_with=op.get_bind(), resolve_fks=False)
    indexes = [(index.name, [column.name for column in index.columns]) for index in found.indexes]
    foreign_keys = [
        sa.ForeignKeyConstraint([key.parent.name], [key.target_fullname]) for key in sorted(found.foreign_keys, key=str)
    ]
    op.rename_table(table, f"{table}_before")
    op.create_table(
        table,
        *(sa.Column(column.name, column.type, nullable=column.nullable) for column in found.columns),
        *foreign_keys,
        sa.PrimaryKeyConstraint(*columns),
    )
    op.execute(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608  # the names are written above
    op.drop_table(f"{table}_before")
    for name, of in indexes:
        op.create_index(name, table, of)


def _refuse_if_shared(table: str, column: str) -> None:
    shared = sa.text(f"SELECT {column} FROM {table} GROUP BY {column} HAVING count(*) > 1")  # noqa: S608  # as above
    if op.get_bind().execute(shared).first() is not None:
        raise RuntimeError(f"{table}: one id of several terminals; the version before has room for one of them")
