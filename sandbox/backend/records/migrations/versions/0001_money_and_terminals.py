# SPDX-License-Identifier: Apache-2.0
"""Makes the tables of money and terminals.

Tests: tests/sandbox/backend/records/test_migrations.py
"""

import sqlalchemy as sa
from alembic import op

from sandbox.backend.records.tables import Uint64

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BOOKED = sa.text("status = 'approved'")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("offline_total", _INT, nullable=False),
        sa.Column("offline_merchants", sa.JSON(), nullable=False),
        sa.Column("offline_frozen_at", _INT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_table(
        "alarms",
        sa.Column("id", _INT, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("terminal_id", sa.String(length=12), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "denylist",
        sa.Column("version", _INT, nullable=False),
        sa.Column("kid", sa.String(length=11), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_index(op.f("ix_denylist_kid"), "denylist", ["kid"], unique=False)
    op.create_table(
        "ledger_accounts",
        sa.Column("id", _INT, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance", _INT, nullable=False),
        sa.CheckConstraint("kind NOT IN ('shopper', 'purse') OR balance >= 0", name="shoppers_have_no_credit"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "owner", "currency"),
    )
    op.create_table(
        "merchants",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("day_starts_hour", _INT, nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "postings",
        sa.Column("id", _INT, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("intent_id", sa.String(length=36), nullable=True),
        sa.Column("at", _INT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_postings_intent_id"), "postings", ["intent_id"], unique=False)
    op.create_table(
        "request_nonces",
        sa.Column("kid", sa.String(length=11), nullable=False),
        sa.Column("nonce", sa.String(length=22), nullable=False),
        sa.Column("seen_at", _INT, nullable=False),
        sa.PrimaryKeyConstraint("kid", "nonce"),
    )
    op.create_index(op.f("ix_request_nonces_seen_at"), "request_nonces", ["seen_at"], unique=False)
    op.create_table(
        "spent_vouchers",
        sa.Column("voucher_id", sa.String(length=22), nullable=False),
        sa.Column("intent_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("voucher_id"),
    )
    op.create_table(
        "wallet_counters",
        sa.Column("kid", sa.String(length=11), nullable=False),
        sa.Column("counter", Uint64(length=20), nullable=False),
        sa.Column("authorisation_digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kid", "counter"),
    )
    op.create_table(
        "entries",
        sa.Column("id", _INT, nullable=False),
        sa.Column("posting_id", _INT, nullable=False),
        sa.Column("account_id", _INT, nullable=False),
        sa.Column("amount", _INT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["ledger_accounts.id"]),
        sa.ForeignKeyConstraint(["posting_id"], ["postings.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_entries_account_id"), "entries", ["account_id"], unique=False)
    op.create_index(op.f("ix_entries_posting_id"), "entries", ["posting_id"], unique=False)
    op.create_table(
        "settlements",
        sa.Column("merchant_id", sa.String(length=16), nullable=False),
        sa.Column("business_date", sa.String(length=10), nullable=False),
        sa.Column("run_at", _INT, nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"]),
        sa.PrimaryKeyConstraint("merchant_id", "business_date"),
    )
    op.create_table(
        "stores",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("merchant_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "wallet_credentials",
        sa.Column("kid", sa.String(length=11), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("merchant_id", sa.String(length=16), nullable=True),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", _INT, nullable=False),
        sa.Column("expires_at", _INT, nullable=False),
        sa.Column("allowance", _INT, nullable=False),
        sa.Column("last_used_at", _INT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_index(op.f("ix_wallet_credentials_account_id"), "wallet_credentials", ["account_id"], unique=False)
    op.create_table(
        "activation_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("expires_at", _INT, nullable=False),
        sa.Column("used_by_kid", sa.String(length=11), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"]),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_table(
        "terminals",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("merchant_id", sa.String(length=16), nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("hardware", sa.JSON(), nullable=False),
        sa.Column("software_version", sa.String(length=80), nullable=False),
        sa.Column("confirmation_secret", sa.LargeBinary(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("revoked_at", _INT, nullable=True),
        sa.Column("last_seen_at", _INT, nullable=True),
        sa.Column("last_heartbeat", sa.JSON(), nullable=True),
        sa.Column("event_seq", _INT, nullable=False),
        sa.Column("head_version", _INT, nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"]),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "documents",
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("version", _INT, nullable=False),
        sa.Column("issued_at", _INT, nullable=False),
        sa.Column("not_after", _INT, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("terminal_id", "version"),
    )
    op.create_table(
        "events",
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("seq", _INT, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("terminal_id", "seq"),
    )
    op.create_table(
        "intents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("epoch", Uint64(length=20), nullable=False),
        sa.Column("counter", Uint64(length=20), nullable=False),
        sa.Column("amount", _INT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issued_at", _INT, nullable=False),
        sa.Column("lifetime_s", _INT, nullable=False),
        sa.Column("purpose", _INT, nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=True),
        sa.Column("presentation", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("reason", _INT, nullable=True),
        sa.Column("claimed_by", sa.String(length=16), nullable=True),
        sa.Column("claimed_until", _INT, nullable=True),
        sa.Column("expires_at", _INT, nullable=False),
        sa.Column("payment_requested_at", _INT, nullable=True),
        sa.Column("cancel_answer", sa.String(length=10), nullable=True),
        sa.Column("cancel_reason", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_intents_status"), "intents", ["status"], unique=False)
    op.create_table(
        "terminal_counters",
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("epoch", Uint64(length=20), nullable=False),
        sa.Column("counter", Uint64(length=20), nullable=False),
        sa.Column("intent_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("terminal_id", "epoch", "counter"),
    )
    op.create_table(
        "terminal_keys",
        sa.Column("kid", sa.String(length=11), nullable=False),
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("x", sa.LargeBinary(), nullable=False),
        sa.Column("y", sa.LargeBinary(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _INT, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_table(
        "payments",
        sa.Column("id", _INT, nullable=False),
        sa.Column("intent_id", sa.String(length=36), nullable=False),
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("authorisation_digest", sa.LargeBinary(), nullable=True),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=True),
        sa.Column("wallet_kid", sa.String(length=11), nullable=True),
        sa.Column("purse_id", sa.String(length=16), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("reason", _INT, nullable=True),
        sa.Column("amount", _INT, nullable=False),
        sa.Column("total", _INT, nullable=False),
        sa.Column("tip", _INT, nullable=False),
        sa.Column("taken", _INT, nullable=False),
        sa.Column("refunded", _INT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("accepted_offline", sa.Boolean(), nullable=False),
        sa.Column("authorised_at", _INT, nullable=False),
        sa.Column("occurred_at", _INT, nullable=False),
        sa.Column("decided_at", _INT, nullable=False),
        sa.Column("business_date", sa.String(length=10), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.Column("receipt_token", sa.String(length=22), nullable=True),
        sa.Column("receipt_url", sa.String(length=300), nullable=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("cards", sa.JSON(), nullable=False),
        sa.Column("payer_display", sa.String(length=80), nullable=True),
        sa.Column("membership_shown", sa.Boolean(), nullable=False),
        sa.Column("vouchers", sa.JSON(), nullable=False),
        sa.Column("held_until", _INT, nullable=True),
        sa.Column("held_outcome", sa.String(length=10), nullable=True),
        sa.Column("borne_by", sa.String(length=10), nullable=True),
        sa.Column("guaranteed", _INT, nullable=False),
        sa.Column("answers", _INT, nullable=False),
        sa.Column("settled_on", sa.String(length=10), nullable=True),
        sa.CheckConstraint("taken >= 0 AND refunded >= 0 AND refunded <= taken", name="captured_at_least_refunded"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"]),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("intent_id", "authorisation_digest"),
        sa.UniqueConstraint("receipt_token"),
    )
    op.create_index(op.f("ix_payments_account_id"), "payments", ["account_id"], unique=False)
    op.create_index(op.f("ix_payments_business_date"), "payments", ["business_date"], unique=False)
    op.create_index(op.f("ix_payments_held_until"), "payments", ["held_until"], unique=False)
    op.create_index(op.f("ix_payments_intent_id"), "payments", ["intent_id"], unique=False)
    op.create_index(
        "one_booked_payment_an_intent",
        "payments",
        ["intent_id"],
        unique=True,
        sqlite_where=_BOOKED,
        postgresql_where=_BOOKED,
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("terminal_id", sa.String(length=12), nullable=False),
        sa.Column("intent_id", sa.String(length=36), nullable=False),
        sa.Column("requested", _INT, nullable=True),
        sa.Column("amount", _INT, nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.Column("business_date", sa.String(length=10), nullable=False),
        sa.Column("fails_at", _INT, nullable=True),
        sa.Column("settled_on", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"]),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminals.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_refunds_business_date"), "refunds", ["business_date"], unique=False)
    op.create_index(op.f("ix_refunds_fails_at"), "refunds", ["fails_at"], unique=False)
    op.create_index(op.f("ix_refunds_intent_id"), "refunds", ["intent_id"], unique=False)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index(op.f("ix_refunds_intent_id"), table_name="refunds")
    op.drop_index(op.f("ix_refunds_fails_at"), table_name="refunds")
    op.drop_index(op.f("ix_refunds_business_date"), table_name="refunds")
    op.drop_table("refunds")
    op.drop_index("one_booked_payment_an_intent", table_name="payments", sqlite_where=_BOOKED, postgresql_where=_BOOKED)
    op.drop_index(op.f("ix_payments_intent_id"), table_name="payments")
    op.drop_index(op.f("ix_payments_held_until"), table_name="payments")
    op.drop_index(op.f("ix_payments_business_date"), table_name="payments")
    op.drop_index(op.f("ix_payments_account_id"), table_name="payments")
    op.drop_table("payments")
    op.drop_table("terminal_keys")
    op.drop_table("terminal_counters")
    op.drop_index(op.f("ix_intents_status"), table_name="intents")
    op.drop_table("intents")
    op.drop_table("events")
    op.drop_table("documents")
    op.drop_table("terminals")
    op.drop_table("activation_codes")
    op.drop_index(op.f("ix_wallet_credentials_account_id"), table_name="wallet_credentials")
    op.drop_table("wallet_credentials")
    op.drop_table("stores")
    op.drop_table("settlements")
    op.drop_index(op.f("ix_entries_posting_id"), table_name="entries")
    op.drop_index(op.f("ix_entries_account_id"), table_name="entries")
    op.drop_table("entries")
    op.drop_table("wallet_counters")
    op.drop_table("spent_vouchers")
    op.drop_index(op.f("ix_request_nonces_seen_at"), table_name="request_nonces")
    op.drop_table("request_nonces")
    op.drop_index(op.f("ix_postings_intent_id"), table_name="postings")
    op.drop_table("postings")
    op.drop_table("merchants")
    op.drop_table("ledger_accounts")
    op.drop_index(op.f("ix_denylist_kid"), table_name="denylist")
    op.drop_table("denylist")
    op.drop_table("alarms")
    op.drop_table("accounts")
