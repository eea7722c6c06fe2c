# SPDX-License-Identifier: Apache-2.0
"""A phone puts another token in the place of its account's once a day. Source: backend API, *A token*."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pengpos.core.errors import SignatureError
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.records.tables import WalletCredentialRow
from sandbox.phone.account import Account, BackendRefusedError, BackendUnreachableError
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.tokens import TOKEN_LIFE_S, TOKENS_MOST
from tests.sandbox.backend.people.test_tokens import squat
from tests.support.backend import Shop
from tests.support.problems import problem
from tests.support.signed_up import signed_up


def lost(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("lost", request=request)


def refused(status: int, code: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: problem(status, {"title": "no", "status": status, "code": code, "detail": "no"})


class Line(httpx.BaseTransport):
    """The phone's line. `instead`: who answers `POST /token`; `delivers`: the backend gets it before that."""

    def __init__(self, shop: Shop) -> None:
        self.inner = shop.http.send
        self.instead: Callable[[httpx.Request], httpx.Response] | None = None
        self.delivers = False
        self.loses_credentials = False
        self.held: list[httpx.Request] = []
        """All of `POST /token`."""

    @property
    def hashes(self) -> list[str]:
        return [json.loads(request.content)["token_hash"] for request in self.held]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/wallet/v1/token":
            answer = self.inner(request)
            return lost(request) if self.loses_credentials and request.url.path.endswith("/credentials") else answer
        request.read()
        self.held.append(request)
        if self.instead is None:
            return self.inner(request)
        if self.delivers:
            self.inner(request)
        return self.instead(request)

    def let_go(self) -> None:
        """The backend gets what was held back, and the line is honest again."""
        self.instead = None
        for request in self.held:
            self.inner(request)


@dataclass(frozen=True, slots=True)
class Bench:
    """A phone that has signed up and holds keys."""

    shop: Shop
    phone: VirtualPhone
    line: Line
    http: httpx.Client

    @property
    def token(self) -> str:
        token = self.phone.store.note("token")
        assert token is not None
        return token

    def access(self, token: str | None = None) -> Account:
        return Account(self.http, token or self.token)

    def opens(self, token: str) -> bool:
        try:
            return bool(self.access(token).balances())
        except BackendRefusedError as error:
            if error.status != 401:
                raise
            return False

    def a_day_later(self) -> None:
        self.shop.clock.advance(TOKEN_LIFE_S)
        self.phone.sync(self.access(), spares=1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with signed_up(tmp_path, Line) as made:
        yield Bench(*made)


def test_a_phone_has_another_token_once_a_day(bench: Bench) -> None:
    read_on_the_line = bench.token
    bench.phone.sync(bench.access(), spares=1)
    assert (bench.token, bench.line.held) == (read_on_the_line, [])
    bench.a_day_later()
    assert bench.token != read_on_the_line
    bench.phone.sync(bench.access(), spares=1)
    assert len(bench.line.held) == 1
    assert bench.opens(read_on_the_line) is False


def test_an_answer_that_was_lost_locks_nobody_out(bench: Bench) -> None:
    """The backend has the new one, and the phone does not know; it has written it down."""
    old, bench.line.instead, bench.line.delivers = bench.token, lost, True
    with pytest.raises(BackendUnreachableError):
        bench.a_day_later()
    assert bench.token == old
    bench.line.instead = None
    bench.phone.sync(bench.access(), spares=1)
    assert bench.token != old
    assert bench.access().balances()


def test_a_backend_of_before_has_no_such_call_and_is_asked_tomorrow(bench: Bench) -> None:
    old, bench.line.instead = bench.token, refused(404, "not_found")
    bench.a_day_later()
    bench.phone.sync(bench.access(), spares=1)
    assert (bench.token, len(bench.line.held)) == (old, 1)
    bench.line.instead = None
    bench.a_day_later()
    assert bench.token != old


def signed(by: SoftwareKey, **said: str) -> Callable[[httpx.Request], httpx.Response]:
    """An answer signed by this key, which may be nobody's."""
    word = sign1(by, Context.ACCOUNT_TOKEN, json.dumps(said).encode(), kid=PublicKey.of(by).kid)
    return lambda _: httpx.Response(200, json={"signed": b64u(word)})


INVENTED: dict[str, Any] = {
    "401": refused(401, "token"),
    "409": refused(409, "conflict"),
    "422": refused(422, "bad_proof"),
    "500": refused(500, "internal_error"),
    "nothing": lambda _: httpx.Response(204),
    "a word that is none": lambda _: httpx.Response(200, json={"signed": "AAAA"}),
    "a stranger's word": signed(SoftwareKey.generate(), account_id="A", token_hash="_w"),
    "silence": lost,
}


@pytest.mark.parametrize("delivers", [False, True], ids=["held back for good", "delivered"])
@pytest.mark.parametrize("answer", INVENTED.values(), ids=INVENTED)
def test_no_answer_that_is_invented_locks_the_owner_out(
    bench: Bench, answer: Callable[[httpx.Request], httpx.Response], delivers: bool
) -> None:
    read_on_the_line, bench.line.instead, bench.line.delivers = bench.token, answer, delivers
    bench.shop.clock.advance(TOKEN_LIFE_S)
    for _ in range(2):
        with contextlib.suppress(BackendUnreachableError):
            bench.phone.sync(bench.access(), spares=1)
    bench.line.instead = None
    bench.phone.sync(bench.access(), spares=1)
    assert bench.opens(bench.token)
    assert not bench.opens(read_on_the_line)


@pytest.mark.parametrize("answer", INVENTED.values(), ids=INVENTED)
def test_what_is_held_back_and_let_go_later_locks_nobody_out(
    bench: Bench, answer: Callable[[httpx.Request], httpx.Response]
) -> None:
    read_on_the_line, bench.line.instead = bench.token, answer
    with contextlib.suppress(BackendUnreachableError):
        bench.a_day_later()
    bench.line.let_go()
    bench.phone.sync(bench.access(), spares=1)
    assert bench.opens(bench.token)
    assert not bench.opens(read_on_the_line)


def test_the_word_on_an_earlier_token_is_none_on_this_one(bench: Bench) -> None:
    said: list[httpx.Response] = []

    def listens(request: httpx.Request) -> httpx.Response:
        said.append(bench.line.inner(request))
        return said[-1]

    bench.line.instead = listens
    bench.a_day_later()
    first = bench.token
    bench.line.instead = lambda _: said[0]
    bench.a_day_later()
    assert (len(said), bench.token) == (1, first)
    bench.line.instead = None
    bench.phone.sync(bench.access(), spares=1)
    assert bench.opens(bench.token)
    assert not bench.opens(first)


def test_whose_new_hash_another_account_has_taken_draws_another_token_at_once(bench: Bench) -> None:
    old, bench.line.instead = bench.token, lost
    with pytest.raises(BackendUnreachableError):
        bench.a_day_later()
    squat(bench.shop, bench.line.hashes[0])
    bench.line.instead = None
    bench.phone.sync(bench.access(), spares=1)
    assert bench.opens(bench.token)
    assert not bench.opens(old)


def test_taken_again_and_again_so_many_are_drawn_and_the_first_that_is_taken_up_is_found(bench: Bench) -> None:
    bench.line.instead = refused(409, "conflict")
    for _ in range(TOKENS_MOST + 4):
        bench.a_day_later()
    assert len(set(bench.line.hashes)) == TOKENS_MOST - 1  # and the one in use
    first = bench.line.held[0]
    bench.line.held = [first]
    bench.line.let_go()
    bench.phone.sync(bench.access(), spares=1)
    assert bench.opens(bench.token)


def test_a_token_that_was_drawn_by_a_program_of_before_is_found(bench: Bench) -> None:
    """It wrote down the one to come alone, and lost the answer."""
    bench.line.instead, bench.line.delivers = lost, True
    with pytest.raises(BackendUnreachableError):
        bench.a_day_later()
    old, drawn = bench.token, (bench.phone.store.note("token_next") or "").split()
    bench.phone.store.write_note("token_next", next(token for token in drawn if token != old))
    bench.line.instead = None
    bench.phone.sync(bench.access(), spares=1)
    assert bench.opens(bench.token)


def a_strangers_key(bench: Bench) -> bytes:
    """Who has read the token on the line has a key certified; its kid."""
    key = SoftwareKey.generate()
    assert bench.phone.account_id is not None
    bench.access().credential(bench.phone.account_id, key)
    return PublicKey.of(key).kid


def blocked(bench: Bench, *kids: bytes) -> list[bool]:
    with bench.shop.backend.db.read() as session:
        return [session.get_one(WalletCredentialRow, b64u(kid)).blocked_at is not None for kid in kids]


def test_a_key_that_the_phone_does_not_know_is_blocked_and_its_owner_told_once(bench: Bench) -> None:
    kid = a_strangers_key(bench)
    ours = [held.kid for held in bench.phone.store.credentials()]
    bench.a_day_later()
    assert bench.phone.blocked_keys == {b64u(kid)}
    assert blocked(bench, kid, *ours) == [True, *(False for _ in ours)]
    bench.a_day_later()
    assert bench.phone.blocked_keys == frozenset()


def test_of_a_lost_answer_the_owner_hears_next_time(bench: Bench) -> None:
    kid = a_strangers_key(bench)
    bench.line.instead, bench.line.delivers = lost, True
    with pytest.raises(BackendUnreachableError):
        bench.a_day_later()
    bench.line.instead = None
    bench.phone.sync(bench.access(), spares=1)
    assert bench.phone.blocked_keys == {b64u(kid)}


@pytest.mark.parametrize("days", [6, 7, 8, 40])
def test_a_phone_that_was_off_for_long_still_speaks_for_its_account(bench: Bench, days: int) -> None:
    """All its credentials may have expired meanwhile; the last of them came after it had named its keys."""
    bench.a_day_later()
    bench.phone.sync(bench.access(), spares=3)
    old = bench.token
    bench.shop.clock.advance(days * TOKEN_LIFE_S)
    kid = a_strangers_key(bench)
    bench.phone.sync(bench.access(), spares=3)
    assert not bench.opens(old)
    assert bench.opens(bench.token)
    assert bench.phone.blocked_keys == {b64u(kid)}


def test_a_key_whose_credential_was_lost_on_the_way_is_the_phones_all_the_same(bench: Bench) -> None:
    bench.line.loses_credentials = True
    with pytest.raises(BackendUnreachableError):
        bench.phone.sync(bench.access(), spares=2)
    bench.line.loses_credentials = False
    bench.a_day_later()
    bench.phone.sync(bench.access(), spares=2)
    assert bench.phone.blocked_keys == frozenset()
    assert blocked(bench, *(held.kid for held in bench.phone.store.credentials())) == [False, False]


def test_a_phone_whose_clock_runs_ahead_has_none_of_its_own_keys_blocked(bench: Bench) -> None:
    """Its credentials seem to have expired to it, and yet they are its own: nobody had them made but it."""
    bench.phone.sync(bench.access(), spares=3)
    ours = [held.kid for held in bench.phone.store.credentials()]
    bench.phone.wallet.owner = replace(bench.phone.wallet.owner, clock_offset_s=8 * TOKEN_LIFE_S)
    with contextlib.suppress(SignatureError):
        bench.phone.sync(bench.access(), spares=3)
    assert len(bench.line.held) == 1
    assert bench.phone.blocked_keys == frozenset()
    assert blocked(bench, *ours) == [False for _ in ours]


def test_once_the_clock_is_right_again_the_token_lives_no_longer_than_a_day(bench: Bench) -> None:
    right = bench.phone.wallet.owner
    bench.phone.wallet.owner = replace(right, clock_offset_s=8 * TOKEN_LIFE_S)
    with contextlib.suppress(SignatureError):
        bench.phone.sync(bench.access(), spares=1)
    bench.phone.wallet.owner = right
    read_on_the_line = bench.token
    bench.a_day_later()
    assert not bench.opens(read_on_the_line)
    assert bench.opens(bench.token)
