# SPDX-License-Identifier: Apache-2.0
"""Every error that the backend's rooms raise on purpose, as one tree; the api room turns a refusal into an answer.

What is known to one room only is defined there; its module stands in brackets.

BackendError
├── RaceLostError               another transaction was first; this one begins again [records.database]
├── NoTurnError                 those before in the queue of writers took too long [records.turns]
├── TransactionGoneError        the database has undone a transaction of several pieces of work [records.together]
├── _NothingToCommitError       every piece of a transaction has been undone by itself [records.together]
├── InsufficientFundsError      an account does not cover what was to be taken from it [ledger.ledger]
├── NotStraightError            a payment must be judged step by step; nothing was changed [payments.straight_through]
├── ShopChangedError            what was kept of a shop is old; nothing was changed [payments.straight_through]
├── ProblemError                an answer of the API that is a problem document [contract.problems]
└── RefusedRequestError         a request that is not done, with a code for its sender
    ├── NotFoundError           there is no such thing, or it is another owner's
    ├── NotBookedYetError       a refund came before its payment was booked
    ├── ConflictError           the same id came before with another content
    │   └── TwoContentsError    of one terminal's intent: an alarm, which stays though the request is refused
    ├── InvalidRequestError     the request is understood and cannot be right
    ├── ForbiddenError          its sender may not do this
    ├── RequestSignatureError   the signature over a terminal's request does not verify
    ├── TokenEndedError         a bearer token is nobody's any more
    ├── TooManyError            a limit is reached; carries after how long it may be tried again
    └── NotPossibleError        it cannot be done as things stand now
        ├── ClaimedError        another account has claimed the intent; carries until when
        └── ExceedsCapturedError  more than is still captured; carries how much that is

Tests: tests/sandbox/backend/test_errors.py
"""

from dataclasses import dataclass

from pengpos.core.errors import PengposError


class BackendError(PengposError):
    """Root of the backend's errors."""


@dataclass(eq=False)
class RefusedRequestError(BackendError):
    """A request that is not done: `code` is for programs, `detail` for people."""

    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class NotFoundError(RefusedRequestError):
    """There is no such thing, or it is another owner's: the answer is the same."""

    def __init__(self, what: str) -> None:
        super().__init__("not_found", f"no such {what}")


class NotBookedYetError(RefusedRequestError):
    """A refund came before its payment was booked; its sender keeps it behind the payment."""

    def __init__(self, detail: str) -> None:
        super().__init__("payment_unknown", detail)


class ConflictError(RefusedRequestError):
    """The same id came before with another content."""

    def __init__(self, detail: str) -> None:
        super().__init__("conflict", detail)


class TwoContentsError(ConflictError):
    """A terminal's key has signed two contents under one intent id. What was written before it stays: the alarm."""


class InvalidRequestError(RefusedRequestError):
    """The request is understood and cannot be right."""

    def __init__(self, detail: str, code: str = "invalid_request") -> None:
        super().__init__(code, detail)


class ForbiddenError(RefusedRequestError):
    """The sender may not do this: revoked, or without a good activation code."""


class RequestSignatureError(RefusedRequestError):
    """The signature over a terminal's request does not verify."""

    def __init__(self, detail: str) -> None:
        super().__init__("signature", detail)


class TokenEndedError(RefusedRequestError):
    """The bearer token of a request is nobody's: it never was, or it ended while the request was on its way."""

    def __init__(self, detail: str) -> None:
        super().__init__("token", detail)


class TooManyError(RefusedRequestError):
    """A limit is reached: nothing was done, and the same request may be sent again after `retry_after_s`."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__("too_many", detail)
        self.retry_after_s = retry_after_s


class NotPossibleError(RefusedRequestError):
    """It cannot be done as things stand now; the code is the state that is in the way."""


class ClaimedError(NotPossibleError):
    """Another account has claimed the intent, until `until` (Unix seconds)."""

    def __init__(self, until: int | None) -> None:
        super().__init__("claimed", "someone else is paying this")
        self.until = until


class ExceedsCapturedError(NotPossibleError):
    """A refund asks for more than `captured_minor`, which is what is still captured."""

    def __init__(self, captured_minor: int) -> None:
        super().__init__("exceeds_captured", "more than is still captured")
        self.captured_minor = captured_minor
