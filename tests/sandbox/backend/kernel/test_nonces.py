# SPDX-License-Identifier: Apache-2.0
"""Nonces in memory: each once, no more than so many, and given back where a request was not let in."""

from dataclasses import replace

import httpx

from sandbox.backend.kernel.nonces import Nonces
from sandbox.backend.serving.app import create_app
from tests.support.backend import InProcess, Shop


def test_each_is_taken_once_of_each_key() -> None:
    nonces = Nonces()
    assert [nonces.was_taken("k", "a"), nonces.take("k", "a"), nonces.was_taken("k", "a")] == [False, True, True]
    assert [nonces.take("k", "a"), nonces.take("l", "a"), nonces.take("k", "b")] == [False, True, True]


def test_so_many_are_remembered_and_the_oldest_forgotten() -> None:
    nonces = Nonces(most=8)
    for number in range(100):
        assert nonces.take("k", str(number))
        assert all(nonces.was_taken("k", str(late)) for late in range(max(0, number - 3), number + 1))
    assert [number for number in range(100) if nonces.was_taken("k", str(number))] == list(range(92, 100))


def test_what_was_not_let_in_may_come_again() -> None:
    nonces = Nonces(most=2)
    for nonce in "abc":
        nonces.take("k", nonce)
    for nonce in "bc":  # in the older half, and in the newer
        nonces.give_back("k", nonce)
        assert nonces.take("k", nonce)


def test_what_is_forgotten_here_the_tables_know(shop: Shop) -> None:
    """Another process has taken it, or this one has begun anew."""
    till, nonce = shop.till(), "AAECAwQFBgcICQoLDA0ODw"
    assert till.call("GET", "/terminal/config", nonce=nonce).status_code == 200
    new = replace(shop.backend, nonces=Nonces())
    with httpx.Client(transport=InProcess(create_app(new, sweeping=False)), base_url=new.origin) as till.http:
        answers = [till.call("GET", "/terminal/config", nonce=nonce) for _ in "ab"]
    assert [answer.json()["code"] for answer in answers] == ["nonce_reused"] * 2
    assert new.nonces.was_taken(answers[0].request.headers["signature-input"].partition('keyid="')[2][:11], nonce)
