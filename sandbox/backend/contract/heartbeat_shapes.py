# SPDX-License-Identifier: Apache-2.0
"""The JSON of `POST /v1/terminal/heartbeat`: how a terminal is, what it has carried out, and its journal's head.

Tests: tests/sandbox/backend/terminals/test_heartbeat.py, tests/sandbox/backend/terminals/test_standing.py
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt

from sandbox.backend.contract.members import Base64url, Currency, Rfc3339, Shape


class Head(Shape):
    """A journal head; `epoch` has up to 64 bits, `hash` is base64url."""

    epoch: Annotated[StrictInt, Field(ge=0, lt=2**64)]
    sequence: Annotated[StrictInt, Field(ge=0, lt=2**63)]
    hash: Annotated[Base64url, Field(max_length=88)]


class QueueReport(Shape):
    """What waits on the terminal."""

    count: Annotated[StrictInt, Field(ge=0)] = 0
    total: Annotated[StrictInt, Field(ge=0)] = 0
    currency: Currency | None = None
    oldest_age_s: int | None = None


class ClockReport(Shape):
    """The terminal's own idea of the time."""

    now: Rfc3339
    doubtful: bool = False


class OrdersDone(Shape):
    """Which orders the terminal has carried out: the times at which they were asked, as its policy said them."""

    restart: Rfc3339 | None = None
    diagnose: Rfc3339 | None = None


class Finding(Shape):
    """One thing that the terminal's doctor looked at; `light`: green, yellow, red."""

    name: Annotated[str, Field(max_length=40)]
    light: Annotated[str, Field(max_length=10)]
    says: Annotated[str, Field(max_length=400)]
    cure: Annotated[str, Field(max_length=400)] | None = None


class Diagnosis(Shape):
    """What the terminal's doctor found, once an operator asked for it."""

    at: Rfc3339
    healthy: StrictBool
    findings: Annotated[list[Finding], Field(max_length=40)]


class HeartbeatRequest(Shape):
    """`POST /terminal/heartbeat`; `signed_head` is the last one that the terminal stored, null before the first.

    `standing`: what it obeys; `orders_done`, `diagnosis`: what came of the policy's orders, once.
    """

    software_version: Annotated[str, Field(max_length=80)] | None = None
    config_version: int | None = None
    denylist_version: int | None = None
    queue: QueueReport = QueueReport()
    readers: list[dict[str, Any]] = Field(default_factory=list, max_length=8)
    clock: ClockReport | None = None
    standing: Literal["active", "locked", "revoked"] | None = None
    orders_done: OrdersDone | None = None
    diagnosis: Diagnosis | None = None
    head: Head
    signed_head: Base64url | None = None


class HeartbeatAnswer(Shape):
    """`signed_head`: COSE_Sign1 (context `head`) over JSON: `terminal_id, version, issued_at, not_after, epoch,
    sequence, hash`. The same member comes with `409 head_behind`.
    """

    signed_head: Base64url
    clock: Base64url | None = None
