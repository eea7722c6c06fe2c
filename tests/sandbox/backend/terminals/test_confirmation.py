# SPDX-License-Identifier: Apache-2.0
"""The confirmation secret is renewed, and in use once its terminal has it (backend API, *The confirmation secret*)."""

import json
from typing import Any

from sqlalchemy.orm import Session

from pengpos.wire.confirmation_code import confirmation_code
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from sandbox.backend.records.tables import TerminalRow
from tests.support.backend import Shop
from tests.support.shop import Till, Wallet

MONTH_S = 30 * 86_400


def ask(till: Till, version: int) -> dict[str, Any] | None:
    """What the backend offers a terminal that has this version."""
    answer = till.call("POST", "/terminal/confirmation-secret", {"version": version}).json()
    if "document" not in answer:
        return None
    read: dict[str, Any] = json.loads(
        Sign1.read_issued(unb64u(answer["document"]), till.issuers, Context.CONFIRMATION).payload
    )
    return read


def shown_to(wallet: Wallet, till: Till, secret: bytes) -> bool:
    """Whether a page shows a code of this secret."""
    sale = till.sale(18_80, online=False)
    shown = wallet.call("POST", f"/intents/{sale.text}/pay", {"presentation": sale.text}).json()["confirmation_code"]
    return bool(shown == confirmation_code(secret, sale.intent.claims.intent_id, 18_80))


def test_it_is_renewed_after_a_month_and_in_use_once_the_terminal_has_it(
    shop: Shop, till: Till, wallet: Wallet
) -> None:
    assert ask(till, 0) is None
    shop.clock.advance(MONTH_S - 1)
    assert ask(till, 0) is None
    shop.clock.advance(1)
    offered = ask(till, 0)
    assert offered is not None
    assert ask(till, 0) == offered  # the answer may have been lost
    secret = unb64u(offered["secret"])
    assert (offered["version"], offered["terminal_id"], len(secret)) == (1, till.terminal_id, 32)
    fresh = shop.wallet()
    assert shown_to(fresh, till, till.confirmation_secret)
    assert ask(till, 1) is None
    assert shown_to(fresh, till, secret)
    assert ask(till, 1) is None


def test_an_older_copy_of_the_card_gets_the_one_in_use(shop: Shop, till: Till) -> None:
    shop.clock.advance(MONTH_S)
    offered = ask(till, 0)
    assert ask(till, 1) is None
    again = ask(till, 0)
    assert offered is not None
    assert again is not None
    assert (again["version"], again["secret"]) == (1, offered["secret"])


def test_a_terminal_that_never_asks_keeps_its_own(shop: Shop, till: Till) -> None:
    """One of page 1.1."""
    shop.clock.advance(MONTH_S * 2)
    assert shown_to(shop.wallet(), till, till.confirmation_secret)


def test_it_says_which_is_in_use(shop: Shop, till: Till) -> None:
    shop.clock.advance(MONTH_S)
    said = [till.call("POST", "/terminal/confirmation-secret", {"version": one}).json() for one in (0, 1, 1)]
    assert [answer["in_use"] for answer in said] == [0, 1, 1]


def suspect(shop: Shop, till: Till) -> None:
    def work(session: Session) -> None:
        session.get_one(TerminalRow, till.terminal_id).suspected_at = shop.clock.now()

    shop.backend.db.write(work)


def test_while_its_key_may_be_in_two_places_none_is_made(shop: Shop, till: Till) -> None:
    suspect(shop, till)
    shop.clock.advance(MONTH_S)
    assert ask(till, 0) is None


def test_while_its_key_may_be_in_two_places_a_copy_puts_none_into_use(shop: Shop, till: Till, wallet: Wallet) -> None:
    """The true terminal could not get it: its cashier would compare with a code that no page shows."""
    shop.clock.advance(MONTH_S)
    assert ask(till, 0) is not None  # the copy's request
    suspect(shop, till)
    said = till.call("POST", "/terminal/confirmation-secret", {"version": 1}).json()
    assert said == {"in_use": 0}
    assert shown_to(shop.wallet(), till, till.confirmation_secret)
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/trust").status_code == 204
    offered = ask(till, 0)
    assert offered is not None
    assert ask(till, 1) is None
    assert shown_to(shop.wallet(), till, unb64u(offered["secret"]))


def test_a_revoked_terminal_gets_none(shop: Shop, till: Till) -> None:
    shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
    assert till.call("POST", "/terminal/confirmation-secret", {"version": 0}).json()["code"] == "revoked"
