# SPDX-License-Identifier: Apache-2.0
"""Wallets that are false in one point. Source: tap protocol §2, "The terminal accepts an authorisation only if"."""

from typing import Any

import pytest

from pengpos.core.reasons import Reason
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.credential import Merchant, Role
from pengpos.wire.objects.reply import Declines, encode_reply
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, assert_says, until
from tests.support.forger import Forger
from tests.support.live_sandbox import LiveSandbox

STRANGER = SoftwareKey.generate()


@pytest.fixture
def forger(sandbox: LiveSandbox) -> Forger:
    return Forger(issuer=sandbox.backend.issuer, clock=sandbox.clock)


FALSE: dict[str, tuple[dict[str, Any], Reason]] = {
    "a credential by a stranger": ({"credential": {"issuer": STRANGER}}, Reason.NOT_A_WALLET),
    "a terminal's credential": (
        {"credential": {"role": Role.TERMINAL, "subject": "T-1", "merchant": Merchant(merchant_id="M", name="m")}},
        Reason.NOT_A_WALLET,
    ),
    "a credential that has run out": ({"credential": {"issued_at": 1, "expires_at": 2}}, Reason.CREDENTIAL_EXPIRED),
    "signed by another key": ({"signs_with": STRANGER}, Reason.NOT_A_WALLET),
    "for another intent": ({"claims": {"intent_digest": bytes(32)}}, Reason.NOT_A_WALLET),
    "for less": ({"claims": {"total_minor": 18_79}}, Reason.WRONG_TOTAL),
    "for more": ({"claims": {"total_minor": 18_81}}, Reason.WRONG_TOTAL),
    "with a tip that is not in the total": ({"claims": {"tip_minor": 1}}, Reason.WRONG_TOTAL),
    "with a voucher that is none": ({"claims": {"vouchers": (b"\xa0",)}}, Reason.WRONG_TOTAL),
    "with a pass that is none": ({"claims": {"membership": b"\xa0"}}, Reason.WRONG_TOTAL),
    "authorised a year ago": ({"claims": {"authorised_at": 1_760_000_000}}, Reason.EXPIRED),
    "authorised in a year": ({"claims": {"authorised_at": 1_860_000_000}}, Reason.EXPIRED),
    "with a byte too many": ({"edit": lambda reply: reply + b"\x00"}, Reason.NOT_A_WALLET),
    "with a byte missing": ({"edit": lambda reply: reply[:-1]}, Reason.NOT_A_WALLET),
    "of another kind": ({"edit": lambda reply: b"\x82\x09\x00"}, Reason.NOT_A_WALLET),
    "empty": ({"edit": lambda reply: b""}, Reason.NOT_A_WALLET),
}


@pytest.mark.parametrize(("lie", "reason"), FALSE.values(), ids=FALSE)
def test_a_false_wallet_is_refused_and_an_honest_one_pays(
    counter: Counter, forger: Forger, phone: VirtualPhone, lie: dict[str, Any], reason: Reason
) -> None:
    for name, value in lie.items():
        setattr(forger, name, value)
    sale = counter.present("18.80")
    with counter.held(forger):
        sale = counter.until(sale, lambda seen: seen.reason)
        assert sale.state == "presented"
        assert_says(sale, reason)
    counter.until(sale, lambda seen: seen.prompt is None)
    assert counter.road.count("POST", "/v1/payments") == 0
    counter.tap(sale, phone, "approved")
    assert counter.booked == [18_80]


@pytest.mark.parametrize("now", [0, 1 << 33, 1 << 40, (1 << 64) - 1])
def test_a_phone_may_say_any_time(counter: Counter, forger: Forger, now: int) -> None:
    forger.edit = lambda _reply: encode_reply(Declines(Reason.PHONE_CLOCK, now))
    sale = counter.present("18.80")
    with counter.held(forger):
        sale = counter.until(sale, lambda seen: seen.reason)
    assert_says(sale, Reason.PHONE_CLOCK)
    assert sale.reason is not None
    assert sale.reason.phone_time is not None
    assert counter.status.sale is not None  # the whole snapshot is still made


@pytest.mark.parametrize(("number", "reason"), [(0, Reason.DECLINED_BY_SHOPPER), (7, Reason.BEGUN_ANOTHER_WAY), (9, 0),
                                                (16, 0), (255, 0)])  # fmt: skip
def test_a_reason_we_do_not_know_is_read_as_the_shoppers(
    counter: Counter, forger: Forger, number: int, reason: int
) -> None:
    forger.edit = lambda _reply: encode_reply(Declines(number, None))
    sale = counter.present("18.80")
    with counter.held(forger):
        sale = counter.until(sale, lambda seen: seen.reason)
    assert_says(sale, Reason(reason))


def test_the_backend_knows_no_forger_that_is_true_in_every_point(counter: Counter, forger: Forger) -> None:
    """The terminal cannot know; the backend has issued no such credential."""
    sale = counter.present("18.80")
    with counter.held(forger):
        sale = counter.until(sale, "declined")
    assert_says(sale, Reason.NOT_A_WALLET)
    assert counter.booked == []


def test_a_counter_seen_before_is_a_replay(counter: Counter, forger: Forger) -> None:
    """The backend has declined its first payment; a second one under the same counter does not even leave us."""
    sale = counter.present("18.80")
    with counter.held(forger):
        counter.until(sale, "declined")
    sale = counter.present("18.80")
    with counter.held(forger):
        sale = counter.until(sale, lambda seen: seen.reason)
    assert sale.state == "presented"
    assert_says(sale, Reason.ALREADY_USED)
    assert counter.road.count("POST", "/v1/payments") == 1


def test_a_blocked_wallet_is_told_so(counter: Counter, phone: VirtualPhone) -> None:
    counter.tap(counter.present("6.00"), phone, "approved")
    kid = next(credential.kid for credential in phone.store.credentials() if credential.merchant_id is not None)
    answer = counter.sandbox.operator.call("POST", "/denylist", {"kid": b64u(kid), "listed": True, "why": "lost"})
    assert answer.status_code == 200
    documents = counter.terminal._backend.documents
    until(lambda: documents.denylisted(kid), "the denylist, told by an event")
    sale = counter.tap(counter.present("18.80"), phone, lambda seen: seen.reason)
    assert_says(sale, Reason.CREDENTIAL_EXPIRED)
    counter.tell(sale, "cancel", {"reason": "customer"})
    counter.restart()
    assert counter.terminal._backend.documents.denylisted(kid)  # from the journal
    counter.sandbox.operator.call("POST", "/denylist", {"kid": b64u(kid), "listed": False, "why": "found"})
    documents = counter.terminal._backend.documents
    until(lambda: not documents.denylisted(kid), "taken off again")
    counter.tap(counter.present("8.00"), phone, "approved")
    assert counter.booked == [6_00, 8_00]
