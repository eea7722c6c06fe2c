# SPDX-License-Identifier: Apache-2.0
"""A payment that is not let in costs no check of it and no receipt, and may come again where a fault kept it out."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from sandbox.backend.kernel.limits import Limit, Rate, Rates
from sandbox.backend.payments import straight_through
from sandbox.backend.serving.app import create_app
from sandbox.backend.trust import judgement
from tests.support.backend import InProcess, Shop
from tests.support.request_signing import Signing
from tests.support.shop import Till

ONE = Limit("requests", 1, 60)


@pytest.fixture
def till(shop: Shop) -> Till:
    """A new terminal's."""
    return shop.till()


@pytest.fixture
def payment(shop: Shop, till: Till) -> httpx.Request:
    """One that is good in all, signed and not yet sent."""
    sale, wallet = till.sale(18_80), shop.wallet()
    request = till.request("POST", "/payments", till.item(sale, wallet, wallet.authorise(sale)))
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    return request


@pytest.fixture
def counter(shop: Shop) -> Iterator[httpx.Client]:
    """Where a key is let in once."""
    backend = replace(shop.backend, rates=Rates(signed_requests=Rate(ONE, lambda: 0.0)))
    with httpx.Client(transport=InProcess(create_app(backend, sweeping=False)), base_url=backend.origin) as http:
        yield http


def is_checked_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "read", lambda *_: pytest.fail("it was read as a payment"))


def test_of_a_flood_nothing_is_checked_or_signed(
    till: Till, counter: httpx.Client, payment: httpx.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.http = counter
    assert till.call("GET", "/terminal/config").status_code == 200
    is_checked_no_more(monkeypatch)
    assert counter.send(payment).status_code == 429


def test_of_a_replay_nothing_is_checked_or_signed(
    shop: Shop, payment: httpx.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.http.send(payment).json()["status"] == "approved"
    is_checked_no_more(monkeypatch)
    assert shop.http.send(payment).json()["code"] == "nonce_reused"


def test_what_a_fault_has_kept_out_may_come_again_as_it_is(
    shop: Shop, payment: httpx.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy may send it again by itself."""
    with monkeypatch.context() as patched:
        patched.setattr(straight_through, "_plan", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            shop.http.send(payment)
    assert shop.http.send(payment).json()["status"] == "approved"
