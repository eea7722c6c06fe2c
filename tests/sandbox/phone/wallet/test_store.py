# SPDX-License-Identifier: Apache-2.0
"""What survives: power cuts between signing and sending, full media, restarts, files of other programs."""

import sqlite3
import stat
import weakref
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pengpos.core.errors import CardLostError, JournalForeignError, JournalFullError, JournalMediumError
from pengpos.core.ports import Signer
from pengpos.wire import apdu
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.session import CardSession
from sandbox.phone.wallet.store import WalletStore
from sandbox.phone.workbench import CNY_200, Bench


class PowerCutError(Exception):
    """The phone dies here."""


def on_file(path: Path, *, issuer: Signer | None = None) -> Bench:
    """A wallet on a real file, closed with the last hold on it."""
    bench = Bench(WalletStore(path), issuer=issuer)
    weakref.finalize(bench, bench.store.close)
    return bench


def reopened(bench: Bench) -> Bench:
    """The same phone after a restart: only its keys and its file are left."""
    path = Path(bench.store.rows("PRAGMA database_list")[0][2])
    bench.store.close()
    again = on_file(path, issuer=bench.issuer)
    again.till = bench.till
    again.signers.update(bench.signers)
    return again


@pytest.fixture
def phone(tmp_path: Path) -> Bench:
    """A wallet on a real file."""
    bench = on_file(tmp_path / "wallet.sqlite3")
    bench.give_new(allowance=CNY_200)
    bench.store.set_balance("CNY", 10_000)
    return bench


def test_a_reply_is_on_the_medium_before_its_first_byte_leaves(phone: Bench, tmp_path: Path) -> None:
    first = phone.present(1)
    with WalletStore(tmp_path / "wallet.sqlite3") as other:  # a second process looks, while this one runs
        kept = other.signed((1).to_bytes(16, "big"))
    assert kept is not None
    assert kept.reply == first


def test_killed_between_durable_and_sent_it_gives_the_same_reply_after_the_restart(phone: Bench) -> None:
    unsent = phone.present(1)
    phone = reopened(phone)
    assert phone.present(1) == unsent
    assert phone.authorised(2).counter == 2


def test_killed_before_it_was_durable_nothing_was_signed(phone: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        raise PowerCutError

    monkeypatch.setattr(phone.store, "remember", dies)
    with pytest.raises(PowerCutError):
        phone.present(1)
    phone = reopened(phone)
    assert phone.store.history() == []
    assert phone.authorised(1).counter == 1


def test_a_full_medium_signs_nothing_and_the_next_tap_is_well(phone: Bench) -> None:
    phone.store.set_balance("CNY", None)
    card = phone.card()
    pages = phone.store.rows("PRAGMA page_count")[0][0]
    phone.store.rows(f"PRAGMA max_page_count = {pages}")
    for number in range(1, 60):
        try:
            phone.present(number)
        except JournalFullError:
            break
    assert len(phone.store.history()) == number - 1
    session = CardSession(lambda command, timeout_s: card.respond(command), lambda: 0.0)
    session.select()
    links = apdu.present(phone.till.presentation(number))
    assert [card.respond(link).hex() for link in links] == ["9000", "6f00"]
    phone.store.rows("PRAGMA max_page_count = 1000000")
    assert phone.authorised(number).counter == number


def test_everything_it_must_not_forget_survives_a_restart(phone: Bench) -> None:
    phone.present(1)
    phone.wallet.take_receipt(phone.till.receipt(Outcome.ACCEPTED_OFFLINE, 1))
    assert phone.wallet.begin_elsewhere((2).to_bytes(16, "big"))
    phone.store.write_note("account_id", "a-1")
    before = (phone.store.history(), phone.store.credentials(), phone.store.spendable_minor("CNY"))
    phone = reopened(phone)
    assert (phone.store.history(), phone.store.credentials(), phone.store.spendable_minor("CNY")) == before
    assert phone.store.elsewhere((2).to_bytes(16, "big")) == (True, None)
    assert (phone.store.note("account_id"), phone.store.note("token")) == ("a-1", None)
    assert phone.store.promised_minor(phone.store.credentials()[0].kid) == 1880


def test_the_file_is_for_its_owner_only(phone: Bench, tmp_path: Path) -> None:
    modes = [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()]
    assert modes == [0o600]


def newer(path: Path) -> None:
    WalletStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")


def another_programs(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE song (name TEXT)")


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to look at" * 10)


@pytest.mark.parametrize("make", [newer, another_programs, no_database])
def test_a_file_that_is_not_ours_is_left_alone(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "wallet.sqlite3"
    make(path)
    before = path.read_bytes()
    with pytest.raises(JournalForeignError):
        WalletStore(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("version", "lacks"),
    [
        pytest.param(1, ("released", "unasked", "drawn"), id="before promises were released"),
        pytest.param(2, ("unasked", "drawn"), id="before unasked payments were counted"),
        pytest.param(3, ("drawn",), id="before money was set aside"),
    ],
)
def test_a_file_of_before_is_read(version: int, lacks: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "wallet.sqlite3"
    WalletStore(path).close()
    with closing(sqlite3.connect(path)) as db:
        for column in lacks:
            db.execute(f"ALTER TABLE signed DROP COLUMN {column}")
        db.execute("ALTER TABLE balance DROP COLUMN set_aside")
        db.execute(f"PRAGMA user_version = {version}")
        db.commit()
    for _ in range(2):
        with WalletStore(path) as store:
            assert store.promised_minor(bytes(8)) == 0
            assert (store.unasked("CNY"), store.set_aside_minor("CNY")) == ((0, 0), 0)


def test_no_place_to_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalMediumError, match="nowhere"):
        WalletStore(tmp_path / "nowhere" / "wallet.sqlite3")


def test_the_oldest_replies_are_let_go(phone: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.phone.wallet.store._KEEP_REPLIES", 3)
    for number in range(1, 6):
        phone.present(number)
    assert [int.from_bytes(signed.intent_id, "big") for signed in phone.store.history()] == [5, 4, 3]


def test_a_credential_serves_one_merchant_only(phone: Bench) -> None:
    phone.present(1)
    with pytest.raises(ValueError, match="one merchant"):
        phone.store.use_credential(phone.store.credentials()[0].kid, "M-43")


@settings(max_examples=40, deadline=None)
@given(tears=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=6))
def test_however_torn_an_intent_has_one_reply(
    tears: list[tuple[int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    bench = on_file(tmp_path_factory.mktemp("phone") / "wallet.sqlite3")
    bench.give_new()
    bench.store.set_balance("CNY", None)
    presentation = bench.till.presentation()
    for commands, restarts in tears:
        _tap(bench, presentation, answers=commands)
        bench = reopened(bench) if restarts else bench
    reply = _tap(bench, presentation, answers=99)
    assert reply == bench.present()
    assert [signed.reply for signed in bench.store.history()] == [reply]
    bench.store.close()


def _tap(bench: Bench, presentation: bytes, *, answers: int) -> bytes | None:
    """Tap, and take the phone away once it has answered so many commands; the next still reaches it."""
    card, left = bench.card(), iter(range(answers))

    def transceive(command: bytes, timeout_s: float) -> bytes:
        answer = card.respond(command)
        if next(left, None) is None:
            raise CardLostError
        return answer

    session = CardSession(transceive, lambda: 0.0)
    try:
        session.select()
        return session.present(presentation)
    except CardLostError:
        return None
