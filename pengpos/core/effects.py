# SPDX-License-Identifier: Apache-2.0
"""What a step asks the runtime to do, after the step's row is durable. The runtime brings back events.

Tests: tests/pengpos/core/machine/test_step.py.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pengpos.core.events import Event
from pengpos.core.sale import SaleState


@dataclass(frozen=True, slots=True)
class Then:
    """Take this step too, in the same commit: both rows or none."""

    event: Event


@dataclass(frozen=True, slots=True)
class Arm:
    """Watch the readers for an empty field, then offer this sale's intent; make tag and QR ready; watch its life."""


@dataclass(frozen=True, slots=True)
class Disarm:
    """Offer this sale's intent to no phone any more; one that is there must leave before the next presentment."""


@dataclass(frozen=True, slots=True)
class EmptyFieldFirst:
    """Stay armed, but the phone that is there must leave before anything is presented again."""


@dataclass(frozen=True, slots=True)
class SendPayment:
    """POST the stored bytes; answer within the deadline or `NoAnswer`."""


@dataclass(frozen=True, slots=True)
class AskBackend:
    """GET the intent (and, in `unknown` while it lives, send the same body again), not before `not_before`.

    Every question brings an event, at least `NoAnswer`; a newer question of the same sale takes the place of one that
    still waits. So it is with `SendCancel`, and for each refund with `SendRefund`.
    """

    not_before: int | None = None


@dataclass(frozen=True, slots=True)
class SendCancel:
    """Cancel at the backend, not before `not_before`."""

    not_before: int | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """Leave it to the drainer, which sends it not before the sale's `retry_at`."""


@dataclass(frozen=True, slots=True)
class SendRefund:
    """Send this refund, behind its payment, not before `not_before`; the same refund sent twice is one."""

    refund_id: UUID
    not_before: int | None = None


@dataclass(frozen=True, slots=True)
class SignAgain:
    """The earlier intent is dead: sign a new one of the same sale, unless another sale is live by now."""


class AlarmKind(StrEnum):
    """What a person must see to."""

    DECLINED_AT_SYNC = "declined_at_sync"
    CODE_NOT_CONFIRMED = "code_not_confirmed"
    DELIVERY_FAILING = "delivery_failing"
    REFUND_FAILED = "refund_failed"
    REFUND_REFUSED = "refund_refused"
    PAID_AFTER_CANCEL = "paid_after_cancel"
    REFUNDED_ELSEWHERE = "refunded_elsewhere"
    CANCELLED_ELSEWHERE = "cancelled_elsewhere"
    GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """Show and keep an alarm until a person has seen to it."""

    kind: AlarmKind


@dataclass(frozen=True, slots=True)
class NotNow:
    """The command does not fit the state; nothing has changed. The caller says so to the cashier or till."""

    state: SaleState


Effect = (
    Then | Arm | Disarm | EmptyFieldFirst | SendPayment | AskBackend | SendCancel | Forward | SendRefund | SignAgain
    | RaiseAlarm | NotNow
)  # fmt: skip
