# SPDX-License-Identifier: Apache-2.0
"""A phone as somebody holds it in a browser: at a reader's socket, with a live sandbox, and what it shows."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.reply import Authorises, Declines, NeedsShopper, read_reply
from pengpos.wire.session import CardSession
from sandbox.phone.field.fake_vpcd import FakeVpcd
from sandbox.phone.phone import SPARES
from sandbox.simulator import handset as module
from sandbox.simulator.handset import Handset
from sandbox.simulator.moments import Moment
from tests.support.counter import until
from tests.support.dues import spend_what_is_free
from tests.support.live_sandbox import LiveSandbox, live_sandbox
from tests.support.shop import Sale, Till, Wallet

LIMIT_S = 20.0
START_MINOR = 1_000_00


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSandbox]:
    with live_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        running.clock.unix_s = int(time.time())  # phones here have the machine's
        yield running


@pytest.fixture(scope="module")
def till(sandbox: LiveSandbox) -> Till:
    return Till.enrol(sandbox.http, sandbox.clock, sandbox.operator.activation_code())


@pytest.fixture
def reader() -> Iterator[FakeVpcd]:
    with FakeVpcd() as reader:
        yield reader


class Held:
    """A handset, and the ports it has given back."""

    def __init__(self, directory: Path, backend: str) -> None:
        self.freed: list[int] = []
        self.phone = Handset("Lin", directory, backend=backend, changed=lambda: None, free=self.freed.append)

    @property
    def view(self) -> dict[str, Any]:
        return self.phone.view()

    def until(self, kind: str) -> dict[str, Any]:
        until(lambda: self.view["screen"]["kind"] == kind, f"{kind}, not {self.view['screen']}", LIMIT_S)
        screen: dict[str, Any] = self.view["screen"]
        return screen

    def until_balance(self, minor: int) -> None:
        until(lambda: [held["amount"] for held in self.view["balance"]] == [minor], f"{minor} in its purse", LIMIT_S)

    def until_lifted(self) -> None:
        until(lambda: bool(self.freed) and not self.view["near"], "lifted", LIMIT_S)
        self.freed.clear()

    def meet(self, reader: FakeVpcd) -> CardSession:
        """Bring it, and be the reader that meets it."""
        self.phone.bring(reader.port)
        reader.wait_for_card(LIMIT_S)
        return CardSession(reader.transceive, lambda: 0.0)


@pytest.fixture
def held(sandbox: LiveSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    monkeypatch.setattr(module, "AWAY_S", 0.0)
    made = Held(tmp_path / "phone", sandbox.backend.origin)
    made.phone.refresh()
    made.until_balance(START_MINOR)
    until(lambda: made.phone._phone.store.spares(sandbox.clock.now()) == SPARES, "credentials for shops to come")
    with made.phone._backend_lock:  # the question that brought them is over
        pass
    yield made
    made.phone.close()


def pay(till: Till, sale: Sale, reply: bytes, *, offline: bool = False) -> bytes:
    """The backend has judged it; its receipt."""
    said = read_reply(reply)
    assert isinstance(said, Authorises)
    body = {
        "presentation": sale.text, "authorisation": b64u(said.authorisation),
        "wallet_credential": b64u(said.wallet_credential), "accepted_offline": offline,
        "occurred_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    answer = till.call("POST", "/payments", body)
    assert answer.status_code == 200, answer.text
    return unb64u(answer.json()["receipt"])


def test_a_payment_and_its_receipt_and_it_is_lifted(held: Held, till: Till, reader: FakeVpcd) -> None:
    sale = till.sale(18_80)
    session = held.meet(reader)
    assert held.view["near"]
    session.select()
    reply = session.present(sale.presentation)
    assert held.until("authorised")["total"] == 18_80
    session.push_result(pay(till, sale, reply))
    assert held.until("paid")["merchant"] == "晨光咖啡"
    held.until_lifted()
    held.until_balance(START_MINOR - 18_80)
    assert [paid["kind"] for paid in held.view["payments"]] == ["paid"]


@pytest.mark.parametrize("quicker", ["somebody else", "the same account"])
def test_it_says_who_was_quicker_by_the_page(
    held: Held, sandbox: LiveSandbox, till: Till, reader: FakeVpcd, quicker: str
) -> None:
    sale = till.sale(18_80)
    session = held.meet(reader)
    session.select()
    reply = session.present(sale.presentation)
    held.until("authorised")
    payer = Wallet.sign_up(sandbox.http, sandbox.clock, with_credential=False)
    if quicker == "the same account":
        payer.token = held.phone._phone.store.note("token") or ""
    till.put(sale)
    assert payer.call("POST", f"/intents/{sale.intent_id}/claim").status_code == 200
    assert payer.call("POST", f"/intents/{sale.intent_id}/pay").json()["status"] == "approved"
    pay(till, sale, reply)  # of a payment by the page the terminal has no receipt for this phone
    held.phone.take_away()
    told = held.until("paid_by_another" if quicker == "somebody else" else "paid")
    assert told["merchant"] == "晨光咖啡"
    held.until_balance(START_MINOR if quicker == "somebody else" else START_MINOR - 18_80)
    assert [payment["kind"] for payment in held.view["payments"]] == [told["kind"]]
    until(lambda: held.view["balance"][0]["promisable"] == 500_00, "what was promised can be promised again")


@pytest.mark.parametrize(
    ("wish", "hint"), [({"locked": True}, "unlock"), ({"asks_first": True}, "confirm")], ids=["locked", "asks first"]
)
def test_it_asks_and_its_owner_agrees(
    held: Held, till: Till, reader: FakeVpcd, wish: dict[str, bool], hint: str
) -> None:
    held.phone.wish(**wish)
    sale = till.sale(3_00)
    session = held.meet(reader)
    session.select()
    assert isinstance(read_reply(session.present(sale.presentation)), NeedsShopper)
    assert held.until("asked")["hint"] == hint
    held.until_lifted()
    held.phone.decide(agrees=True)
    held.until("confirmed")
    assert not held.view["wishes"]["locked"]
    session = held.meet(reader)
    session.select()
    assert isinstance(read_reply(session.present(sale.presentation)), Authorises)
    held.until("authorised")


def test_it_asks_and_its_owner_does_not_agree(held: Held, till: Till, reader: FakeVpcd) -> None:
    held.phone.wish(asks_first=True)
    sale = till.sale(3_00)
    session = held.meet(reader)
    session.select()
    session.present(sale.presentation)
    held.until("asked")
    held.until_lifted()
    held.phone.decide(agrees=False)
    held.until("denied")
    session = held.meet(reader)
    session.select()
    assert isinstance(read_reply(session.present(sale.presentation)), Declines)
    assert held.until("refused")["reason"] == 0
    held.phone.decide(agrees=True)  # nothing is asked any more
    held.until("refused")


def test_torn_before_the_receipt_it_learns_by_its_network(held: Held, till: Till, reader: FakeVpcd) -> None:
    held.phone.wish(moment=Moment.BEFORE_RECEIPT)
    sale = till.sale(4_00)
    session = held.meet(reader)
    session.select()
    receipt = pay(till, sale, session.present(sale.presentation))
    assert not session.push_result(receipt)
    held.until_lifted()
    held.until("paid")
    held.phone.wipe()
    held.phone.refresh()
    held.until_balance(START_MINOR - 4_00)
    held.until("idle")  # what it has shown it does not show again


def test_without_network_it_shows_what_the_tap_has_told(held: Held, till: Till, reader: FakeVpcd) -> None:
    held.phone.wish(network=False)
    sale = till.sale(5_00)
    session = held.meet(reader)
    session.select()
    pay(till, sale, session.present(sale.presentation))
    held.phone.take_away()
    held.until_lifted()
    held.until("authorised")
    held.phone.scan(f"{held.phone._backend}/t/AAAAAAAAAAAAAAAAAAAAAA")
    held.until("no_network")
    held.phone.wipe()
    held.phone.wish(network=True)
    held.until_balance(START_MINOR - 5_00)


def test_left_lying_it_stays_until_it_is_taken(held: Held, till: Till, reader: FakeVpcd) -> None:
    held.phone.wish(lies=True)
    sale = till.sale(6_00)
    session = held.meet(reader)
    session.select()
    session.push_result(pay(till, sale, session.present(sale.presentation)))
    held.until("paid")
    held.phone.bring(1)  # it is at a reader already
    assert (held.freed, held.view["near"]) == ([1], True)
    held.freed.clear()
    held.phone.take_away()
    held.until_lifted()


def test_taken_away_before_anybody_asked(held: Held, reader: FakeVpcd) -> None:
    held.meet(reader)
    held.phone.take_away()
    held.until_lifted()
    held.until("nothing_asked")


def test_a_new_sale_wipes_a_result_and_no_question(held: Held, till: Till, reader: FakeVpcd) -> None:
    held.meet(reader)
    held.phone.begin_anew()
    assert held.view["screen"]["kind"] == "near"
    held.phone.take_away()
    held.until("nothing_asked")
    held.until_lifted()
    held.phone.begin_anew()
    held.until("idle")
    held.phone.wish(asks_first=True)
    session = held.meet(reader)
    session.select()
    session.present(till.sale(1_00).presentation)
    held.until("asked")
    held.until_lifted()
    held.phone.begin_anew()
    held.until("asked")


def test_where_no_reader_is(held: Held) -> None:
    with FakeVpcd() as gone:
        port = gone.port
    held.phone.bring(port)
    held.until_lifted()
    held.until("no_reader")


def test_paying_by_the_code(held: Held, till: Till, sandbox: LiveSandbox) -> None:
    sale = till.sale(8_00, online=False)
    held.phone.scan(f"{sandbox.backend.origin}/t#{sale.text}")
    shown = held.until("paid")
    assert (shown["total"], len(shown["code"])) == (8_00, 8)
    held.until_balance(START_MINOR - 8_00)


def test_a_code_that_somebody_else_has_paid_is_said(held: Held, till: Till, sandbox: LiveSandbox) -> None:
    sale = till.sale(8_00, online=False)
    other = Wallet.sign_up(sandbox.http, sandbox.clock, with_credential=False)
    assert other.call("POST", f"/intents/{sale.text}/pay").json()["status"] == "approved"
    held.phone.scan(f"{sandbox.backend.origin}/t#{sale.text}")
    assert held.until("paid_by_another") == {"kind": "paid_by_another"}
    held.until_balance(START_MINOR)


def asked_after_all(held: Held, till: Till, reader: FakeVpcd) -> Sale:
    """It has promised 12.23 offline, which were declined when they were sent, and knows it."""
    sale = till.sale(12_23, online=False)
    session = held.meet(reader)
    session.select()
    pay(till, sale, session.present(sale.presentation), offline=True)
    held.phone.take_away()
    held.until_lifted()
    held.until("declined")
    until(lambda: bool(held.view["dues"]), "it is asked", LIMIT_S)
    return sale


def answer(held: Held, sale: Sale, *, pays: bool) -> None:
    held.phone.answer_due(UUID(sale.intent_id), pays=pays)


@pytest.mark.parametrize(("pays", "ends", "left"), [(True, "due_paid", 12_23), (False, "due_refused", 0)],
                         ids=["it pays", "it says no"])  # fmt: skip
def test_it_is_asked_for_what_was_declined_at_sync(
    held: Held, till: Till, reader: FakeVpcd, pays: bool, ends: str, left: int
) -> None:
    sale = asked_after_all(held, till, reader)
    due = {"kind": "due_open", "merchant": "晨光咖啡", "total": 12_23, "currency": "CNY", "currency_digits": 2,
           "why": "insufficient_funds", "intent": sale.intent_id}  # fmt: skip
    assert (held.view["dues"], held.view["screen"]["intent"]) == ([due], sale.intent_id)
    answer(held, sale, pays=pays)
    assert held.until(ends) == due | {"kind": ends}
    held.until_balance(START_MINOR - left)
    assert held.view["dues"] == []
    assert [payment["kind"] for payment in held.view["payments"]] == ["due_paid" if pays else "declined"]
    assert held.view["balance"][0]["promisable"] == 500_00


def test_it_is_asked_until_it_has_the_money(held: Held, till: Till, reader: FakeVpcd, sandbox: LiveSandbox) -> None:
    sale = asked_after_all(held, till, reader)
    owner = Wallet.sign_up(sandbox.http, sandbox.clock, with_credential=False)
    owner.token = held.phone._phone.store.note("token") or ""
    spend_what_is_free(owner)
    answer(held, sale, pays=True)
    held.until("not_enough")
    assert [due["intent"] for due in held.view["dues"]] == [sale.intent_id]


def test_what_the_shop_no_longer_asks_for_is_not_paid(held: Held, till: Till, reader: FakeVpcd) -> None:
    sale = asked_after_all(held, till, reader)
    till.refund(sale)
    answer(held, sale, pays=True)
    held.until("due_withdrawn")
    held.until_balance(START_MINOR)
    until(lambda: held.view["dues"] == [], "it is shown no more", LIMIT_S)


def test_without_network_it_answers_nobody(held: Held, till: Till, reader: FakeVpcd) -> None:
    sale = asked_after_all(held, till, reader)
    held.phone.wish(network=False)
    answer(held, sale, pays=True)
    held.until("no_network")
    assert till.call("GET", f"/intents/{sale.intent_id}").json()["payment"]["due"]["state"] == "open"


@pytest.mark.parametrize("url", ["https://elsewhere.example/t/AAAA", "not a url"], ids=["another service", "no URL"])
def test_a_code_that_is_none_is_said(held: Held, url: str) -> None:
    held.phone.scan(url)
    assert held.until("trouble")["detail"]


def test_without_a_backend_it_has_no_account_and_says_so(tmp_path: Path) -> None:
    made = Held(tmp_path / "phone", "http://127.0.0.1:9")
    try:
        made.phone.scan("http://127.0.0.1:9/t/AAAAAAAAAAAAAAAAAAAAAA")
        made.until("no_network")
        assert (made.view["account"], made.view["balance"]) == (None, [])
    finally:
        made.phone.close()
