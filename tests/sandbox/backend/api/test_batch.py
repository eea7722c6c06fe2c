# SPDX-License-Identifier: Apache-2.0
"""Batches (backend API): one verdict an item, in the same order; one bad item harms no other."""

from typing import Any

import pytest

from sandbox.backend.api import batch
from sandbox.backend.payments import payments, straight_through
from tests.support.backend import Shop


def test_every_item_gets_its_own_verdict(shop: Shop) -> None:
    till, stranger, wallet, second = shop.till(), shop.till(), shop.wallet(), shop.wallet()
    good, twice, poor, foreign = (till.sale(10_00, online=False), till.sale(20_00, online=False),
                                  till.sale(199_00, online=False), stranger.sale(1_00, online=False))  # fmt: skip
    second.call("POST", "/top-ups", {"amount": 1, "currency": "CNY"})
    till.pay(till.sale(900_00), second)
    authorisation = wallet.authorise(twice)
    items: list[Any] = [
        till.item(good, wallet, wallet.authorise(good), offline=True),
        "not an item",
        till.item(twice, wallet, authorisation, offline=True),
        {**till.item(good, wallet, wallet.authorise(good), offline=True), "presentation": "AA"},
        till.item(poor, second, second.authorise(poor), offline=True),
        stranger.item(foreign, wallet, wallet.authorise(foreign), offline=True),
        till.item(twice, wallet, authorisation, offline=True),
    ]
    verdicts = till.call("POST", "/payments/batch", {"payments": items}).json()["verdicts"]
    assert [(verdict["status"], verdict["code"]) for verdict in verdicts] == [
        ("approved", "approved"),
        ("error", "invalid_request"),
        ("approved", "approved"),
        ("error", "bad_presentation"),
        ("declined", "insufficient_funds"),
        ("error", "not_found"),
        ("approved", "approved"),
    ]
    assert verdicts[2]["receipt"] == verdicts[6]["receipt"]
    assert wallet.balance() == 970_00


def test_what_there_is_no_time_for_is_asked_for_later(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty go straight through together; then time is over, as after a long wait for the database."""
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(1_00), wallet)  # a first one is never straight
    sales = [till.sale(1_00, online=False) for _ in range(23)]
    items = [till.item(sale, wallet, wallet.authorise(sale), offline=True) for sale in sales]
    book_some = straight_through.book_some

    def slowly(*given: Any) -> Any:
        shop.clock.advance(int(batch.BUDGET_S) + 1)
        return book_some(*given)

    monkeypatch.setattr(straight_through, "book_some", slowly)
    first = till.call("POST", "/payments/batch", {"payments": items}).json()["verdicts"]
    assert [verdict["code"] for verdict in first] == ["approved"] * 20 + ["unavailable"] * 3
    assert {verdict["status"] for verdict in first[20:]} == {"error"}
    again = till.call("POST", "/payments/batch", {"payments": items[20:]}).json()["verdicts"]
    assert [verdict["code"] for verdict in again] == ["approved"] * 3
    assert wallet.balance() == 1_000_00 - 24_00


def test_an_item_in_conflict_is_an_item_error(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(1_00, online=False)
    till.pay(sale, wallet, offline=True)
    item = till.item(sale, wallet, wallet.authorise(sale), offline=True)
    verdict = till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"][0]
    assert (verdict["status"], verdict["code"], verdict["problem"]["status"]) == ("error", "conflict", 409)


@pytest.mark.parametrize(("count", "status"), [(0, 200), (200, 200), (201, 422)])
def test_at_most_200(shop: Shop, count: int, status: int) -> None:
    till = shop.till()
    for body in ({"payments": [1] * count}, [1] * count):  # a bare array is taken too
        answer = till.call("POST", "/payments/batch", body)
        assert answer.status_code == status
        assert status == 422 or len(answer.json()["verdicts"]) == count


def test_the_same_batch_again_gives_the_same_verdicts(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sales = [till.sale(10_00 + n, online=False) for n in range(5)]
    body = {"payments": [till.item(sale, wallet, wallet.authorise(sale), offline=True) for sale in sales]}
    first, again = (till.call("POST", "/payments/batch", body).json() for _ in range(2))
    assert first == again
    assert wallet.balance() == 1_000_00 - 50_10


BEFORE, WHILE, JUDGING = (straight_through, "_plan"), (straight_through, "_move_money"), (payments, "take")


@pytest.mark.parametrize(
    ("buggy", "codes"),
    [
        ([BEFORE], ["approved", "approved", "approved"]),
        ([WHILE], ["approved", "approved", "approved"]),
        ([BEFORE, JUDGING], ["approved", "internal_error", "approved"]),
        ([WHILE, JUDGING], ["approved", "internal_error", "approved"]),
    ],
    ids=["before it is booked", "while it is", "before, and judging", "while, and judging"],
)
def test_a_bug_in_one_item_harms_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, buggy: list[tuple[Any, str]], codes: list[str]
) -> None:
    till, wallet = shop.till(), shop.wallet()
    sales = [till.sale(10_00 + n, online=False) for n in range(3)]

    def failing(right: Any) -> Any:
        def fails_for_one(first: Any, of: Any) -> Any:
            if getattr(of, "presented", of).presentation.intent.claims.amount_minor == 10_01:
                raise KeyError("a bug")
            return right(first, of)

        return fails_for_one

    for where, name in buggy:
        monkeypatch.setattr(where, name, failing(getattr(where, name)))
    items = [till.item(sale, wallet, wallet.authorise(sale), offline=True) for sale in sales]
    answer = till.call("POST", "/payments/batch", {"payments": items})
    assert (answer.status_code, [verdict["code"] for verdict in answer.json()["verdicts"]]) == (200, codes)
    approved = [sale.intent.claims.amount_minor for sale, code in zip(sales, codes, strict=True) if code == "approved"]
    assert wallet.balance() == 1_000_00 - sum(approved)


def test_a_promise_for_an_intent_that_ended_before_its_time_has_a_verdict(shop: Shop) -> None:
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    time = shop.clock.now() + 601
    early = till.sale(10_00, issued_at=time)
    assert till.pay(early, first, first.authorise(early, authorised_at=time)).json()["code"] == "not_yet"
    item = till.item(early, second, second.authorise(early, authorised_at=time), offline=True)
    [verdict] = till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
    assert (verdict["status"], verdict["code"], verdict["borne_by"]) == ("declined", "not_yet", "merchant")
