# SPDX-License-Identifier: Apache-2.0
"""Each refusal of the backend's rooms has its status, its code and its further members."""

from typing import Any

import pytest

from sandbox.backend.api.problem_translation import problem_of
from sandbox.backend.errors import (
    ClaimedError,
    ConflictError,
    ExceedsCapturedError,
    ForbiddenError,
    InvalidRequestError,
    NotBookedYetError,
    NotFoundError,
    NotPossibleError,
    RefusedRequestError,
    RequestSignatureError,
    TokenEndedError,
    TooManyError,
    TwoContentsError,
)

REFUSALS: dict[type[RefusedRequestError], tuple[RefusedRequestError, int, str, dict[str, Any]]] = {
    RequestSignatureError: (RequestSignatureError("not signed"), 401, "signature", {}),
    ForbiddenError: (ForbiddenError("revoked", "this terminal has been revoked"), 403, "revoked", {}),
    NotFoundError: (NotFoundError("intent"), 404, "not_found", {}),
    NotBookedYetError: (NotBookedYetError("keep it"), 404, "payment_unknown", {}),
    TokenEndedError: (TokenEndedError("ended"), 401, "token", {}),
    ConflictError: (ConflictError("came before"), 409, "conflict", {}),
    TwoContentsError: (TwoContentsError("came before"), 409, "conflict", {}),
    NotPossibleError: (NotPossibleError("paid", "this is paid"), 409, "paid", {}),
    ClaimedError: (ClaimedError(1_800_000_000), 409, "claimed", {"claimed_until": "2027-01-15T08:00:00Z"}),
    ExceedsCapturedError: (ExceedsCapturedError(10_00), 409, "exceeds_captured", {"captured": 10_00}),
    TooManyError: (TooManyError("at most 3 claims", 60), 429, "too_many", {}),
    InvalidRequestError: (InvalidRequestError("no such timezone"), 422, "invalid_request", {}),
}


def leaves(root: type[RefusedRequestError]) -> set[type[RefusedRequestError]]:
    return set(root.__subclasses__()).union(*(leaves(child) for child in root.__subclasses__()))


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_a_refusal_is_answered_with_its_problem(kind: type[RefusedRequestError]) -> None:
    error, status, code, more = REFUSALS[kind]
    document = problem_of(error).document()
    assert (document["status"], document["code"], document["detail"]) == (status, code, error.detail)
    assert {name: document[name] for name in more} == more


def test_there_is_no_other_refusal() -> None:
    assert leaves(RefusedRequestError) == set(REFUSALS)
