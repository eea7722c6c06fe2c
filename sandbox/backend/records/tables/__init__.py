# SPDX-License-Identifier: Apache-2.0
"""The tables of the backend. A rule that must never be broken is a constraint here, not only a check in the code.

Amounts are minor units (`*_minor`), times Unix seconds; an epoch or a counter may need all of 64 bits, so it is stored
as text. A lifecycle or a kind is a StrEnum, stored as its word.

Reading order: base, states, ledger, merchants, notices, offers, operators, payments, sharing, shoppers, terminals.
"""

from sandbox.backend.records.tables.base import Base, Uint64
from sandbox.backend.records.tables.ledger import EntryRow, LedgerAccountRow, PostingRow
from sandbox.backend.records.tables.merchants import MerchantRow, SettlementRow, StoreRow
from sandbox.backend.records.tables.notices import AlarmRow, EventRow, ReviewRow
from sandbox.backend.records.tables.offers import (
    CampaignRow,
    CampaignShopperRow,
    MembershipRow,
    SpentVoucherRow,
    VoucherRow,
)
from sandbox.backend.records.tables.operators import ChangeRow, OperatorRow
from sandbox.backend.records.tables.payments import (
    ClaimRow,
    DueRow,
    IntentRow,
    PaymentRow,
    RefundRow,
    TerminalCounterRow,
)
from sandbox.backend.records.tables.sharing import PaymentRequestRow, PurseMemberRow, PurseRow, SplitRow
from sandbox.backend.records.tables.shoppers import AccountRow, WalletCounterRow, WalletCredentialRow
from sandbox.backend.records.tables.states import (
    AccountKind,
    AlarmKind,
    BackendRole,
    BorneBy,
    CancelOutcome,
    CancelReason,
    DueState,
    EventKind,
    HeldBecause,
    HoldOutcome,
    IntentStatus,
    PaymentRequestState,
    PaymentStatus,
    PaymentWay,
    PostingKind,
    PurseMemberState,
    RefundState,
    ReviewKind,
    ReviewState,
    TerminalKeyState,
)
from sandbox.backend.records.tables.terminals import (
    ActivationCodeRow,
    DenylistRow,
    DocumentRow,
    RequestNonceRow,
    TerminalKeyRow,
    TerminalRow,
)

__all__ = [
    "AccountKind",
    "AccountRow",
    "ActivationCodeRow",
    "AlarmKind",
    "AlarmRow",
    "BackendRole",
    "Base",
    "BorneBy",
    "CampaignRow",
    "CampaignShopperRow",
    "CancelOutcome",
    "CancelReason",
    "ChangeRow",
    "ClaimRow",
    "DenylistRow",
    "DocumentRow",
    "DueRow",
    "DueState",
    "EntryRow",
    "EventKind",
    "EventRow",
    "HeldBecause",
    "HoldOutcome",
    "IntentRow",
    "IntentStatus",
    "LedgerAccountRow",
    "MembershipRow",
    "MerchantRow",
    "OperatorRow",
    "PaymentRequestRow",
    "PaymentRequestState",
    "PaymentRow",
    "PaymentStatus",
    "PaymentWay",
    "PostingKind",
    "PostingRow",
    "PurseMemberRow",
    "PurseMemberState",
    "PurseRow",
    "RefundRow",
    "RefundState",
    "RequestNonceRow",
    "ReviewKind",
    "ReviewRow",
    "ReviewState",
    "SettlementRow",
    "SpentVoucherRow",
    "SplitRow",
    "StoreRow",
    "TerminalCounterRow",
    "TerminalKeyRow",
    "TerminalKeyState",
    "TerminalRow",
    "Uint64",
    "VoucherRow",
    "WalletCounterRow",
    "WalletCredentialRow",
]
