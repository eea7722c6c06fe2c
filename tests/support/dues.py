# SPDX-License-Identifier: Apache-2.0
"""A shopper who promised offline what was not there when the shop came online again, and what everybody has then."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.records.tables import AccountRow, WalletCredentialRow
from tests.support.backend import Shop
from tests.support.shop import MERCHANT_ID, Sale, Till, Wallet


@dataclass(slots=True, kw_only=True)
class Owing:
    """One sale that was declined at sync, with both its sides."""

    shop: Shop
    till: Till
    wallet: Wallet
    sale: Sale
    authorisation: bytes

    def dues(self) -> list[dict[str, Any]]:
        """All that the shopper hears of it."""
        found: list[dict[str, Any]] = self.wallet.call("GET", "/dues").json()["dues"]
        return found

    def state(self) -> str:
        """How the shopper's one due stands; "none" where no shopper was asked."""
        return str(self.dues()[0]["state"]) if self.dues() else "none"

    def does(self, what: str, by: Wallet | None = None) -> httpx.Response:
        """`pay` or `refuse`."""
        return (by or self.wallet).call("POST", f"/dues/{self.sale.intent_id}/{what}")

    def says(self, what: str) -> str:
        """The same, and only how it ended: the due's state or the problem's code."""
        answer = self.does(what).json()
        return str(answer.get("state") or answer.get("code"))

    def sent_again(self) -> dict[str, Any]:
        """What the terminal is answered to its same request now."""
        answer: dict[str, Any] = self.till.pay(self.sale, self.wallet, self.authorisation, offline=True).json()
        return answer

    def told(self) -> dict[str, Any] | None:
        """The due as the terminal hears of it."""
        payment: dict[str, Any] = self.till.call("GET", f"/intents/{self.sale.intent_id}").json()["payment"]
        found: dict[str, Any] | None = payment.get("due")
        return found

    def earns(self, minor: int) -> None:
        """The shopper has money again."""
        self.wallet.call("POST", "/top-ups", {"amount": minor, "currency": "CNY"})

    def money(self) -> tuple[int, int, int]:
        """What shopper, merchant and guarantee have: minor units."""
        accounts = (
            Account(AccountKind.SHOPPER, self.wallet.account_id),
            Account(AccountKind.MERCHANT, MERCHANT_ID),
            Account(AccountKind.GUARANTEE),
        )
        with self.shop.backend.db.read() as session:
            shopper, merchant, guarantee = (ledger.balance(session, account, "CNY") for account in accounts)
        return shopper, merchant, guarantee


def freeze(shop: Shop, wallet: Wallet) -> None:
    """As after a key of this account was copied."""

    def frozen(session: Session) -> None:
        session.get_one(AccountRow, wallet.account_id).offline_frozen_at = shop.clock.now()

    shop.backend.db.write(frozen)


def spend_all(shop: Shop, wallet: Wallet) -> None:
    """Everything into a purse: no merchant has it.

    What is set aside for promises is freed before its time, which no call does: an honest wallet would never owe.
    """
    shop.backend.db.write(lambda session: _free_what_is_set_aside(session, wallet))
    spend_what_is_free(wallet)


def spend_what_is_free(wallet: Wallet) -> None:
    """What may be spent online, into a purse."""
    purse = wallet.call("POST", "/purses", {"name": "rainy days"}).json()["purse_id"]
    free = wallet.call("GET", "/balance").json()["available"]
    wallet.call("POST", f"/purses/{purse}/deposits", {"amount": free, "currency": "CNY"})


def _free_what_is_set_aside(session: Session, wallet: Wallet) -> None:
    keys = select(WalletCredentialRow.kid).where(WalletCredentialRow.account_id == wallet.account_id)
    for kid in session.scalars(keys).all():
        ledger.transfer(
            session,
            PostingKind.GIVEN_BACK,
            giver=Account(AccountKind.SET_ASIDE, kid),
            taker=Account(AccountKind.SHOPPER, wallet.account_id),
            amount_minor=ledger.balance(session, Account(AccountKind.SET_ASIDE, kid), "CNY"),
            currency="CNY",
            at=wallet.clock.now(),
        )


def owing(
    shop: Shop, minor: int = 18_80, *, guaranteed: int | None = None, knows: str | None = "dues", **claims: Any
) -> Owing:
    """A payment accepted offline and declined at sync for want of money; `claims` are the authorisation's.

    `guaranteed`: the policy's sum, where it is not the usual one, which covers all of it. `knows` None: of a terminal
    that knows no dues, so none is asked for.
    """
    if guaranteed is not None:
        shop.operator.call("PUT", f"/merchants/{MERCHANT_ID}/settings", {"risk": {"guaranteed": guaranteed}})
    till, wallet = shop.till(), shop.wallet()
    till.knows = knows
    sale = till.sale(minor, online=False)
    authorisation = wallet.authorise(sale, **claims)
    spend_all(shop, wallet)
    till.pay(sale, wallet, authorisation, offline=True)
    return Owing(shop=shop, till=till, wallet=wallet, sale=sale, authorisation=authorisation)


def refund_id() -> str:
    """A new one."""
    return str(uuid4())
