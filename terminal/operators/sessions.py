# SPDX-License-Identifier: Apache-2.0
"""Who has signed in, and what they may. Lives on the loop; sessions are in memory only, a restart ends them."""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from pengpos.core.authority.roles import Action, Operator, OperatorRole, Operators
from pengpos.core.errors import PengposError
from pengpos.core.ports import Clock
from pengpos.keys.pin import PIN_DIGITS, find_by_pin, is_pin
from terminal.device.executor import BoundedExecutor, TooManyWaitingError
from terminal.operators.tries import Tries

log = logging.getLogger(__name__)

IDLE_LIMIT_S: Final = 300
SESSIONS_MOST: Final = 32
WAITING_MOST: Final = 4
TOKEN_SIZE: Final = 32


@dataclass(eq=False)
class RoleNeededError(PengposError):
    """The action needs one of these roles, and nobody who has one has signed in for it; nothing has changed."""

    action: Action
    roles: tuple[OperatorRole, ...]

    def __str__(self) -> str:
        if not self.roles:
            return (
                f"{self.action}: no operator of this terminal may do this; the policy names no role that is known here"
            )
        return f"{self.action}: a {' or '.join(self.roles)} signs in for this: POST /v1/operators/session"


@dataclass(eq=False)
class SessionOverError(PengposError):
    """The token is of no session that goes on."""

    def __str__(self) -> str:
        return "this session is over, or never was: sign in again"


@dataclass(eq=False)
class SignInRefusedError(PengposError):
    """Signing in did not come about. `tries_left` and `retry_after_s` where they say something."""

    status: int
    code: str
    detail: str
    tries_left: int | None = None
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return self.detail


@dataclass(frozen=True, slots=True)
class Session:
    """One operator, signed in; `expires_at` in Unix seconds, if nothing more is asked for with it."""

    operator: Operator
    expires_at: int


@dataclass(frozen=True, slots=True)
class _Open:
    operator: Operator
    idle_since_s: float


class Sessions:
    """The sessions of one terminal. `operators`: whom the newest policy names; None: no role is needed for anything.

    `guessed` is called when so many PINs were wrong that the next must wait.
    """

    def __init__(
        self,
        *,
        operators: Callable[[], Operators | None],
        tries: Tries,
        executor: BoundedExecutor,
        clock: Clock,
        guessed: Callable[[], None],
    ) -> None:
        self._operators = operators
        self._tries = tries
        self._executor = executor
        self._clock = clock
        self._guessed = guessed
        self._open: dict[bytes, _Open] = {}
        """By the token's SHA-256; the one used last is the last."""
        self._signing_in = asyncio.Lock()
        self._waiting = 0

    # --- signing in and out -------------------------------------------------------------------------------------------

    async def sign_in(self, pin: str, operator_id: str | None) -> tuple[str, Session]:
        """A new session and its token. One try at a time: none is made beside another that is not yet counted.

        Raises SignInRefusedError, TooManyWaitingError, JournalError (a wrong PIN could not be counted durably).
        """
        if not is_pin(pin):
            detail = f"a PIN is {PIN_DIGITS.start} to {PIN_DIGITS.stop - 1} digits from 0 to 9"
            raise SignInRefusedError(422, "invalid_pin", detail)
        if self._waiting >= WAITING_MOST:
            raise TooManyWaitingError(f"{self._waiting} people sign in at once")
        self._waiting += 1
        try:
            async with self._signing_in:
                operator = await self._recognise(pin, operator_id)
        finally:
            self._waiting -= 1
        return self._begin(operator)

    async def _recognise(self, pin: str, operator_id: str | None) -> Operator:
        operators = self._operators()
        if operators is None:
            detail = "the policy of this terminal names no operators: no call needs a session"
            raise SignInRefusedError(409, "no_operators", detail)
        named = operators.find(operator_id) if operator_id is not None else None
        counted_as = named.operator_id if named is not None else None
        if (wait_s := self._tries.wait_s(counted_as)) > 0:
            detail = f"too many wrong PINs: the next try is in {wait_s} s"
            raise SignInRefusedError(429, "too_many_tries", detail, retry_after_s=wait_s)
        candidates = operators.everyone if operator_id is None else (named,) if named is not None else ()
        found = await self._executor.run(partial(find_by_pin, candidates, pin))
        if found is not None:
            return found
        await self._tries.wrong(counted_as)
        if self._tries.wait_s(counted_as) > 0:
            self._guessed()
        left = self._tries.left(counted_as)
        raise SignInRefusedError(422, "wrong_pin", f"no operator here has this PIN; {left} tries left", tries_left=left)

    def _begin(self, operator: Operator) -> tuple[str, Session]:
        if len(self._open) >= SESSIONS_MOST:
            del self._open[next(iter(self._open))]  # the one that has been idle for longest
        token = secrets.token_urlsafe(TOKEN_SIZE)
        self._open[_key(token)] = _Open(operator, self._clock.monotonic_s())
        log.info("%s signed in as %s", operator.operator_id, operator.role)
        return token, Session(operator, self._clock.now() + IDLE_LIMIT_S)

    def sign_out(self, token: str) -> None:
        """End a session; one that is over stays so."""
        if (ended := self._open.pop(_key(token), None)) is not None:
            log.info("%s signed out", ended.operator.operator_id)

    # --- what they may ------------------------------------------------------------------------------------------------

    def who(self, token: str | None) -> str | None:
        """The id of the operator whose token it is; None: there is none. Raises SessionOverError."""
        return operator.operator_id if (operator := self._operator(token)) is not None else None

    def permit(self, token: str | None, action: Action) -> str | None:
        """As `who`, if they may do this. Raises RoleNeededError, SessionOverError."""
        operator, operators = self._operator(token), self._operators()
        needed = operators.needed(action) if operators is not None else None
        if needed is not None and (operator is None or operator.role not in needed):
            raise RoleNeededError(action, tuple(role for role in OperatorRole if role in needed))
        return operator.operator_id if operator is not None else None

    def _operator(self, token: str | None) -> Operator | None:
        """As the newest policy has them: who is no more in it, or has another role or PIN, must sign in again."""
        if token is None:
            return None
        key, now_s = _key(token), self._clock.monotonic_s()
        session, operators = self._open.pop(key, None), self._operators()
        if session is None or now_s - session.idle_since_s >= IDLE_LIMIT_S or operators is None:
            raise SessionOverError
        if operators.find(session.operator.operator_id) != session.operator:
            raise SessionOverError
        self._open[key] = _Open(session.operator, now_s)
        return session.operator


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
