# SPDX-License-Identifier: Apache-2.0
"""The words of the contract are the words that the rooms use: a new member of a lifecycle is one of the page's too."""

from enum import StrEnum
from typing import Any, get_args

import pytest

from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.contract.admin_shapes import PaymentEntry
from sandbox.backend.contract.wallet_shapes import PaymentRequestView
from sandbox.backend.intents.reports import ReportedStatus
from sandbox.backend.records.tables import (
    BorneBy,
    CancelOutcome,
    CancelReason,
    DueState,
    IntentStatus,
    PaymentRequestState,
    PaymentStatus,
    PaymentWay,
    RefundState,
)
from sandbox.backend.settlement.settlements import EntryKind


def words(model: Any, name: str) -> set[str]:
    """The literals of a shape's member, without null."""
    annotation = model.model_fields[name].annotation
    return {word for part in (annotation, *get_args(annotation)) for word in get_args(part) or (part,)
            if isinstance(word, str)}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "name", "lifecycle", "never_said"),
    [
        (shapes.Intent, "status", ReportedStatus, set()),
        (shapes.Payment, "status", PaymentStatus, {"new"}),
        (shapes.Payment, "way", PaymentWay, set()),
        (shapes.Payment, "borne_by", BorneBy, set()),
        (shapes.Refund, "state", RefundState, set()),
        (shapes.Due, "state", DueState, set()),
        (shapes.CancelAnswer, "status", CancelOutcome, set()),
        (shapes.CancelRequest, "reason", CancelReason, set()),
        (shapes.SettlementEntry, "kind", EntryKind, set()),
        (PaymentRequestView, "state", PaymentRequestState, set()),
        (PaymentEntry, "state", IntentStatus, {"created"}),
    ],
)
def test_the_contract_has_the_words_of_the_rooms(
    model: Any, name: str, lifecycle: type[StrEnum], never_said: set[str]
) -> None:
    assert words(model, name) == set(lifecycle) - never_said


def test_what_is_reported_is_what_is_stored_and_the_claim() -> None:
    assert set(ReportedStatus) - set(IntentStatus) == {"claimed"}
