# SPDX-License-Identifier: Apache-2.0
"""Says when one person is not enough: what an operator's own call made necessary, another one decides.

Where there is no other who may, the one decides alone: a backend that is run by one person goes on working.

Tests: tests/sandbox/backend/operators/test_second_person.py
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.errors import ForbiddenError
from sandbox.backend.operators.roster import roles_for
from sandbox.backend.records.tables import BackendRole, OperatorRow


def check(session: Session, *, caused_by: Sequence[str], by: str) -> None:
    """Raise ForbiddenError if `by` would decide what their own call brought about, and another could.

    `caused_by`: whose calls it took, the one that counts most first. Where all who may decide are among them, the last
    of them decides.
    """
    if by not in caused_by:
        return
    may = select(OperatorRow.id).where(
        OperatorRow.removed_at.is_(None), OperatorRow.role.in_(roles_for(BackendRole.RISK))
    )
    if set(session.scalars(may)) - set(caused_by[: caused_by.index(by) + 1]):
        raise ForbiddenError("second_person", "your own call made this necessary: another operator decides it")
