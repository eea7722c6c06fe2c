# SPDX-License-Identifier: Apache-2.0
"""Alembic's entry: runs the migrations on the connection that `Database.migrate` hands over.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

from alembic import context

from sandbox.backend.records.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
