# SPDX-License-Identifier: Apache-2.0
"""Judged as of its time, accepted after all, and who bears what was declined (backend API, rules)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import Funding
from pengpos.wire.objects.credential import Allowance, Credential
from sandbox.backend.intents import finality
from sandbox.backend.records.tables import DocumentRow, PaymentRow, WalletCredentialRow
from tests.support.backend import Shop
from tests.support.dues import freeze, spend_all, spend_what_is_free
from tests.support.shop import Wallet

DAY_S = 86_400


def test_an_offline_payment_is_taken_for_seven_days(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    kept, lost = till.sale(18_80, online=False), till.sale(18_80, online=False)
    signed = [(sale, wallet.authorise(sale)) for sale in (kept, lost)]
    shop.clock.advance(7 * DAY_S)
    assert till.pay(*pick(signed, 0, wallet), offline=True).json()["status"] == "approved"
    shop.clock.advance(1)
    late = till.pay(*pick(signed, 1, wallet), offline=True).json()
    assert (late["status"], late["code"], late["borne_by"]) == ("declined", "too_old", "merchant")


def test_the_policys_own_max_age_counts(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    settings = {"risk": {"max_age_s": 3600}}
    shop.operator.call("PUT", f"/terminals/{till.terminal_id}/settings", settings)
    shop.clock.advance(13 * 3600)  # the policy of its enrolment is renewed by then
    till.call("GET", "/terminal/config")
    shop.clock.advance(60 * 3600)  # and the first one has run out
    sale = till.sale(1_00, online=False)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(3601)
    assert till.pay(sale, wallet, authorisation, offline=True).json()["code"] == "too_old"


def test_an_older_policy_that_says_more_than_a_week_means_a_week(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    with shop.backend.db.engine.begin() as connection:
        for content in connection.scalars(select(DocumentRow.content)).all():
            content["risk"]["max_age_s"] = 30 * DAY_S
            connection.execute(update(DocumentRow).values(content=content))
    sale = till.sale(18_80, online=False)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(7 * DAY_S + 1)
    assert till.pay(sale, wallet, authorisation, offline=True).json()["code"] == "too_old"


def test_what_was_promised_is_read_again_when_it_is_judged_again(shop: Shop) -> None:
    """A row from before promises were stored says none; the money that was set aside for it is taken all the same."""
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(3600)
    assert till.pay(sale, wallet, authorisation).json()["code"] == "expired"
    with shop.backend.db.engine.begin() as connection:
        connection.execute(update(PaymentRow).values(promised=False))
    spend_what_is_free(wallet)
    assert till.pay(sale, wallet, authorisation, offline=True).json()["status"] == "approved"


@pytest.mark.parametrize("event", ["wallet credential runs out", "key goes on the denylist", "policy is tightened"])
def test_what_changes_later_does_not_count(shop: Shop, event: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(150_00, online=False)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(6 * DAY_S)
    if event == "wallet credential runs out":
        shop.clock.advance(DAY_S)
    if event == "key goes on the denylist":
        shop.operator.call("POST", "/denylist", {"kid": kid_of(wallet), "why": "lost"})
    if event == "policy is tightened":
        shop.operator.call("PUT", "/merchants/M-0001/settings", {"risk": {"per_payment": 100_00}})
        till.call("GET", "/terminal/config")
    assert till.pay(sale, wallet, authorisation, offline=True).json()["status"] == "approved"


def test_a_key_on_the_denylist_at_the_time_is_refused(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    shop.operator.call("POST", "/denylist", {"kid": kid_of(wallet), "why": "lost"})
    shop.clock.advance(10)
    answer = till.pay(till.sale(1_00, online=False), wallet, offline=True).json()
    assert (answer["status"], answer["code"], answer["reason"]) == ("declined", "credential_blocked", 17)


def test_an_unexpired_policy_is_needed(shop: Shop) -> None:
    till = shop.till()
    shop.clock.advance(4 * DAY_S)
    wallet = shop.wallet()
    answer = till.pay(till.sale(1_00, online=False), wallet, offline=True).json()
    assert (answer["code"], answer["reason"], answer["borne_by"]) == ("no_policy", 20, "merchant")


@pytest.mark.parametrize(
    ("amount", "claims", "code"),
    [
        (200_00, {}, "approved"),
        (200_01, {}, "offline_not_allowed"),
        (100_00, {"offline_allowed": False}, "offline_not_allowed"),
    ],
    ids=["at the caps", "above the wallet's cap", "the wallet says no"],
)
def test_the_wallet_has_a_say(shop: Shop, amount: int, claims: dict[str, Any], code: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(amount, online=False)
    assert till.pay(sale, wallet, wallet.authorise(sale, **claims), offline=True).json()["code"] == code


def test_a_wallet_without_an_allowance_is_online_only(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    wallet.call("PUT", "/offline-allowance", {"total": 0})
    wallet.key = SoftwareKey.generate()
    wallet.credential = unb64u(wallet.certify(wallet.key).json()["credential"])
    sale = till.sale(1_00, online=False)
    assert till.pay(sale, wallet, offline=True).json()["code"] == "offline_not_allowed"
    assert till.pay(till.sale(1_00), wallet).json()["code"] == "approved"


def test_above_the_policys_cap_is_refused(shop: Shop) -> None:
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"risk": {"per_payment": 50_00}})
    till, wallet = shop.till(), shop.wallet()
    answer = till.pay(till.sale(50_01, online=False), wallet, offline=True).json()
    assert (answer["code"], answer["reason"], answer["borne_by"]) == ("over_policy", 20, "merchant")


# --- accepted after all -----------------------------------------------------------------------------------------------


def test_after_expired_it_is_judged_once_more(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(3600)
    assert till.pay(sale, wallet, authorisation).json()["code"] == "expired"
    first = till.pay(sale, wallet, authorisation, offline=True).json()
    assert (first["status"], wallet.balance()) == ("approved", 981_20)
    assert till.pay(sale, wallet, authorisation).json()["receipt"] == first["receipt"]
    assert till.status(sale) == "approved"


def test_after_declined_it_is_judged_once_more_and_only_once(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    drained, sale = till.sale(990_00), till.sale(18_80)
    authorisation = wallet.authorise(sale)
    till.pay(drained, wallet)
    assert till.pay(sale, wallet, authorisation).json()["code"] == "insufficient_funds"
    declined = till.pay(sale, wallet, authorisation, offline=True).json()
    assert (declined["status"], declined["borne_by"], declined["guaranteed"]) == ("declined", "platform", 18_80)
    wallet.call("POST", "/top-ups", {"amount": 100_00, "currency": "CNY"})
    assert till.pay(sale, wallet, authorisation, offline=True).json() == declined
    assert wallet.balance() == 110_00


def test_after_declined_with_money_there_now_it_is_approved(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    drained, sale = till.sale(990_00), till.sale(18_80)
    authorisation = wallet.authorise(sale)
    till.pay(drained, wallet)
    till.pay(sale, wallet, authorisation)
    wallet.call("POST", "/top-ups", {"amount": 100_00, "currency": "CNY"})
    assert till.pay(sale, wallet, authorisation, offline=True).json()["status"] == "approved"
    assert till.status(sale) == "approved"


def test_another_wallets_authorisation_does_not_open_a_declined_intent(shop: Shop) -> None:
    till, poor, rich = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(till.sale(990_00), poor)
    till.pay(sale, poor)
    assert till.pay(sale, rich, offline=True).json()["status"] == "declined"
    assert rich.balance() == 1_000_00


def test_a_copys_authorisation_stays_refused_after_all(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    first, second = till.sale(1_00), till.sale(2_00)
    till.pay(first, wallet, wallet.authorise(first, counter=1))
    copy = wallet.authorise(second, counter=1)
    assert till.pay(second, wallet, copy).json()["code"] == "counter_reused"
    answer = till.pay(second, wallet, copy, offline=True).json()
    assert (answer["code"], answer["borne_by"], wallet.balance()) == ("counter_reused", "platform", 999_00)


def test_after_a_cancel_it_is_refused(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    till.cancel(sale)
    for offline in (False, True):
        answer = till.pay(sale, wallet, authorisation, offline=offline).json()
        assert (answer["status"], answer["code"], answer["reason"]) == ("declined", "cancelled", 22)
    assert wallet.balance() == 1_000_00


def test_after_declined_and_cancelled_it_is_refused(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(3600)
    till.pay(sale, wallet, authorisation)
    assert till.cancel(sale).json()["status"] == "cancelled"
    assert till.pay(sale, wallet, authorisation, offline=True).json()["status"] == "declined"
    assert wallet.balance() == 1_000_00


@pytest.mark.parametrize(
    ("course", "final"),
    [
        (["declined"], False),
        (["declined", "a week"], False),
        (["declined", "a week", "ten minutes"], False),  # a delivery that came in time may wait so long
        (["declined", "a week", "ten minutes", "a second"], True),
        (["declined", "cancelled"], True),
        (["declined", "accepted offline"], True),
        (["paid by another"], True),
        (["approved"], False),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, list) else "final" if value else "open",
)
def test_a_payer_is_told_when_nothing_more_can_come_of_it(shop: Shop, course: list[str], final: bool) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    if "approved" not in course:
        till.pay(till.sale(990_00), wallet)
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    steps: dict[str, Callable[[], object]] = {
        "declined": lambda: till.pay(sale, wallet, authorisation),
        "approved": lambda: till.pay(sale, wallet, authorisation),
        "accepted offline": lambda: till.pay(sale, wallet, authorisation, offline=True),
        "cancelled": lambda: till.cancel(sale),
        "paid by another": lambda: (till.pay(sale, other), till.pay(sale, wallet, authorisation)),
        "a week": lambda: shop.clock.advance(7 * DAY_S),
        "ten minutes": lambda: shop.clock.advance(finality.WAITS_MOST_S),
        "a second": lambda: shop.clock.advance(1),
    }
    for step in course:
        steps[step]()
    told = wallet.call("GET", "/payments").json()["payments"]
    assert next(payment["final"] for payment in told if payment["intent_id"] == sale.intent_id) is final


# --- the guaranteed sum -----------------------------------------------------------------------------------------------


def test_what_was_accepted_within_the_policy_is_owed_up_to_the_guaranteed_sum(shop: Shop) -> None:
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"risk": {"guaranteed": 250_00}})
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(1_000_00), wallet)
    answers = [till.pay(till.sale(100_00, online=False), wallet, offline=True).json() for _ in range(4)]
    told = [(answer["borne_by"], answer["guaranteed"]) for answer in answers]
    assert told == [("platform", 100_00), ("platform", 100_00), ("platform", 50_00), ("merchant", 0)]
    assert shop.operator.takings() == 1_000_00 + 250_00


@pytest.mark.parametrize(
    ("how", "code", "borne_by"),
    [
        ("spends the balance before", "insufficient_funds", "platform"),
        ("is frozen", "offline_frozen", "platform"),
        ("is on the denylist", "credential_blocked", "platform"),
        ("is in no book of ours", "credential_unknown", "platform"),
        ("pays from a purse, at a terminal of page 1.1", "offline_not_allowed", "merchant"),
        ("promised nothing", "offline_not_allowed", "merchant"),
    ],
)
def test_who_bears_it(shop: Shop, how: str, code: str, borne_by: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    claims: dict[str, Any] = {}
    match how:
        case "spends the balance before":
            till.pay(till.sale(1_000_00), wallet)
        case "is frozen":
            freeze(shop, wallet)
            spend_all(shop, wallet)
        case "is on the denylist":
            shop.operator.call("POST", "/denylist", {"kid": kid_of(wallet), "why": "lost"})
        case "is in no book of ours":
            shop.backend.db.write(lambda session: session.delete(session.get_one(WalletCredentialRow, kid_of(wallet))))
        case "pays from a purse, at a terminal of page 1.1":
            claims = {"funding": Funding.SHARED_PURSE}
        case _:
            claims = {"offline_allowed": False}
    shop.clock.advance(10)
    sale = till.sale(18_80, online=False)
    answer = till.pay(sale, wallet, wallet.authorise(sale, **claims), offline=True).json()
    assert (answer["status"], answer["code"], answer["borne_by"]) == ("declined", code, borne_by)
    assert answer["guaranteed"] == (18_80 if borne_by == "platform" else 0)


def test_online_nothing_is_guaranteed(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    assert "borne_by" not in till.pay(till.sale(1_000_01), wallet).json()
    assert shop.operator.takings() == 0


def test_a_copied_wallet_is_not_the_merchants_loss(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sales = [till.sale(10_00, online=False) for _ in range(2)]
    answers = [till.pay(sale, wallet, wallet.authorise(sale, counter=1), offline=True).json() for sale in sales]
    assert [(a["status"], a.get("borne_by")) for a in answers] == [("approved", None), ("declined", "platform")]
    assert (wallet.balance(), shop.operator.takings()) == (990_00, 20_00)


def test_a_refund_of_a_declined_payment_is_void_and_lessens_what_is_owed(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(1_000_00), wallet)
    sale = till.sale(100_00, online=False)
    till.pay(sale, wallet, offline=True)
    assert till.refund(sale, 30_00).json()["state"] == "void"
    assert shop.operator.takings() == 1_000_00 + 70_00
    assert till.refund(sale).json()["state"] == "void"
    assert (shop.operator.takings(), wallet.balance()) == (1_000_00, 0)


def test_allowances_are_in_the_credential(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    credential = Credential.read(wallet.credential, till.issuers)
    assert credential.allowance == Allowance(currency="CNY", per_payment_minor=200_00, total_minor=200_00)


def pick(signed: list[tuple[Any, bytes]], at: int, wallet: Wallet) -> tuple[Any, Wallet, bytes]:
    sale, authorisation = signed[at]
    return sale, wallet, authorisation


def kid_of(wallet: Wallet) -> str:
    return b64u(PublicKey.of(wallet.key).kid)
