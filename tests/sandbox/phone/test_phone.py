# SPDX-License-Identifier: Apache-2.0
"""A whole phone against the sandbox's own backend: sign-up, credentials, receipts, tag and QR."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from pengpos.core.errors import ConfigError, MalformedError, RefusedError, SignatureError
from pengpos.core.reasons import Reason
from pengpos.core.times import rfc3339
from pengpos.keys.software import SoftwareKey
from pengpos.wire import apdu
from pengpos.wire.confirmation_code import confirmation_code
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.authorisation import Authorisation
from pengpos.wire.objects.credential import Credential
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import AlreadyPaid, Authorises, Declines, Reply, read_reply
from sandbox.phone.account import Account, BackendRefusedError, BackendUnreachableError
from sandbox.phone.phone import SPARES, VirtualPhone
from sandbox.phone.wallet.events import Authorised
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.workbench import PAYS_UNASKED
from sandbox.phone.workbench import Till as BenchTill
from tests.support.backend import Shop, fresh_sqlite, in_process
from tests.support.shop import Sale, Till

ORIGIN = "http://backend.test"


@dataclass(kw_only=True)
class Town:
    """One backend, one till enrolled there, and the clock they share with the phone."""

    shop: Shop
    till: Till

    def now(self) -> int:
        return self.shop.clock.now()

    def account(self, phone: VirtualPhone) -> Account:
        return Account(self.shop.http, phone.store.note("token"))

    def book(self, sale: Sale, reply: Reply, *, accepted_offline: bool) -> bytes:
        """Send the wallet's authorisation to the backend; its receipt."""
        assert isinstance(reply, Authorises), reply
        body = {
            "presentation": sale.text,
            "authorisation": b64u(reply.authorisation),
            "wallet_credential": b64u(reply.wallet_credential),
            "accepted_offline": accepted_offline,
            "occurred_at": rfc3339(self.now()),
        }
        return unb64u(self.till.call("POST", "/payments", body).json()["receipt"])

    def altered(self, phone: VirtualPhone, handle: Callable[[httpx.Request], httpx.Response]) -> Account:
        """The phone's account over a line on which `handle` sits."""
        line = httpx.Client(transport=httpx.MockTransport(handle), base_url=ORIGIN)
        return Account(line, phone.store.note("token"))


def tap(phone: VirtualPhone, sale: Sale) -> Reply:
    """Tap the phone on the till, without a reader between."""
    phone.power_cycle()
    phone.respond(apdu.select())
    answers = [phone.respond(link) for link in apdu.present(sale.presentation)]
    reply = answers[-1][:-2]
    if answers[-1][-2] == 0x61:
        reply += phone.respond(apdu.get_response(answers[-1][-1]))[:-2]
    return read_reply(reply)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with in_process(fresh_sqlite(tmp_path)) as shop:
        yield Town(shop=shop, till=shop.till())


@pytest.fixture
def phone(town: Town, tmp_path: Path) -> Iterator[VirtualPhone]:
    """A phone that has signed up and synced."""
    with VirtualPhone(tmp_path / "phone", owner=PAYS_UNASKED, clock=town.shop.clock) as phone:
        account = town.account(phone)
        phone.sign_up(account, backend=ORIGIN, name="小林")
        phone.sync(account)
        yield phone


def test_after_sign_up_it_holds_play_money_and_spares_for_shops_to_come(phone: VirtualPhone, town: Town) -> None:
    assert phone.account_id is not None
    assert phone.backend == ORIGIN
    assert [(held.amount, held.currency) for held in town.account(phone).balances()] == [(1_000_00, "CNY")]
    assert phone.store.spares(town.now()) == SPARES
    assert phone.store.promisable(town.now()) == {"CNY": 500_00}
    assert len({held.kid for held in phone.store.credentials()}) == SPARES


def test_it_pays_by_tap_without_any_network(phone: VirtualPhone, town: Town) -> None:
    phone.owner = replace(PAYS_UNASKED, network=False)
    reply = tap(phone, town.till.sale(1880, online=False))
    assert isinstance(reply, Authorises)
    key = Credential.read(reply.wallet_credential, phone.wallet.issuers).key
    assert Authorisation.read(reply.authorisation, key).claims.offline_allowed
    authorised = phone.wait_for_event(Authorised, 0)
    assert authorised is not None
    assert (authorised.payment.merchant, authorised.payment.total_minor) == ("晨光咖啡", 1880)


def test_a_restarted_phone_is_the_same_phone(phone: VirtualPhone, town: Town, tmp_path: Path) -> None:
    sale, account_id = town.till.sale(1880), phone.account_id
    first = tap(phone, sale)
    phone.close()
    with VirtualPhone(tmp_path / "phone", clock=town.shop.clock) as again:
        assert tap(again, sale) == first
        again.sync(town.account(again))
        assert again.account_id == account_id


def test_a_tap_is_booked_and_its_receipt_kept(phone: VirtualPhone, town: Town) -> None:
    sale = town.till.sale(1880)
    receipt = town.book(sale, tap(phone, sale), accepted_offline=False)
    for link in apdu.result(receipt):
        assert phone.respond(link) == b"\x90\x00"
    (paid,) = phone.store.history()
    assert (paid.outcome, paid.taken_minor) == (Outcome.APPROVED, 1880)
    phone.sync(town.account(phone))
    assert phone.store.spendable_minor("CNY") == 1_000_00 - 1880
    assert phone.store.promisable(town.now()) == {"CNY": 500_00}


def test_a_receipt_that_never_reached_the_phone_comes_with_the_next_sync(phone: VirtualPhone, town: Town) -> None:
    sale = town.till.sale(1880)
    town.book(sale, tap(phone, sale), accepted_offline=True)
    assert phone.store.history()[0].outcome is None
    phone.sync(town.account(phone))
    assert phone.store.history()[0].outcome is Outcome.APPROVED


def test_a_declined_promise_is_free_once_the_backend_can_take_it_no_more(phone: VirtualPhone, town: Town) -> None:
    sale = town.till.sale(1880)
    signed = tap(phone, sale)
    kid = b64u(phone.store.history()[0].kid)
    town.shop.operator.call("POST", "/denylist", {"kid": kid, "why": "lost"})
    town.book(sale, signed, accepted_offline=False)
    phone.sync(town.account(phone))
    assert phone.store.history()[0].outcome is Outcome.DECLINED
    assert phone.store.promisable(town.now()) == {"CNY": 500_00 - 1880}  # the till may have accepted it offline
    assert phone.store.promised(town.now()) == {"CNY": 1880}
    assert town.till.cancel(sale).json()["status"] == "cancelled"
    phone.sync(town.account(phone))
    assert phone.store.promisable(town.now()) == {"CNY": 500_00}


def test_a_used_spare_is_replaced_when_it_is_online_again(phone: VirtualPhone, town: Town) -> None:
    tap(phone, town.till.sale(1880))
    assert phone.store.spares(town.now()) == SPARES - 1
    phone.sync(town.account(phone))
    assert phone.store.spares(town.now()) == SPARES


def test_credentials_are_renewed_before_they_run_out_altogether(phone: VirtualPhone, town: Town) -> None:
    town.shop.clock.advance(8 * 86_400)
    assert phone.store.spares(town.now()) == 0
    phone.sync(town.account(phone))
    assert isinstance(tap(phone, town.till.sale(1880)), Authorises)


def test_a_request_that_broke_off_costs_no_key(phone: VirtualPhone, town: Town, tmp_path: Path) -> None:
    tap(phone, town.till.sale(1880))

    def fails(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/credentials"):
            raise httpx.ReadTimeout("gone", request=request)
        return town.shop.http.send(request)

    for _ in range(3):
        with pytest.raises(BackendUnreachableError, match="gone"):
            phone.sync(town.altered(phone, fails))
    phone.sync(town.account(phone))
    assert len(list((tmp_path / "phone" / "keys").glob("*.key"))) == SPARES + 1


@pytest.mark.parametrize("doing", ["sign up", "sync", "scan"])
def test_without_network_it_does_nothing_online(doing: str, phone: VirtualPhone, town: Town) -> None:
    phone.owner = Owner(network=False)
    account = town.account(phone)
    actions: dict[str, Callable[[], object]] = {
        "sign up": lambda: phone.sign_up(account, backend=ORIGIN, name="小林"),
        "sync": lambda: phone.sync(account),
        "scan": lambda: phone.scan(account, f"{ORIGIN}/t/AAAAAAAAAAAAAAAAAAAAAA"),
    }
    with pytest.raises(BackendUnreachableError, match="offline"):
        actions[doing]()


def test_it_cannot_sync_before_it_has_signed_up(town: Town, tmp_path: Path) -> None:
    with VirtualPhone(tmp_path / "new") as fresh, pytest.raises(BackendUnreachableError, match="signed up"):
        fresh.sync(town.account(fresh))


def test_a_token_nobody_knows_is_refused(phone: VirtualPhone, town: Town) -> None:
    with pytest.raises(BackendRefusedError) as caught:
        Account(town.shop.http, "wrong").balances()
    assert caught.value.status == 401


def test_a_lost_key_is_said(phone: VirtualPhone, town: Town, tmp_path: Path) -> None:
    phone.close()
    for path in (tmp_path / "phone" / "keys").glob("*.key"):
        path.unlink()
    with VirtualPhone(tmp_path / "phone", owner=PAYS_UNASKED, clock=town.shop.clock) as again:
        with pytest.raises(ConfigError, match="missing"):
            again.wallet.answer(town.till.sale(1880).presentation)
        assert again.store.history() == []


# --- tag and QR --------------------------------------------------------------------------------------------------


def fragment(sale: Sale) -> str:
    return f"{ORIGIN}/t#{sale.text}"


def test_paid_by_an_offline_terminals_qr_it_has_a_code_and_answers_a_tap_with_the_receipt(
    phone: VirtualPhone, town: Town
) -> None:
    sale = town.till.sale(1880, online=False)
    paid = phone.scan(town.account(phone), fragment(sale))
    assert (paid.status, paid.total, paid.merchant.name) == ("approved", 1880, "晨光咖啡")
    assert paid.confirmation_code == confirmation_code(town.till.confirmation_secret, paid.intent_id.bytes, 1880)
    reply = tap(phone, sale)
    assert isinstance(reply, AlreadyPaid)
    assert b64u(reply.receipt) == paid.receipt
    assert [held.amount for held in town.account(phone).balances()] == [1_000_00 - 1880]


def test_paid_by_the_id_of_a_registered_intent(phone: VirtualPhone, town: Town) -> None:
    sale = town.till.sale(1880)
    url = town.till.put(sale).json()["url"]
    assert phone.scan(town.account(phone), url).status == "approved"
    assert isinstance(tap(phone, sale), AlreadyPaid)


def test_what_a_tap_has_signed_is_not_paid_by_qr(phone: VirtualPhone, town: Town) -> None:
    sale = town.till.sale(1880)
    first = tap(phone, sale)
    with pytest.raises(RefusedError, match="by tap"):
        phone.scan(town.account(phone), fragment(sale))
    assert tap(phone, sale) == first


def test_a_refusal_leaves_the_tap_open(phone: VirtualPhone, town: Town) -> None:
    sale = town.till.sale(2_000_00)
    with pytest.raises(BackendRefusedError, match="insufficient funds"):
        phone.scan(town.account(phone), fragment(sale))
    town.shop.http.post(
        "/wallet/v1/top-ups",
        json={"amount": 1_500_00, "currency": "CNY"},
        headers={"Authorization": f"Bearer {phone.store.note('token')}"},
    ).raise_for_status()
    phone.sync(town.account(phone))
    assert isinstance(tap(phone, sale), Authorises)


def test_an_answer_that_is_lost_leaves_it_unsure_until_the_next_sync(phone: VirtualPhone, town: Town) -> None:
    sale = town.till.sale(1880)

    def loses_the_answer(request: httpx.Request) -> httpx.Response:
        response = town.shop.http.send(request)
        if request.url.path.endswith("/pay"):
            raise httpx.ReadTimeout("too late", request=request)
        return response

    with pytest.raises(BackendUnreachableError, match="too late"):
        phone.scan(town.altered(phone, loses_the_answer), fragment(sale))
    assert tap(phone, sale) == Declines(Reason.BEGUN_ANOTHER_WAY)
    phone.sync(town.account(phone))
    assert isinstance(tap(phone, sale), AlreadyPaid)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://evil.example/t/AAAAAAAAAAAAAAAAAAAAAA", id="another service"),
        pytest.param(f"{ORIGIN}/t/AAAA", id="a short id"),
        pytest.param(f"{ORIGIN}/t/", id="no id"),
        pytest.param(f"{ORIGIN}/t", id="nothing"),
        pytest.param(f"{ORIGIN}/r/AAAA", id="a receipt"),
        pytest.param(f"{ORIGIN}/t#AAAA", id="no presentation"),
        pytest.param(f"{ORIGIN}/t#" + "A" * 1_000, id="endless"),
        pytest.param("http://[", id="no URL"),
    ],
)
def test_what_is_nothing_to_pay_is_not_asked_for(url: str, phone: VirtualPhone, town: Town) -> None:
    with pytest.raises(MalformedError):
        phone.scan(town.account(phone), url)


@pytest.mark.parametrize("later_s", [1_000, 91 * 86_400], ids=["intent expired", "terminal's credential expired"])
def test_a_qr_out_of_time_is_not_paid(later_s: int, phone: VirtualPhone, town: Town) -> None:
    url = fragment(town.till.sale(1880))
    town.shop.clock.advance(later_s)
    with pytest.raises(RefusedError):
        phone.scan(town.account(phone), url)


def test_a_strangers_qr_is_not_paid(phone: VirtualPhone, town: Town) -> None:
    stranger = b64u(BenchTill(issuer=SoftwareKey.generate()).presentation())
    with pytest.raises(SignatureError):
        phone.scan(town.account(phone), f"{ORIGIN}/t#{stranger}")


# --- events ------------------------------------------------------------------------------------------------------


def test_events_can_be_waited_for_from_a_mark_on(phone: VirtualPhone, town: Town) -> None:
    tap(phone, town.till.sale(1880))
    mark = phone.mark()
    assert phone.wait_for_event(Authorised, 0, since=mark) is None
    tap(phone, town.till.sale(1990))
    authorised = phone.wait_for_event(Authorised, 0, since=mark)
    assert authorised is not None
    assert authorised.payment.total_minor == 1990
    assert len(phone.events_since(mark)) == 1


def test_only_the_last_thousand_events_are_kept(phone: VirtualPhone) -> None:
    for _ in range(1_010):
        phone.wallet.answer(b"")
    assert (phone.mark(), len(phone.events_since())) == (1_010, 1_000)
    assert len(phone.events_since(1_005)) == 5
