# SPDX-License-Identifier: Apache-2.0
"""A payment that goes straight through leaves the same rows, events and answers as one that is judged step by step.

Each case is sent to the same shop twice: with the straight way, and without it. What chance makes is held still.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import Funding
from pengpos.wire.objects.credential import Merchant
from pengpos.wire.objects.receipt import ReceiptClaims
from sandbox.backend.errors import TooManyError
from sandbox.backend.kernel.kept import Kept
from sandbox.backend.kernel.limits import Rate
from sandbox.backend.records.tables import AccountRow, MerchantRow, TerminalKeyRow, TerminalKeyState, TerminalRow
from sandbox.backend.trust.issuer import Issuer
from tests.support.backend import fresh_sqlite, in_process
from tests.support.both_ways import Counter, both_ways, go_back
from tests.support.shop import MERCHANT_ID, Sale, Wallet

OPENED_AT = 1_800_000_000
CAMPAIGN = {
    "name": "3 off",
    "currency": "CNY",
    "discount": 3_00,
    "minimum": 10_00,
    "not_before": 0,
    "not_after": 2**32,
}
BUDGET = {"campaign_id": "opening", "budget": 20_00, "budget_per_day": 9_00, "funder": "platform"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    directory = tmp_path_factory.mktemp("straight")
    with in_process(fresh_sqlite(directory), magic_amounts=True) as shop:
        till, wallet, second = shop.till(), shop.wallet(), shop.wallet()
        assert till.pay(till.sale(1_00), wallet).json()["status"] == "approved"
        shop.backend.db.engine.dispose()
        shutil.copy(directory / "sandbox.db", directory / "before.db")
        yield Counter(shop, till, wallet, second, directory / "sandbox.db")


@pytest.fixture
def counter(made: Counter, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """The shop as it was first, and nothing left to chance."""
    go_back(made, "before.db")
    object.__setattr__(made.shop.backend, "kept", Kept())
    made.shop.clock.unix_s = OPENED_AT + 60
    made.shop.backend.rates.signed_requests._empty_at.clear()
    monkeypatch.setattr(Issuer, "receipt", lambda _, claims: said(claims))
    return made


def said(claims: ReceiptClaims) -> bytes:
    return repr(claims).encode()


# --- what goes straight through ---------------------------------------------------------------------------------------

Case = Callable[[Counter], httpx.Request]


def online(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_00))


def pay(
    counter: Counter, sale: Sale, *, offline: bool = False, number: str | None = None, **claims: Any
) -> httpx.Request:
    signed = counter.wallet.authorise(sale, **claims)
    item = counter.till.item(sale, counter.wallet, signed, offline=offline)
    return counter.payment(item if number is None else {**item, "number": number})


def with_a_number(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_00), number="A-17")


def with_a_tip(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_00), tip_minor=2_00)


def with_a_campaign(counter: Counter, **more: Any) -> httpx.Request:
    settings = {"campaigns": [CAMPAIGN | more], "languages": ["en"]}
    changed = counter.shop.operator.call("PUT", f"/merchants/{MERCHANT_ID}/settings", settings)
    assert changed.status_code == 204, changed.text
    counter.send(pay(counter, counter.till.sale(12_00)))  # from here on who funds it has an account
    return pay(counter, counter.till.sale(12_00), tip_minor=1_00)


def with_a_budget(counter: Counter) -> httpx.Request:
    return with_a_campaign(counter, **BUDGET)


def registered(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    assert counter.till.put(sale).status_code == 200
    counter.shop.clock.advance(5)
    return pay(counter, sale, number="A-18")


def registered_with_a_number(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    counter.till.call("PUT", f"/intents/{sale.intent_id}", {"presentation": sale.text, "number": "A-19"})
    return pay(counter, sale, number="A-20")


def locked(counter: Counter) -> httpx.Request:
    counter.change(update(TerminalRow).values(locked_at=7))
    return pay(counter, counter.till.sale(12_00))


def in_english(counter: Counter) -> httpx.Request:
    counter.change(update(AccountRow).values(languages=["en"]))
    return pay(counter, counter.till.sale(12_00))


def offline_at_once(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_00, online=False), offline=True)


def offline_after_its_time(counter: Counter) -> httpx.Request:
    request_in = pay_later(counter, 3 * 86_400)
    return counter.payment(request_in)


def pay_later(counter: Counter, seconds: int) -> dict[str, Any]:
    sale = counter.till.sale(12_00, online=False)
    item = counter.till.item(sale, counter.wallet, counter.wallet.authorise(sale), offline=True)
    counter.shop.clock.advance(seconds)
    return item


def in_a_batch(counter: Counter) -> httpx.Request:
    return counter.signed("/payments/batch", {"payments": [pay_later(counter, 3_600)]})


STRAIGHT = [
    online, with_a_number, with_a_tip, with_a_campaign, with_a_budget, registered, registered_with_a_number, locked,
    in_english, offline_at_once, offline_after_its_time, in_a_batch,
]  # fmt: skip


@pytest.mark.parametrize("case", STRAIGHT, ids=lambda case: case.__name__)
def test_what_is_ordinary_goes_straight_through_to_the_same_rows(
    counter: Counter, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, answer = both_ways(counter, case(counter), monkeypatch)
    verdict = answer.json().get("verdicts", [answer.json()])[0]
    assert (straight, answer.status_code, verdict["status"]) == (True, 200, "approved")


# --- what does not ----------------------------------------------------------------------------------------------------


def sent_before(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    item = counter.till.item(sale, counter.wallet, counter.wallet.authorise(sale))
    counter.till.call("POST", "/payments", item)
    return counter.payment(item)


def nonce_used(counter: Counter) -> httpx.Request:
    request = online(counter)
    counter.send(request)
    return request


def paid_by_another(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    counter.till.pay(sale, counter.second)
    return pay(counter, sale)


def cancelled(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    counter.till.cancel(sale)
    return pay(counter, sale)


def claimed(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    counter.till.put(sale)
    counter.second.call("POST", f"/intents/{sale.intent_id}/claim")
    return pay(counter, sale)


def revoked(counter: Counter) -> httpx.Request:
    request = online(counter)
    counter.change(update(TerminalRow).values(revoked_at=counter.shop.clock.now() + 1))
    return request


def of_a_renewed_key(counter: Counter) -> httpx.Request:
    counter.change(update(TerminalKeyRow).values(state=TerminalKeyState.PENDING))
    return online(counter)


def denylisted(counter: Counter) -> httpx.Request:
    kid = b64u(PublicKey.of(counter.wallet.key).kid)
    assert counter.shop.operator.call("POST", "/denylist", {"kid": kid, "why": "stolen"}).status_code < 300
    return online(counter)


def copied(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    return counter.payment(counter.till.item(sale, counter.wallet, counter.wallet.authorise(sale, counter=1)))


def terminal_counter_used(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_00, counter=1))


def too_little_money(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(999_99_00))


def from_money_set_aside(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(900_00))


def from_a_purse(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_00), funding=Funding.SHARED_PURSE)


def by_a_friend(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_00), funding=Funding.FRIEND, offline_allowed=False)


def of_an_unknown_key(counter: Counter) -> httpx.Request:
    stranger = counter.shop.backend.issuer.wallet_credential(
        "w-1", PublicKey.of(key := SoftwareKey.generate()), None, counter.shop.clock.now()
    )
    wallet = Wallet(
        http=counter.shop.http, clock=counter.shop.clock, account_id="", token="", key=key, credential=stranger
    )
    sale = counter.till.sale(12_00)
    return counter.payment(counter.till.item(sale, wallet, wallet.authorise(sale)))


def of_another_terminal(counter: Counter) -> httpx.Request:
    other = counter.shop.till()
    return pay(counter, other.sale(12_00))


def of_a_terminal_that_is_gone(counter: Counter) -> httpx.Request:
    key = SoftwareKey.generate()
    shown = Merchant(merchant_id=MERCHANT_ID, name="gone")
    credential = counter.shop.backend.issuer.terminal_credential(
        "T-GONE", PublicKey.of(key), shown, counter.shop.clock.now()
    )
    gone = replace(counter.till, key=key, terminal_id="T-GONE", credential=credential)
    return pay(counter, gone.sale(12_00))


def with_an_id_of_another_terminal(counter: Counter) -> httpx.Request:
    other, sale = counter.shop.till(), counter.till.sale(12_00)
    other.put(other.sale(5_00, intent_id=sale.intent.claims.intent_id))
    return pay(counter, sale)


def wrong_total(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_00), total_minor=11_00)


def too_late(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    signed = counter.wallet.authorise(sale)
    counter.shop.clock.advance(3_600)
    return counter.payment(counter.till.item(sale, counter.wallet, signed))


def too_old(counter: Counter) -> httpx.Request:
    return counter.payment(pay_later(counter, 8 * 86_400))


def over_its_allowance(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(200_01, online=False), offline=True)


def frozen(counter: Counter) -> httpx.Request:
    counter.change(update(AccountRow).values(offline_frozen_at=7))
    return offline_at_once(counter)


def an_amount_that_means_something(counter: Counter) -> httpx.Request:
    return pay(counter, counter.till.sale(12_05))


def in_a_currency_that_the_merchant_never_had(counter: Counter) -> httpx.Request:
    counter.wallet.call("POST", "/top-ups", {"amount": 80_00, "currency": "EUR"})
    return pay(counter, counter.till.sale(12_00, currency="EUR"))


def with_a_clock_that_is_off(counter: Counter) -> httpx.Request:
    request = online(counter)
    counter.shop.clock.advance(301)
    return request


def no_presentation(counter: Counter) -> httpx.Request:
    sale = counter.till.sale(12_00)
    return counter.payment(counter.till.item(sale, counter.wallet, b"") | {"presentation": "AAAA"})


def no_payment(counter: Counter) -> httpx.Request:
    return counter.payment({"presentation": "AAAA"})


STEP_BY_STEP: dict[Case, tuple[int, str]] = {
    sent_before: (200, "approved"),
    nonce_used: (401, "nonce_reused"),
    paid_by_another: (200, "already_paid"),
    cancelled: (200, "cancelled"),
    claimed: (200, "approved"),
    revoked: (403, "revoked"),
    of_a_renewed_key: (200, "approved"),
    denylisted: (200, "credential_blocked"),
    copied: (200, "counter_reused"),
    terminal_counter_used: (200, "approved"),
    too_little_money: (200, "insufficient_funds"),
    from_money_set_aside: (200, "approved"),
    from_a_purse: (200, "no_purse"),
    by_a_friend: (200, "friend_asked"),
    of_an_unknown_key: (200, "credential_unknown"),
    of_another_terminal: (404, "not_found"),
    of_a_terminal_that_is_gone: (404, "not_found"),
    with_an_id_of_another_terminal: (200, "approved"),
    wrong_total: (200, "wrong_total"),
    too_late: (200, "expired"),
    too_old: (200, "too_old"),
    over_its_allowance: (200, "offline_not_allowed"),
    frozen: (200, "approved"),
    an_amount_that_means_something: (200, "declined"),
    in_a_currency_that_the_merchant_never_had: (200, "approved"),
    with_a_clock_that_is_off: (401, "clock"),
    no_presentation: (422, "bad_presentation"),
    no_payment: (422, "invalid_request"),
}


@pytest.mark.parametrize("case", STEP_BY_STEP, ids=lambda case: case.__name__)
def test_what_is_not_ordinary_is_judged_step_by_step(
    counter: Counter, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, answer = both_ways(counter, case(counter), monkeypatch)
    assert (straight, answer.status_code, answer.json()["code"]) == (False, *STEP_BY_STEP[case])


# --- what is kept is true ---------------------------------------------------------------------------------------------


def test_settings_changed_by_another_process_count_at_once(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert both_ways(counter, online(counter), monkeypatch)[0]
    kept = counter.shop.backend.kept.shops.get(counter.till.terminal_id)
    assert kept is not None

    def change(session: Any) -> None:
        merchant = session.get_one(MerchantRow, MERCHANT_ID)
        merchant.config = {**merchant.config, "campaigns": [CAMPAIGN], "languages": ["en"]}

    counter.shop.backend.db.write(change)  # nothing in this process is told
    answers = [counter.send(online(counter)).json() for _ in "ab"]
    assert [answer["total"] for answer in answers] == [9_00, 9_00]


def test_too_many_requests_of_a_key_are_refused_and_book_nothing(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise TooManyError("at most so many", 1)

    before = counter.wallet.balance()
    request = online(counter)
    with monkeypatch.context() as patched:
        patched.setattr(Rate, "take", full)
        refused = counter.send(request)
    assert (refused.status_code, counter.wallet.balance()) == (429, before)
    assert counter.send(request).json()["status"] == "approved", "nothing of it has been used up"


def test_a_request_of_a_key_that_is_retired_is_refused(counter: Counter) -> None:
    """Its public half is still kept here; that it is good no more, the transaction says."""
    assert counter.send(online(counter)).status_code == 200
    counter.change(update(TerminalKeyRow).values(state=TerminalKeyState.RETIRED))
    assert [counter.send(online(counter)).status_code for _ in "ab"] == [401, 401]
    assert counter.shop.backend.kept.device_keys.get(b64u(PublicKey.of(counter.till.key).kid)) is None
