# SPDX-License-Identifier: Apache-2.0
"""Heartbeats (backend API): the journal's head comes back signed, and a journal that went back is found out."""

import json
from typing import Any

import httpx
import pytest

from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from tests.support.backend import Shop
from tests.support.shop import Till

EPOCH = 2**63 + 5  # more than a signed 64-bit integer holds


def beat(
    till: Till, sequence: int, signed: str | None, *, epoch: int = EPOCH, hash_: str = "AAAA", **more: Any
) -> httpx.Response:
    body = {"head": {"epoch": epoch, "sequence": sequence, "hash": hash_}, "signed_head": signed, **more}
    return till.call("POST", "/terminal/heartbeat", body)


def read(till: Till, text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Sign1.read_issued(unb64u(text), till.issuers, Context.HEAD).payload)
    return found


def test_the_head_comes_back_signed_and_versions_rise(shop: Shop) -> None:
    till = shop.till()
    first = beat(till, 1, None).json()["signed_head"]
    second = beat(till, 9, first).json()["signed_head"]
    head = read(till, second)
    assert (head["terminal_id"], head["epoch"], head["sequence"], head["hash"]) == (till.terminal_id, EPOCH, 9, "AAAA")
    assert (read(till, first)["version"], head["version"]) == (1, 2)
    assert head["issued_at"] == "2027-01-15T08:00:00Z"


def test_the_same_head_again_gives_the_same_signature(shop: Shop) -> None:
    till = shop.till()
    first = beat(till, 1, None).json()
    assert beat(till, 1, first["signed_head"]).json()["signed_head"] == first["signed_head"]


@pytest.mark.parametrize("shown", ["none", "an older one"])
def test_a_head_that_is_not_the_highest_is_behind(shop: Shop, shown: str) -> None:
    till = shop.till()
    first = beat(till, 1, None).json()["signed_head"]
    highest = beat(till, 2, first).json()["signed_head"]
    answer = beat(till, 3, None if shown == "none" else first)
    assert (answer.status_code, answer.json()["code"]) == (409, "head_behind")
    assert answer.json()["signed_head"] == highest
    assert beat(till, 3, highest).status_code == 200  # the journal holds it: stored, asked again


def test_a_restored_card_goes_on_in_a_new_epoch_once_a_person_has_said_so(shop: Shop) -> None:
    till = shop.till()
    first = beat(till, 5, None).json()["signed_head"]
    assert beat(till, 1, first, epoch=6).json()["code"] == "epoch_held"
    assert shop.operator.alarms() == ["new_epoch"]
    [review] = shop.operator.call("GET", "/reviews").json()["reviews"]
    assert shop.operator.call("POST", f"/reviews/{review['review_id']}", {"approve": True}).status_code == 204
    signed = beat(till, 2, first, epoch=6).json()["signed_head"]
    assert (read(till, signed)["epoch"], read(till, signed)["version"]) == (6, 2)
    assert beat(till, 3, signed, epoch=6).status_code == 200


@pytest.mark.parametrize(("sequence", "hash_"), [(4, "AAAA"), (5, "BBBB")], ids=["shorter", "another history"])
def test_a_journal_that_went_back_is_an_alarm(shop: Shop, sequence: int, hash_: str) -> None:
    till = shop.till()
    first = beat(till, 5, None).json()["signed_head"]
    assert beat(till, sequence, first, hash_=hash_).json()["code"] == "head_behind"
    assert shop.operator.alarms() == ["head_went_back"]


@pytest.mark.parametrize("shown", ["AAAA", "%", None])
def test_a_head_that_we_did_not_sign_is_refused(shop: Shop, shown: str | None) -> None:
    till, other = shop.till(), shop.till()
    foreign = beat(other, 1, None).json()["signed_head"]
    status = beat(till, 1, shown if shown is not None else foreign).status_code
    assert status == (409 if shown is None else 422)  # another terminal's is ours, and not its own


def test_an_operator_sees_how_it_is(shop: Shop) -> None:
    till = shop.till()
    queue = {"count": 3, "total": 56_40, "currency": "CNY", "oldest_age_s": 7200}
    readers = [{"name": "ACR122U", "state": "ready"}]
    clock = {"now": "2027-01-15T07:59:58Z", "doubtful": True}
    beat(till, 1, None, queue=queue, readers=readers, clock=clock, software_version="0.2.0")
    shop.clock.advance(60)
    (seen,) = shop.operator.call("GET", "/terminals").json()
    assert seen["last_seen_at"] == "2027-01-15T08:00:00Z"
    assert (seen["queue"], seen["software_version"]) == (queue, "0.2.0")
    assert (seen["heartbeat"]["readers"], seen["heartbeat"]["clock"]) == (readers, clock)
