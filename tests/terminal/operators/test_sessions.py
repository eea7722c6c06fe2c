# SPDX-License-Identifier: Apache-2.0
"""Signing in, what a session may, and when it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from offline_queue.memory import MemoryJournal
from pengpos.core.authority.roles import NOBODY, Action, Operator, OperatorRole, Operators
from pengpos.keys.pin import hash_pin
from terminal.device.executor import BoundedExecutor, TooManyWaitingError
from terminal.operators.sessions import (
    IDLE_LIMIT_S,
    SESSIONS_MOST,
    WAITING_MOST,
    RoleNeededError,
    SessionOverError,
    Sessions,
    SignInRefusedError,
)
from terminal.operators.tries import FORGIVEN_AFTER_S, TRIES_IN_ALL, TRIES_OF_ONE, Tries
from tests.support.parts import HandClock, run

T = TypeVar("T")

SALT = bytes(16)
LI = Operator(operator_id="m-1", name="Li", role=OperatorRole.MANAGER, pin=hash_pin("4711", SALT))
WU = Operator(operator_id="c-1", name="Wu", role=OperatorRole.CASHIER, pin=hash_pin("1234", SALT))
STAFF = Operators(everyone=(LI, WU), roles={})


class Table:
    """Sessions over a journal in memory; the policy and the clock are the test's."""

    def __init__(self, operators: Operators | None = STAFF) -> None:
        self.operators = operators
        self.clock = HandClock()
        self.journal = MemoryJournal(self.clock, epoch=7)
        self.alarms = 0
        self.executor = BoundedExecutor("pins")
        self.sessions = self.again()

    def again(self) -> Sessions:
        """As after a restart."""

        def guessed() -> None:
            self.alarms += 1

        return Sessions(
            operators=lambda: self.operators,
            tries=Tries(self.journal, self.clock),
            executor=self.executor,
            clock=self.clock,
            guessed=guessed,
        )

    async def sign_in(self, pin: str, operator_id: str | None = None) -> str:
        return (await self.sessions.sign_in(pin, operator_id))[0]

    async def refusal(self, pin: str, operator_id: str | None = None) -> SignInRefusedError:
        with pytest.raises(SignInRefusedError) as refused:
            await self.sign_in(pin, operator_id)
        return refused.value


def at_a_table(work: Callable[[Table], Awaitable[None]], operators: Operators | None = STAFF) -> None:
    async def whole() -> None:
        table = Table(operators)
        try:
            await work(table)
        finally:
            table.executor.close()

    run(whole())


def test_a_pin_says_who_it_is_and_the_role_opens_what_it_opens() -> None:
    async def work(table: Table) -> None:
        manager, cashier = await table.sign_in("4711"), await table.sign_in("1234", "c-1")
        assert manager != cashier
        assert table.sessions.permit(manager, Action.REFUND) == "m-1"
        with pytest.raises(RoleNeededError) as refused:
            table.sessions.permit(cashier, Action.REFUND)
        assert (refused.value.action, refused.value.roles) == (Action.REFUND, (OperatorRole.MANAGER,))
        assert table.sessions.permit(cashier, Action.CONFIRMATION_CODE) == "c-1"
        assert table.sessions.permit(None, Action.CONFIRMATION_CODE) is None
        with pytest.raises(RoleNeededError):
            table.sessions.permit(None, Action.REFUND)
        assert table.sessions.who(cashier) == "c-1"
        assert table.sessions.who(None) is None

    at_a_table(work)


@pytest.mark.parametrize("action", list(Action))
def test_without_operators_everything_is_as_before(action: Action) -> None:
    async def work(table: Table) -> None:
        assert table.sessions.permit(None, action) is None
        assert (await table.refusal("4711")).code == "no_operators"

    at_a_table(work, None)


def test_where_nobody_can_be_read_nobody_may() -> None:
    async def work(table: Table) -> None:
        with pytest.raises(RoleNeededError):
            table.sessions.permit(None, Action.REFUND)
        assert (await table.refusal("4711")).code == "wrong_pin"

    at_a_table(work, NOBODY)


@pytest.mark.parametrize("pin", ["", "123", "123456789", "abcd", "４７１１"])
def test_what_is_no_pin_costs_nothing(pin: str) -> None:
    async def work(table: Table) -> None:
        for _ in range(TRIES_IN_ALL + 1):
            assert (await table.refusal(pin)).code == "invalid_pin"
        await table.sign_in("4711")

    at_a_table(work)


def test_wrong_pins_close_the_door_for_the_right_one_too_and_ring() -> None:
    async def work(table: Table) -> None:
        left = [(await table.refusal("0000")).tries_left for _ in range(TRIES_IN_ALL)]
        assert left == [*range(TRIES_IN_ALL - 1, -1, -1)]
        assert table.alarms == 1
        shut = await table.refusal("4711")
        assert (shut.status, shut.code, shut.retry_after_s) == (429, "too_many_tries", FORGIVEN_AFTER_S)
        table.sessions = table.again()
        assert (await table.refusal("4711")).code == "too_many_tries"
        table.clock.unix_s += FORGIVEN_AFTER_S
        await table.sign_in("4711")

    at_a_table(work)


def test_a_right_pin_buys_no_tries_at_anothers() -> None:
    async def work(table: Table) -> None:
        for _ in range(TRIES_IN_ALL):
            await table.sign_in("1234")
            await table.refusal("0000")
        assert (await table.refusal("4711")).code == "too_many_tries"

    at_a_table(work)


def test_one_operators_pin_is_guessed_at_less_often() -> None:
    async def work(table: Table) -> None:
        for _ in range(TRIES_OF_ONE):
            assert (await table.refusal("1234", "m-1")).code == "wrong_pin"
        assert (await table.refusal("4711", "m-1")).code == "too_many_tries"
        await table.sign_in("1234", "c-1")

    at_a_table(work)


def test_many_at_once_get_no_more_tries_and_do_not_queue_without_end() -> None:
    async def work(table: Table) -> None:
        tries = [table.sign_in("0000") for _ in range(WAITING_MOST + 3)]
        ends = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(end, TooManyWaitingError) for end in ends) == 3
        assert (await table.refusal("0000")).tries_left == TRIES_IN_ALL - WAITING_MOST - 1

    at_a_table(work)


def test_a_session_that_is_idle_ends_and_one_that_is_used_goes_on() -> None:
    async def work(table: Table) -> None:
        used, idle = await table.sign_in("4711"), await table.sign_in("4711")
        table.clock.unix_s += IDLE_LIMIT_S - 1
        assert table.sessions.who(used) == "m-1"
        table.clock.unix_s += 1
        assert table.sessions.who(used) == "m-1"
        for _ in range(2):
            with pytest.raises(SessionOverError):
                table.sessions.who(idle)

    at_a_table(work)


@pytest.mark.parametrize(
    "operators",
    [
        None,
        NOBODY,
        Operators(everyone=(WU,), roles={}),
        Operators(everyone=(replace(LI, role=OperatorRole.CASHIER), WU), roles={}),
        Operators(everyone=(replace(LI, pin=hash_pin("9999", SALT)), WU), roles={}),
    ],
    ids=["none", "unread", "gone", "another role", "another PIN"],
)
def test_a_policy_that_changes_an_operator_ends_their_session(operators: Operators | None) -> None:
    async def work(table: Table) -> None:
        token = await table.sign_in("4711")
        table.operators = operators
        with pytest.raises(SessionOverError):
            table.sessions.permit(token, Action.REFUND)

    at_a_table(work)


def test_signing_out_ends_it_and_a_restart_does() -> None:
    async def work(table: Table) -> None:
        out, kept = await table.sign_in("4711"), await table.sign_in("4711")
        table.sessions.sign_out(out)
        table.sessions.sign_out(out)
        with pytest.raises(SessionOverError):
            table.sessions.who(out)
        assert table.sessions.who(kept) == "m-1"
        table.sessions = table.again()
        with pytest.raises(SessionOverError):
            table.sessions.who(kept)

    at_a_table(work)


def test_sessions_are_bounded_and_the_idlest_goes() -> None:
    async def work(table: Table) -> None:
        first, second = await table.sign_in("4711"), await table.sign_in("4711")
        assert table.sessions.who(first) == "m-1"  # used since
        for _ in range(SESSIONS_MOST - 1):
            await table.sign_in("1234")
        assert table.sessions.who(first) == "m-1"
        with pytest.raises(SessionOverError):
            table.sessions.who(second)

    at_a_table(work)
