# SPDX-License-Identifier: Apache-2.0
"""The workbench's till signs what it is asked to, by its own key; a bench remembers as long as its store does."""

from pathlib import Path

import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.keys.software import SoftwareKey
from pengpos.wire import apdu
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.receipt import Outcome
from sandbox.phone.field.manners import Gone, Says, TornAfterCommands
from sandbox.phone.wallet.store import WalletStore
from sandbox.phone.workbench import NOW, Bench, Till


def test_a_presentation_verifies_by_the_tills_own_issuer_alone() -> None:
    till = Till(issuer=SoftwareKey.generate(), lifetime_s=60)
    read = Presentation.read(till.presentation(7, amount_minor=5), Issuers([PublicKey.of(till.issuer)]))
    claims = read.intent.claims
    assert (claims.intent_id, claims.amount_minor, claims.counter, claims.lifetime_s) == (
        (7).to_bytes(16, "big"), 5, 7, 60,
    )  # fmt: skip
    assert read.intent.digest == till.digest(7, amount_minor=5)
    assert claims.in_time(NOW)
    with pytest.raises(SignatureError):
        Presentation.read(till.presentation(), Issuers([PublicKey.of(SoftwareKey.generate())]))


@pytest.mark.parametrize("outcome", Outcome)
def test_a_receipt_is_signed_by_the_one_who_may_give_it(outcome: Outcome, paying: Bench) -> None:
    paying.authorised()
    paying.wallet.take_receipt(paying.till.receipt(outcome, total_minor=0 if outcome is Outcome.DECLINED else 1880))
    to_a_terminal = outcome in {Outcome.CANCELLED, Outcome.EXPIRED}
    assert paying.store.history()[0].outcome is (None if to_a_terminal else outcome)


def test_a_bench_over_a_used_store_finds_what_is_in_it(tmp_path: Path) -> None:
    issuer = SoftwareKey.generate()
    with WalletStore(tmp_path / "wallet.sqlite3") as store:
        first = Bench(store, issuer=issuer)
        held = first.give_new()
        first.store.set_balance("CNY", None)
        first.authorised()
    with WalletStore(tmp_path / "wallet.sqlite3") as store:
        again = Bench(store, issuer=issuer)
        assert [one.kid for one in again.store.credentials()] == [held.key.kid]
        assert len(again.store.history()) == 1


def test_a_credential_of_another_issuer_is_not_taken() -> None:
    bench, other = Bench(), Bench()
    raw = other.store.credentials()
    assert raw == []
    other.give_new()
    with pytest.raises((SignatureError, MalformedError)):
        bench.give(other.store.credentials()[0].raw, SoftwareKey.generate())


def test_what_is_not_authorised_fails_the_test_that_says_so(paying: Bench) -> None:
    paying.set_owner(says_no=True)
    with pytest.raises(AssertionError):
        paying.authorised()


def test_its_phone_is_held_in_the_manner_it_was_given(paying: Bench) -> None:
    phone = paying.phone(TornAfterCommands(1))
    for _ in range(2):
        phone.power_cycle()
        first = phone.exchange(apdu.select())
        assert isinstance(first, Says)
        assert first.data.endswith(b"\x90\x00")
        assert phone.exchange(apdu.select()) == Gone()
