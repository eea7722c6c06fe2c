# SPDX-License-Identifier: Apache-2.0
"""Many at once, on SQLite, through real threads and sockets. PostgreSQL: `test_postgres.py`."""

from concurrent.futures import ThreadPoolExecutor

from tests.support.backend import Shop
from tests.support.races import (
    another_token_beside_a_strangers_key,
    claims_at_once,
    everybody_at_once,
    guaranteed_at_once,
    one_id_of_two_terminals_at_once,
    paid_or_cancelled,
    the_last_place_of_an_account,
)


def test_everybody_pays_one_intent_at_once(real_shop: Shop) -> None:
    till = real_shop.till()
    everybody_at_once(real_shop, till, till.sale(18_80))


def test_the_same_request_at_once_gives_the_same_answer(real_shop: Shop) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: till.pay(sale, wallet, authorisation).json(), range(20)))
    assert answers == [answers[0]] * 20
    assert wallet.balance() == 981_20


def test_what_the_platform_bears_of_a_terminal_has_an_end_also_at_once(real_shop: Shop) -> None:
    guaranteed_at_once(real_shop)


def test_the_last_place_of_an_account_is_taken_once(real_shop: Shop) -> None:
    the_last_place_of_an_account(real_shop)


def test_one_id_of_two_terminals_at_once_is_each_ones_own(real_shop: Shop) -> None:
    one_id_of_two_terminals_at_once(real_shop)


def test_cancel_and_payment_at_once_end_one_way(real_shop: Shop) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    orders = [(sale := till.sale(1_00), wallet.authorise(sale)) for _ in range(10)]
    with ThreadPoolExecutor(20) as pool:
        paying = [pool.submit(till.pay, sale, wallet, signed) for sale, signed in orders]
        cancelling = [pool.submit(till.cancel, sale) for sale, _ in orders]
        assert {done.result().status_code for done in [*paying, *cancelling]} == {200}
    assert {till.status(sale) for sale, _ in orders} == {"cancelled"}
    assert wallet.balance() == 1_000_00


def test_paid_by_the_page_in_the_moment_when_time_is_over(real_shop: Shop) -> None:
    paid_or_cancelled(real_shop, real_shop.till(), real_shop.wallet())


def test_claims_at_once_end_none_of_each_other(real_shop: Shop) -> None:
    claims_at_once(real_shop)


def test_another_token_beside_a_strangers_key_leaves_none_that_pays(real_shop: Shop) -> None:
    another_token_beside_a_strangers_key(real_shop)
