# SPDX-License-Identifier: Apache-2.0
"""A copied key (backend API): what a copy would do waits for a person, all hear of it, the true terminal goes on."""

import dataclasses
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Credential
from sandbox.backend.records.tables import EventKind, EventRow
from sandbox.backend.terminals import suspicion
from sandbox.backend.terminals.suspicion import OPEN_MOST
from tests.support.backend import Shop
from tests.support.shop import Till, Wallet

DAY_S = 86_400
OF_THE_CARD, OF_THE_COPY = 11, 22
"""Epochs."""


def beat(till: Till, sequence: int, signed: str | None, epoch: int = OF_THE_CARD) -> httpx.Response:
    body = {"head": {"epoch": epoch, "sequence": sequence, "hash": "AAAA"}, "signed_head": signed}
    return till.call("POST", "/terminal/heartbeat", body)


def ask_for(till: Till, key: SoftwareKey) -> httpx.Response:
    proof = b64u(sign1(key, Context.CREDENTIAL_REQUEST, till.terminal_id.encode()))
    body = {"public_key": PublicKey.of(key).to_jwk(), "proof": proof}
    return till.call("POST", "/terminal/credential", body)


def reviews(shop: Shop, state: str = "open") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.operator.call("GET", f"/reviews?state={state}").json()["reviews"]
    return found


def decide(shop: Shop, *, approve: bool) -> None:
    """Of the newest that is open."""
    number = reviews(shop)[-1]["review_id"]
    assert shop.operator.call("POST", f"/reviews/{number}", {"approve": approve}).status_code == 204


def told(shop: Shop, till: Till) -> list[str]:
    """The alarms that the shop has heard of."""
    with shop.backend.db.read() as session:
        found = select(EventRow).where(EventRow.terminal_id == till.terminal_id, EventRow.kind == EventKind.ALARM)
        return [row.data["kind"] for row in session.scalars(found.order_by(EventRow.seq))]


def suspected(shop: Shop, till: Till) -> bool:
    [entry] = [one for one in shop.operator.call("GET", "/terminals").json() if one["terminal_id"] == till.terminal_id]
    return entry["suspected_since"] is not None


@pytest.fixture
def copy(till: Till) -> Till:
    """All that the card holds, in other hands."""
    return dataclasses.replace(till)


def test_a_copys_own_epoch_is_held_and_the_true_journal_goes_on(shop: Shop, till: Till, copy: Till) -> None:
    first = beat(till, 5, None).json()["signed_head"]
    stolen = beat(copy, 1, None, OF_THE_COPY).json()["signed_head"]  # 409 head_behind gives the head away
    assert stolen == first
    for sequence in (1, 2, 3):
        assert beat(copy, sequence, stolen, OF_THE_COPY).json()["code"] == "epoch_held"
        answer = beat(till, 5 + sequence, first)
        assert answer.status_code == 200
        first = stolen = answer.json()["signed_head"]
    assert (shop.operator.alarms(), told(shop, till)) == (["new_epoch"], ["new_epoch"])
    [review] = reviews(shop)
    assert (review["kind"], review["why"], review["subject"]) == ("epoch", "suspected", str(OF_THE_COPY))
    assert (review["detail"]["known"]["epoch"], review["detail"]["shown"]["epoch"]) == (OF_THE_CARD, OF_THE_COPY)


def test_a_refused_epoch_is_never_signed_and_the_key_stays_suspected(shop: Shop, till: Till, copy: Till) -> None:
    first = beat(till, 5, None).json()["signed_head"]
    beat(copy, 1, first, OF_THE_COPY)
    decide(shop, approve=False)
    assert beat(copy, 2, first, OF_THE_COPY).json()["code"] == "review_refused"
    second = beat(till, 6, first).json()["signed_head"]
    assert suspected(shop, till)
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/trust").status_code == 204
    assert not suspected(shop, till)
    assert beat(copy, 3, second, OF_THE_COPY).json()["code"] == "review_refused"
    assert shop.operator.call("POST", "/terminals/T-NONE/trust").status_code == 404


def test_an_epoch_is_let_in_once_and_the_one_before_asks_anew(shop: Shop, till: Till, copy: Till) -> None:
    first = beat(till, 5, None).json()["signed_head"]
    beat(copy, 1, first, OF_THE_COPY)
    decide(shop, approve=True)
    assert not suspected(shop, till)
    second = beat(copy, 1, first, OF_THE_COPY).json()["signed_head"]
    assert beat(till, 6, second).json()["code"] == "epoch_held"
    decide(shop, approve=True)
    third = beat(till, 6, second).json()["signed_head"]
    assert beat(copy, 9, third, OF_THE_COPY).json()["code"] == "head_behind"
    assert shop.operator.alarms()[0] == "head_went_back"
    assert suspected(shop, till)


def test_a_restored_card_works_online_meanwhile(shop: Shop, till: Till, copy: Till, wallet: Wallet) -> None:
    first = beat(till, 5, None).json()["signed_head"]
    beat(copy, 1, first, OF_THE_COPY)
    sale = copy.sale(18_80)
    assert copy.put(sale).status_code == 200
    assert copy.pay(sale, wallet).json()["status"] == "approved"
    assert copy.call("GET", "/terminal/config").status_code == 200


@pytest.mark.parametrize("sign", ["epoch", "renewal", "head"])
def test_while_suspected_what_gives_money_back_waits_and_what_was_not_paid_ends(
    shop: Shop, till: Till, copy: Till, wallet: Wallet, sign: str
) -> None:
    paid, other, unpaid = till.sale(18_80), till.sale(5_00), till.sale(7_00)
    till.pay(paid, wallet)
    till.pay(other, wallet)
    first = beat(till, 5, None).json()["signed_head"]
    match sign:
        case "epoch":
            beat(copy, 1, first, OF_THE_COPY)
        case "renewal":
            ask_for(copy, SoftwareKey.generate())
        case _:
            beat(copy, 4, first)
    assert copy.refund(paid).json()["state"] == "held"
    assert copy.cancel(other).json()["status"] == "held"
    assert copy.cancel(unpaid).json()["status"] == "cancelled"
    assert wallet.balance() == 1_000_00 - 23_80
    assert {review["why"] for review in reviews(shop)} == {"suspected"}
    assert [review["kind"] for review in reviews(shop)] == [sign, "refund", "cancel"]
    assert till.pay(till.sale(1_00), wallet).json()["status"] == "approved"


def test_decided_refunds_are_done_at_once_again(shop: Shop, till: Till, copy: Till, wallet: Wallet) -> None:
    paid = till.sale(18_80)
    till.pay(paid, wallet)
    first = beat(till, 5, None).json()["signed_head"]
    beat(copy, 4, first)
    beat(copy, 1, first, OF_THE_COPY)
    decide(shop, approve=True)
    assert till.refund(paid, 1_00).json()["state"] == "held"  # one of two is still open
    [head, refund] = reviews(shop)
    assert shop.operator.call("POST", f"/reviews/{head['review_id']}", {"approve": True}).status_code == 204
    assert till.refund(paid, 2_00).json()["state"] == "done"
    assert [review["review_id"] for review in reviews(shop)] == [refund["review_id"]]


def test_a_copys_new_key_is_held_and_the_true_key_lives_on(shop: Shop, till: Till, copy: Till, wallet: Wallet) -> None:
    new = SoftwareKey.generate()
    for _ in range(3):
        assert ask_for(copy, new).json()["code"] == "renewal_held"
    assert copy.call("GET", "/terminal/config", signer=new).status_code == 401
    assert till.pay(till.sale(18_80), wallet).json()["status"] == "approved"
    assert (shop.operator.alarms(), told(shop, till)) == (["new_key"], ["new_key"])
    [review] = reviews(shop)
    assert review["detail"] == {"fingerprint": PublicKey.of(new).fingerprint}
    decide(shop, approve=False)
    assert ask_for(copy, new).json()["code"] == "review_refused"
    assert copy.call("GET", "/terminal/config", signer=new).status_code == 401
    assert till.call("GET", "/terminal/config").status_code == 200


def test_with_another_key_that_was_let_in_the_copy_is_worth_nothing(shop: Shop, till: Till, copy: Till) -> None:
    first = beat(till, 5, None).json()["signed_head"]
    beat(copy, 1, first, OF_THE_COPY)
    decide(shop, approve=False)
    new = SoftwareKey.generate()
    ask_for(till, new)
    decide(shop, approve=True)
    till.credential, till.key = unb64u(ask_for(till, new).json()["credential"]), new
    assert suspected(shop, till)  # until it is used: the key that was copied still counts
    assert beat(till, 6, first).status_code == 200
    assert not suspected(shop, till)
    assert beat(copy, 2, first, OF_THE_COPY).status_code == 401


@pytest.mark.parametrize("flood", ["epochs", "keys"])
def test_a_key_that_asks_without_end_makes_no_table_grow(shop: Shop, till: Till, copy: Till, flood: str) -> None:
    first = beat(till, 5, None).json()["signed_head"]
    for number in range(OPEN_MOST + 3):
        if flood == "epochs":
            assert beat(copy, 1, first, OF_THE_COPY + number).json()["code"] == "epoch_held"
        else:
            assert ask_for(copy, SoftwareKey.generate()).json()["code"] == "renewal_held"
    assert len(reviews(shop)) == len(shop.operator.alarms()) == len(told(shop, till)) == OPEN_MOST
    assert beat(till, 6, first).status_code == 200


def test_a_head_that_goes_back_again_and_again_is_one_matter(shop: Shop, till: Till, copy: Till) -> None:
    first = beat(till, 5, None).json()["signed_head"]
    for _ in range(3):
        assert beat(copy, 4, first).json()["code"] == "head_behind"
        shop.clock.advance(60)
    assert (len(reviews(shop)), told(shop, till)) == (1, ["head_went_back"])


@pytest.mark.parametrize(
    ("ages_days", "early"),
    [([61], False), ([61, 0], False), ([40], True), ([61, 10], True), ([90], False)],
    ids=["due", "its answer was lost", "early", "a copy after it", "at its end"],
)
def test_a_renewal_long_before_its_time_is_an_alarm_and_done(
    shop: Shop, till: Till, ages_days: list[int], early: bool
) -> None:
    for days in ages_days:
        shop.clock.advance(days * DAY_S)
        assert till.call("POST", "/terminal/credential", {}).status_code == 200
    alarms = ["early_renewal"] if early else []
    assert (shop.operator.alarms(), told(shop, till), suspected(shop, till)) == (alarms, alarms, False)


def test_a_chain_of_renewals_each_within_a_day_of_the_last_is_an_alarm(shop: Shop, till: Till) -> None:
    """The second of two within a day is the first again, and no renewal to count a day from."""
    hours, ends = 23 * 3_600, []
    for _ in range(4):
        shop.clock.advance(hours)
        answer = till.call("POST", "/terminal/credential", {}).json()
        ends.append(Credential.read(unb64u(answer["credential"]), till.issuers).expires_at)
    assert (ends[0] == Credential.read(till.credential, till.issuers).expires_at, ends[1] == ends[2]) == (True, True)
    assert ends[1] - ends[0] == ends[3] - ends[2] == 2 * hours
    assert (shop.operator.alarms(), told(shop, till)) == (["early_renewal"], ["early_renewal"] * 2)


def test_a_copys_cancel_is_no_answer_to_the_true_terminals_sale(
    shop: Shop, till: Till, copy: Till, wallet: Wallet
) -> None:
    stored = till.sale(18_80)
    signed = wallet.authorise(stored)
    beat(copy, 4, beat(till, 5, None).json()["signed_head"])
    assert copy.cancel(stored).json()["status"] == "cancelled"
    assert till.pay(stored, wallet, signed, offline=True).json()["status"] == "approved"
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/trust").status_code == 204
    assert till.cancel(stored).json()["status"] == "settled"
    assert till.refund(stored).json()["state"] == "done"


@pytest.mark.parametrize("answer", ["open", "refused"])
@pytest.mark.parametrize("sign", ["epoch", "renewal", "head"])
def test_what_comes_again_after_trust_is_suspected_again(
    shop: Shop, till: Till, copy: Till, wallet: Wallet, sign: str, answer: str
) -> None:
    paid, first, new = till.sale(18_80), beat(till, 5, None).json()["signed_head"], SoftwareKey.generate()
    till.pay(paid, wallet)

    def come() -> None:
        match sign:
            case "epoch":
                beat(copy, 1, first, OF_THE_COPY)
            case "renewal":
                ask_for(copy, new)
            case _:
                beat(copy, 4, first)

    come()
    if answer == "refused":
        decide(shop, approve=False)
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/trust").status_code == 204
    shop.clock.advance(60)
    come()
    come()
    assert suspected(shop, till)
    assert len(told(shop, till)) == sum(alarm["count"] for alarm in shop.operator.call("GET", "/alarms").json()) == 2
    assert copy.refund(paid).json()["state"] == "held"


def test_beyond_the_most_reviews_a_new_epoch_after_trust_is_suspected_again(shop: Shop, till: Till, copy: Till) -> None:
    first = beat(till, 5, None).json()["signed_head"]
    for number in range(OPEN_MOST):
        beat(copy, 1, first, OF_THE_COPY + number)
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/trust").status_code == 204
    beat(copy, 1, first, OF_THE_COPY + OPEN_MOST)
    assert suspected(shop, till)
    assert (len(reviews(shop)), len(told(shop, till))) == (OPEN_MOST, OPEN_MOST + 1)


def opens(shop: Shop, till: Till, *processes: str) -> list[bool]:
    """Whether the streams of others are ended, for each process that opens one."""
    now = shop.clock.now()
    noting = [partial(suspicion.note_stream, terminal_id=till.terminal_id, process=one, now=now) for one in processes]
    return [shop.backend.db.write(note) for note in noting]


def test_a_copy_under_ever_new_names_makes_the_true_one_no_stranger(shop: Shop, till: Till) -> None:
    """The true process is forgotten for none of them, however long it had listened: that there are so many shows."""
    opens(shop, till, "true")
    shop.clock.advance(DAY_S)
    many = [f"copy-{number}" for number in range(suspicion.STREAMS_KNOWN_MOST)]
    assert opens(shop, till, *many) == [True] * (suspicion.STREAMS_KNOWN_MOST - 1) + [False]
    assert (told(shop, till), suspected(shop, till)) == (["second_stream"], True)
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/trust").status_code == 204
    assert opens(shop, till, "true") == [False]
    assert suspected(shop, till)


def test_a_terminal_that_starts_again_now_and_then_is_no_copy(shop: Shop, till: Till) -> None:
    for number in range(3 * suspicion.STREAMS_KNOWN_MOST):
        opens(shop, till, f"start-{number}")
        shop.clock.advance(60)
    assert (told(shop, till), suspected(shop, till)) == ([], False)
