# SPDX-License-Identifier: Apache-2.0
"""What a phone signs unasked between two unlocks. Source: tap protocol §2, "Unasked payments are counted"."""

from pathlib import Path
from typing import Any

import pytest

from pengpos.core.errors import CardLostError, JournalError
from pengpos.core.money import Money
from pengpos.wire.objects.credential import Merchant
from pengpos.wire.objects.reply import Authorises, Hint, NeedsShopper, Reply, read_reply
from pengpos.wire.session import CardSession, Fci
from sandbox.phone.wallet.owner import Owner, UnaskedBounds
from sandbox.phone.wallet.store import WalletStore
from sandbox.phone.workbench import Bench

LIMIT = (Money(20_00, "CNY"),)
LOCKED = Owner(tap_limits=LIMIT, locked=True)
UNLOCK = NeedsShopper(Hint.UNLOCK)
ATTEMPTS = 200


@pytest.fixture
def locked(paying: Bench) -> Bench:
    """A locked phone that pays up to 20.00 unasked."""
    paying.wallet.owner = LOCKED
    return paying


def signed(bench: Bench) -> tuple[int, int]:
    """How many intents were signed, and what they come to."""
    history = bench.store.history(2 * ATTEMPTS)
    return len(history), sum(payment.total_minor for payment in history)


def through_the_air(bench: Bench, number: int, **changes: Any) -> Reply:
    """The reply to an intent as a reader at the pocket gets it."""
    card = bench.card()
    session = CardSession(lambda command, _timeout_s: card.respond(command), lambda: 0.0)
    assert session.select() == Fci(version=1, locked=bench.wallet.locked)
    return read_reply(session.present(bench.till.presentation(number, **changes)))


@pytest.mark.parametrize(
    ("amount_minor", "most"),
    [
        pytest.param(1, (5, 5), id="cents, by the count"),
        pytest.param(12_00, (5, 60_00), id="at both bounds"),
        pytest.param(12_01, (4, 48_04), id="a cent more, by the sum"),
        pytest.param(20_00, (3, 60_00), id="at the tap limit, by the sum"),
    ],
)
def test_a_reader_at_a_locked_phone_gets_a_few_payments_and_no_more(
    amount_minor: int, most: tuple[int, int], locked: Bench
) -> None:
    replies = [through_the_air(locked, number, amount_minor=amount_minor) for number in range(1, ATTEMPTS + 1)]
    assert signed(locked) == most
    assert replies[most[0] :] == [UNLOCK] * (ATTEMPTS - most[0])


def test_many_shops_are_counted_together(locked: Bench) -> None:
    for number in range(1, 21):
        locked.give_new()
        locked.till.merchant = Merchant(merchant_id=f"M-{number}", name="街角")
        through_the_air(locked, number, amount_minor=1)
    assert signed(locked)[0] == 5


def test_so_are_currencies_while_each_has_its_own_sum(locked: Bench) -> None:
    locked.store.set_balance("JPY", None)
    locked.wallet.owner = Owner(tap_limits=(*LIMIT, Money(100, "JPY")), locked=True)
    replies = [
        locked.reply(number, amount_minor=amount_minor, currency=currency)
        for number, (amount_minor, currency) in enumerate(
            [(20_00, "CNY"), (20_00, "CNY"), (100, "JPY"), (20_00, "CNY"), (1, "CNY"), (100, "JPY"), (1, "JPY")], 1
        )
    ]
    assert [isinstance(reply, Authorises) for reply in replies] == [True, True, True, True, False, True, False]


def test_it_counts_on_after_a_restart_and_however_long_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "wallet.sqlite3"
    bench = Bench(WalletStore(path), owner=LOCKED)
    bench.give_new()
    bench.store.set_balance("CNY", None)
    for number in range(1, 11):
        bench.reply(number, amount_minor=1)
        again = Bench(WalletStore(path), issuer=bench.issuer, owner=LOCKED)
        again.signers, again.till = bench.signers, bench.till
        again.wallet._signer_of = again.signers.__getitem__
        bench.store.close()
        bench = again
    bench.clock.unix_s += 3 * 86_400
    assert bench.reply(11, amount_minor=1, issued_at=bench.clock.unix_s) == UNLOCK
    assert signed(bench)[0] == 5
    bench.store.close()


def test_a_torn_tap_counts_once_however_often_it_is_made(locked: Bench) -> None:
    for _ in range(20):
        card = locked.card()

        def torn(command: bytes, _timeout_s: float, card: Any = card) -> bytes:
            answer: bytes = card.respond(command)
            if command[1] == 0x50 and not command[0] & 0x10:  # it has signed, and is lifted before a byte arrives
                raise CardLostError
            return answer

        session = CardSession(torn, lambda: 0.0)
        session.select()
        with pytest.raises(CardLostError):
            session.present(locked.till.presentation(1, amount_minor=1))
    assert locked.store.unasked("CNY") == (1, 1)
    assert isinstance(through_the_air(locked, 1, amount_minor=1), Authorises)
    for number in range(2, 6):
        assert isinstance(locked.reply(number, amount_minor=1), Authorises)
    assert locked.reply(6, amount_minor=1) == UNLOCK
    assert isinstance(locked.reply(3, amount_minor=1), Authorises)  # what it has signed it gives again


def test_what_it_refuses_or_asks_about_counts_for_nothing(locked: Bench) -> None:
    for number in range(1, 11):
        assert locked.reply(number, amount_minor=20_01) == UNLOCK
        locked.wallet.answer(b"\x82\x40\x40")
    assert locked.store.unasked("CNY") == (0, 0)
    assert isinstance(locked.reply(11), Authorises)


def test_an_unlock_begins_anew_and_the_intent_that_waited_is_paid(locked: Bench) -> None:
    for number in range(1, 7):
        waiting = locked.reply(number, amount_minor=1)
    assert waiting == UNLOCK
    locked.set_owner(locked=False)
    assert isinstance(locked.reply(6, amount_minor=1), Authorises)
    locked.set_owner(locked=True)
    assert [isinstance(locked.reply(number, amount_minor=1), Authorises) for number in range(7, 12)] == [True] * 4 + [
        False
    ]


def test_an_unlocked_phone_is_asked_to_confirm_and_that_is_no_unlock(locked: Bench) -> None:
    locked.wallet.unlock()
    assert not locked.wallet.locked
    for number in range(1, 6):
        locked.reply(number, amount_minor=1)
    assert locked.reply(6, amount_minor=1) == NeedsShopper(Hint.CONFIRM)
    locked.wallet.confirm(locked.till.digest(6, amount_minor=1))
    assert isinstance(locked.reply(6, amount_minor=1), Authorises)
    assert locked.store.unasked("CNY")[0] == 5  # what the owner was asked about is not counted
    assert locked.reply(7, amount_minor=1) == NeedsShopper(Hint.CONFIRM)


def test_a_tip_counts_in_the_sum(locked: Bench) -> None:
    locked.set_owner(tip=Money(10_00, "CNY"))
    assert [isinstance(locked.reply(number, amount_minor=20_00), Authorises) for number in (1, 2, 3)] == [
        True, True, False,
    ]  # fmt: skip


def test_an_owner_may_set_other_bounds(locked: Bench) -> None:
    locked.set_owner(unasked=UnaskedBounds(count=2, sums=(Money(5_00, "CNY"),)))
    assert locked.reply(1, amount_minor=5_01) == UNLOCK
    assert isinstance(locked.reply(2, amount_minor=3_00), Authorises)
    assert locked.reply(3, amount_minor=2_01) == UNLOCK
    assert isinstance(locked.reply(4, amount_minor=1_00), Authorises)
    assert locked.reply(5, amount_minor=1) == UNLOCK
    locked.set_owner(unasked=UnaskedBounds(count=0))
    locked.wallet.unlock()
    locked.set_owner(locked=True)
    assert locked.reply(6, amount_minor=1) == UNLOCK


@pytest.mark.parametrize("count", [-1, 1_001])
def test_bounds_have_bounds(count: int) -> None:
    with pytest.raises(ValueError, match="0 to 1000"):
        UnaskedBounds(count=count)


def test_an_unlock_that_cannot_be_stored_is_none(locked: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 6):
        locked.reply(number, amount_minor=1)

    def full() -> None:
        raise JournalError("the medium is full")

    with monkeypatch.context() as patch:
        patch.setattr(locked.store, "unlock", full)
        with pytest.raises(JournalError):
            locked.set_owner(locked=False)
    assert locked.wallet.locked
    assert locked.reply(6, amount_minor=1) == UNLOCK


def test_a_wallet_of_page_1_1_counts_nothing_and_pays(locked: Bench) -> None:
    locked.set_owner(unasked=None)
    assert all(isinstance(through_the_air(locked, number, amount_minor=1), Authorises) for number in range(1, 21))
