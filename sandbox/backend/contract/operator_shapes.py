# SPDX-License-Identifier: Apache-2.0
"""The JSON of the calls on operators of the backend and on what they changed, as pydantic models.

Tests: tests/sandbox/backend/operators/test_roster.py, tests/sandbox/backend/operators/test_changes.py
"""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.backend.contract.members import Exact, FitName, Rfc3339, Shape

BackendRoleWord = Literal["support", "risk", "admin"]


class NewOperator(Exact):
    """`POST /operators`."""

    name: Annotated[str, Field(min_length=1, max_length=40), FitName]
    role: BackendRoleWord


class OperatorAnswer(Shape):
    """An operator who was made; `token` is said here only."""

    operator_id: str
    name: str
    role: BackendRoleWord
    token: Annotated[str, Field(repr=False)]


class OperatorEntry(Shape):
    """An operator who is there, or was."""

    operator_id: str
    name: str
    role: BackendRoleWord
    made_at: Rfc3339
    removed_at: Rfc3339 | None


class ChangeEntry(Shape):
    """One changing call. `body`: its JSON as text, without secrets."""

    change_id: int
    operator_id: str
    operator: str
    at: Rfc3339
    method: str
    path: str
    status: int | None
    body: str | None
    body_sha256: str | None


class ChangesAnswer(Shape):
    """`GET /changes`, the newest first; `next` goes into the query of the next page; null on the last."""

    changes: list[ChangeEntry]
    next: int | None
