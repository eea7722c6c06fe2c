# SPDX-License-Identifier: Apache-2.0
"""The routes by which an admin names operators and reads what they changed: `/admin/v1/operators`, `/admin/v1/changes`.

Tests: tests/sandbox/backend/operators/test_roster.py, tests/sandbox/backend/operators/test_changes.py
"""

from typing import Annotated

from fastapi import APIRouter, Query

from pengpos.core.times import rfc3339
from sandbox.backend.api.caller import ADMIN, BackendOf
from sandbox.backend.api.operator_side.operator_route import OperatorRoute
from sandbox.backend.contract import operator_shapes as shapes
from sandbox.backend.operators import changes, roster
from sandbox.backend.records.tables import BackendRole

_LATEST_NUMBER = 2**53 - 1

router = APIRouter(prefix="/admin/v1", tags=["admin"], route_class=OperatorRoute)


@router.get("/operators", dependencies=[ADMIN])
def operators(backend: BackendOf) -> list[shapes.OperatorEntry]:
    """Who runs this backend, then who did; the newest first."""
    with backend.db.read() as session:
        return [
            shapes.OperatorEntry(
                operator_id=row.id,
                name=row.name,
                role=row.role.value,
                made_at=rfc3339(row.made_at),
                removed_at=None if row.removed_at is None else rfc3339(row.removed_at),
            )
            for row in roster.everyone(session)
        ]


@router.post("/operators", status_code=201, dependencies=[ADMIN])
def new_operator(request: shapes.NewOperator, backend: BackendOf) -> shapes.OperatorAnswer:
    """An operator; the token is said here and never again."""
    now, role = backend.clock.now(), BackendRole(request.role)
    row, token = backend.db.write(lambda session: roster.make(session, request.name, role, now))
    return shapes.OperatorAnswer(operator_id=row.id, name=row.name, role=request.role, token=token)


@router.delete("/operators/{operator_id}", status_code=204, dependencies=[ADMIN])
def remove_operator(operator_id: str, backend: BackendOf) -> None:
    """The token opens nothing from now on; what this operator changed stays on record."""
    now = backend.clock.now()
    backend.db.write(lambda session: roster.remove(session, operator_id, now))


@router.get("/changes", dependencies=[ADMIN])
def changed(
    backend: BackendOf,
    next_page: Annotated[int | None, Query(alias="next", ge=0, le=_LATEST_NUMBER)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> shapes.ChangesAnswer:
    """What operators changed or tried to, the newest first."""
    with backend.db.read() as session:
        found = changes.newest(session, next_page, limit + 1)
    return shapes.ChangesAnswer(
        changes=[
            shapes.ChangeEntry(
                change_id=one.row.id,
                operator_id=one.row.operator_id,
                operator=one.name,
                at=rfc3339(one.row.at),
                method=one.row.method,
                path=one.row.path,
                status=one.row.status,
                body=one.row.body,
                body_sha256=one.row.body_sha256,
            )
            for one in found[:limit]
        ],
        next=found[limit - 1].row.id if len(found) > limit else None,
    )
