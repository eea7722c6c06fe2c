# SPDX-License-Identifier: Apache-2.0
"""A payment's own way to its handler gives what FastAPI's gives, and refuses what that refuses."""

import json
from typing import Any

import pytest

from sandbox.backend.api import payment_route
from tests.support.backend import Shop
from tests.support.request_signing import Signing

MEDIA_TYPE = "application/json"


def sent(shop: Shop, body: bytes, media_type: str | None = MEDIA_TYPE) -> tuple[int, Any]:
    till = shop.till()
    request = shop.http.build_request("POST", "/v1/payments", content=body)
    if media_type is not None:
        request.headers["Content-Type"] = media_type
    Signing(signer=till.key, created=shop.clock.now()).apply(request)
    answer = shop.http.send(request)
    return answer.status_code, answer.json()


ITEM = {
    "presentation": "AA", "authorisation": "AA", "wallet_credential": "AA", "accepted_offline": False,
    "occurred_at": "2027-01-15T08:00:00Z",
}  # fmt: skip
GOOD = json.dumps(ITEM).encode()
BAD: dict[str, tuple[bytes, str | None]] = {
    "nothing": (b"", MEDIA_TYPE),
    "no JSON": (b"{", MEDIA_TYPE),
    "a list": (b"[]", MEDIA_TYPE),
    "a member too few": (json.dumps({**ITEM, "occurred_at": None}).encode(), MEDIA_TYPE),
    "a member twice": (GOOD[:-1] + b', "presentation": "AA"}', MEDIA_TYPE),
    "a word for a yes": (json.dumps({**ITEM, "accepted_offline": "true"}).encode(), MEDIA_TYPE),
    "no text": (b"\xff\xfe", MEDIA_TYPE),
    "deep": (b"[" * 100_000, MEDIA_TYPE),
    "text": (GOOD, "text/plain"),
    "of no kind": (GOOD, None),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_body_is_refused_as_the_framework_refuses_it(
    shop: Shop, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, media_type = BAD[what]
    assert payment_route._read(media_type, body) is None
    found = sent(shop, body, media_type)
    assert found[0] in {400, 422}
    monkeypatch.setattr(payment_route, "_read", lambda *_: None)
    assert sent(shop, body, media_type) == found


@pytest.mark.parametrize("media_type", [MEDIA_TYPE, "application/json; charset=utf-8", "application/a+json"])
def test_what_the_handler_refuses_it_refuses_on_either_way(
    shop: Shop, media_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sent(shop, GOOD, media_type)
    assert (found[0], found[1]["code"]) == (422, "bad_presentation")
    monkeypatch.setattr(payment_route, "_read", lambda *_: None)
    assert sent(shop, GOOD, media_type) == found


def test_a_payment_has_the_same_answer_on_either_way(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(1_00)
    authorisation = wallet.authorise(sale)
    first = till.pay(sale, wallet, authorisation)
    monkeypatch.setattr(payment_route, "_read", lambda *_: None)
    again = till.pay(sale, wallet, authorisation)
    assert (first.status_code, first.json(), first.headers["Pengpos-Standing"]) == (
        200, again.json(), again.headers["Pengpos-Standing"]
    )  # fmt: skip
    assert wallet.balance() == 1_000_00 - 1_00
