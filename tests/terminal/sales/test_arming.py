# SPDX-License-Identifier: Apache-2.0
"""The arming: a number that only rises, and whether phones are wanted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from terminal.sales.arming import Armed, Arming


def now(arming: Arming) -> tuple[int, bool]:
    return arming.armed.number, arming.armed.wanted


def test_each_step_is_a_new_arming() -> None:
    arming = Arming()
    assert now(arming) == (0, False)
    assert (arming.arm(), now(arming)) == (1, (1, True))
    assert (arming.empty_first(), now(arming)) == (2, (2, True))
    assert (arming.disarm(), now(arming)) == (3, (3, False))
    assert (arming.empty_first(), now(arming)) == (4, (4, False))
    assert arming.number == 4


def test_fields_are_looked_at_anew_whenever_phones_are_wanted_anew() -> None:
    arming = Arming()
    looked: list[int] = []
    arming.tell(lambda: looked.append(arming.number))
    arming.arm()
    arming.empty_first()
    arming.wallets_answered("left", 2, 2)
    arming.forget_wallets("left")
    arming.allow(allowed=True)
    arming.allow(allowed=False)
    arming.empty_first()
    arming.allow(allowed=True)
    arming.disarm()
    assert looked == [1, 2, 3, 6]


def test_a_terminal_that_must_not_sell_wants_no_phone_whatever_a_sale_wants() -> None:
    arming = Arming()
    arming.arm()
    arming.allow(allowed=False)
    assert now(arming) == (2, False)
    assert (arming.arm(), now(arming)) == (3, (3, False))
    assert (arming.empty_first(), now(arming)) == (4, (4, False))
    arming.allow(allowed=False)
    assert now(arming) == (4, False)
    arming.allow(allowed=True)
    assert now(arming) == (5, True)
    assert (arming.disarm(), now(arming)) == (6, (6, False))


def test_no_two_threads_get_the_same_number() -> None:
    arming = Arming()
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: arming.empty_first(), range(400)))
    assert sorted(numbers) == list(range(1, 401))


# --- wallets that answer at several readers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "began"),
    [
        pytest.param([("one", 1)], [None], id="one wallet"),
        pytest.param([("one", 1), ("one", 1)], [None, None], id="the same once more"),
        pytest.param([("one", 2)], [2], id="two at one reader"),
        pytest.param([("one", 1), ("two", 1)], [None, 2], id="two at two readers: the second finds it"),
        pytest.param([("one", 1), ("two", 1), ("three", 1)], [None, 2, None], id="a third is too late"),
    ],
)
def test_more_than_one_wallet_begins_the_next_arming(answers: list[tuple[str, int]], began: list[int | None]) -> None:
    arming = Arming()
    number = arming.arm()
    assert [arming.wallets_answered(reader, number, count) for reader, count in answers] == began


def test_the_arming_that_two_phones_began_names_them_and_a_third() -> None:
    arming = Arming()
    number = arming.arm()
    for reader in ("one", "two", "three"):
        arming.wallets_answered(reader, number, 1)
    assert arming.armed == Armed(
        number=2, wanted=True, two_phones={"one": 1, "two": 1, "three": 1}, two_phones_under=number
    )
    arming.empty_first()
    assert arming.armed == Armed(number=3, wanted=True)


def test_a_wallet_of_an_older_arming_is_none_of_this_ones() -> None:
    arming = Arming()
    number = arming.arm()
    arming.wallets_answered("one", number, 1)
    arming.arm()
    assert arming.wallets_answered("two", number, 1) is None
    assert arming.wallets_answered("two", arming.number, 1) is None
    assert arming.armed == Armed(number=2, wanted=True, wallets={"two": 1})


def test_a_wallet_that_has_gone_is_forgotten() -> None:
    arming = Arming()
    number = arming.arm()
    arming.wallets_answered("one", number, 1)
    arming.forget_wallets("one")
    arming.forget_wallets("two")
    assert arming.wallets_answered("two", number, 1) is None


def test_of_many_readers_at_once_one_finds_two_phones() -> None:
    arming = Arming()
    for _ in range(50):
        number = arming.arm()
        with ThreadPoolExecutor(8) as pool:
            began = list(pool.map(lambda reader: arming.wallets_answered(reader, number, 1), "abcdefgh"))  # noqa: B023 # the pool ends in its turn
        assert [each for each in began if each is not None] == [number + 1]
        assert sum(arming.armed.two_phones.values()) == 8


def test_what_was_read_of_it_stays_as_it_was() -> None:
    arming = Arming()
    number = arming.arm()
    before = arming.armed
    arming.wallets_answered("one", number, 1)
    arming.disarm()
    assert before == Armed(number=1, wanted=True)
