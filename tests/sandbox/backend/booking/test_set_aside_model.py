# SPDX-License-Identifier: Apache-2.0
"""Whatever honest wallets and terminals do, in whatever order: promised is at most what is set aside, and nobody loses.

The wallets are the virtual phone's own, with its own rules; renewals, days offline, deliveries in any order, and money
spent, earned and given back between them.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.authorisation import Authorisation
from pengpos.wire.objects.credential import Credential
from pengpos.wire.objects.reply import Authorises, read_reply
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind
from sandbox.backend.people import accounts
from sandbox.backend.records.tables import (
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    PaymentWay,
    WalletCredentialRow,
)
from sandbox.phone.account import Account as Access
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.workbench import PAYS_UNASKED
from tests.support.backend import Ground, Shop
from tests.support.shop import Sale, Till

DAY_S = 86_400
MAX_AGE_S = 7 * DAY_S
AMOUNTS = st.sampled_from((18_80, 100_00, 150_00, 200_00, 450_00))
WAITS_S = st.sampled_from((3_600, DAY_S, 4 * DAY_S, 8 * DAY_S))


@dataclass(slots=True, kw_only=True)
class Signed:
    """What one phone has signed for one sale, and whether its terminal has given the goods away for it."""

    till: Till
    sale: Sale
    reply: Authorises
    kid: str
    total_minor: int
    promised: bool
    authorised_at: int
    accepted_offline: bool = False
    delivered: bool = False


class Promises(RuleBasedStateMachine):
    """One shopper, to be poor sooner, and two terminals of one backend."""

    open_shop: Callable[[], Shop]

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.shop = self.open_shop()
        self.signed: list[Signed] = []

    @initialize()
    def begin(self) -> None:
        self.tills = [self.shop.till() for _ in range(2)]
        self.phone = VirtualPhone(Path(self.directory.name), owner=PAYS_UNASKED, clock=self.shop.clock)
        self.access = Access(self.shop.http)
        self.phone.sign_up(self.access, backend="http://backend.test", name="小林")
        self.phone.sync(self.access)
        assert self.phone.account_id is not None
        self.account_id = self.phone.account_id

    def teardown(self) -> None:
        self.phone.close()
        self.directory.cleanup()
        with self.shop.backend.db.read() as session:
            assert ledger.check(session).balanced
        assert self.shop.operator.alarms() == []

    # --- what happens ---

    @rule(at=st.integers(0, 1), minor=AMOUNTS, offline=st.booleans(), at_once=st.booleans())
    def tap(self, at: int, minor: int, offline: bool, at_once: bool) -> None:
        """The phone decides. Offline, the terminal gives the goods away for a promise, and only for one."""
        till = self.tills[at]
        sale = till.sale(minor, online=not offline)
        reply = read_reply(self.phone.wallet.answer(sale.presentation))
        if not isinstance(reply, Authorises):
            return
        credential = Credential.read(reply.wallet_credential, self.phone.wallet.issuers)
        claims = Authorisation.read(reply.authorisation, credential.key).claims
        signed = Signed(
            till=till,
            sale=sale,
            reply=reply,
            kid=b64u(credential.key.kid),
            total_minor=claims.total_minor,
            promised=claims.offline_allowed,
            authorised_at=claims.authorised_at,
            accepted_offline=offline and claims.offline_allowed and claims.total_minor <= 200_00,
        )
        self.signed.append(signed)
        if at_once:
            self.send(signed, online=not offline)

    @precondition(lambda self: self.signed)
    @rule(data=st.data(), online=st.booleans())
    def deliver(self, data: st.DataObject, online: bool) -> None:
        """One of all there ever were, first or again; online, or as accepted offline where it was."""
        self.send(data.draw(st.sampled_from(self.signed)), online=online)

    def send(self, signed: Signed, *, online: bool) -> dict[str, Any]:
        item = {
            "presentation": signed.sale.text,
            "authorisation": b64u(signed.reply.authorisation),
            "wallet_credential": b64u(signed.reply.wallet_credential),
            "accepted_offline": signed.accepted_offline and not online,
            "occurred_at": rfc3339(self.shop.clock.now()),
        }
        signed.delivered = signed.delivered or (signed.accepted_offline and not online)
        answer: dict[str, Any] = signed.till.call("POST", "/payments", item).json()
        return answer

    @precondition(lambda self: self.signed)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """By its terminal, which has not given the goods away."""
        signed = data.draw(st.sampled_from(self.signed))
        if not signed.accepted_offline:
            signed.till.cancel(signed.sale)

    @rule()
    def sync(self) -> None:
        """Receipts, what is final, later credentials, fresh ones."""
        self.phone.sync(self.access)

    @rule()
    def spend_by_page(self) -> None:
        """All that is free."""
        till = self.tills[0]
        with self.shop.backend.db.read() as session:
            held = accounts.balance(session, self.account_id)
        free = held.by_currency["CNY"] - held.set_aside_minor
        if free > 0:
            sale = till.sale(free)
            assert till.put(sale).status_code == 200
            assert self.access.pay(sale.intent_id, None).status == "approved"

    @rule(minor=st.sampled_from((1, 250_00)))
    def earn(self, minor: int) -> None:
        now = self.shop.clock.now()
        top_up = partial(accounts.top_up, account_id=self.account_id, amount_minor=minor, currency="CNY", now=now)
        self.shop.backend.db.write(top_up)

    @rule(seconds=WAITS_S)
    def wait(self, seconds: int) -> None:
        """Terminals come online before what they hold is too old, and fetch their policy."""
        for signed in self.signed:
            due = self.shop.clock.now() + seconds > signed.authorised_at + MAX_AGE_S
            if signed.accepted_offline and not signed.delivered and due:
                self.send(signed, online=False)
        self.shop.clock.advance(seconds)
        self.shop.sweep()
        for till in self.tills:
            assert till.call("GET", "/terminal/config").status_code == 200

    # --- what stays true ---

    @invariant()
    def promised_is_at_most_what_is_set_aside(self) -> None:
        now = self.shop.clock.now()
        with self.shop.backend.db.read() as session:
            for held in self.phone.store.credentials():
                kid = b64u(held.kid)
                mine = [one for one in self.signed if one.kid == kid and one.promised]
                claimable = sum(one.total_minor for one in mine if self.may_still_be_taken(session, one, now))
                aside = ledger.balance(session, Account(AccountKind.SET_ASIDE, kid), "CNY")
                assert claimable <= aside, f"{claimable} promised, {aside} set aside"

    @staticmethod
    def may_still_be_taken(session: Any, signed: Signed, now: int) -> bool:
        """Whether a terminal, honest or not, could still have it booked as accepted offline."""
        if now - signed.authorised_at > MAX_AGE_S:
            return False
        intents = select(IntentRow).where(IntentRow.intent_id == signed.sale.intent_id)
        intent = session.scalars(intents).one_or_none()
        if intent is None:
            return True
        if intent.status in {IntentStatus.APPROVED, IntentStatus.CANCELLED}:
            return False
        tried = select(PaymentRow).where(
            PaymentRow.intent_key == intent.key, PaymentRow.way == PaymentWay.READER, PaymentRow.accepted_offline
        )
        return session.scalars(tried).first() is None

    @invariant()
    def nobody_bears_a_loss(self) -> None:
        """All that was given away and delivered is paid, and the guarantor has paid nothing."""
        given = {signed.sale.intent_id for signed in self.signed if signed.delivered}
        with self.shop.backend.db.read() as session:
            assert ledger.balance(session, Account(AccountKind.GUARANTEE), "CNY") == 0
            for intent_id in given:
                intents = select(IntentRow).where(IntentRow.intent_id == intent_id)
                assert session.scalars(intents).one().status is IntentStatus.APPROVED, UUID(intent_id)
            lost = select(PaymentRow).where(PaymentRow.status == PaymentStatus.DECLINED, PaymentRow.accepted_offline)
            assert session.scalars(lost).all() == []

    @invariant()
    def no_more_is_set_aside_than_the_bound(self) -> None:
        with self.shop.backend.db.read() as session:
            held = accounts.balance(session, self.account_id)
            assert 0 <= held.set_aside_minor <= accounts.MOST_OFFLINE_TOTAL
            keys = select(WalletCredentialRow).where(WalletCredentialRow.account_id == self.account_id)
            carrying = [key for key in session.scalars(keys) if key.claimable_until is not None]
            assert len(carrying) <= accounts.MOST_HOLDERS


def test_promised_is_at_most_set_aside_whatever_happens(ground: Ground) -> None:
    class Here(Promises):
        open_shop = staticmethod(ground.shop)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=25,
            stateful_step_count=24,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
