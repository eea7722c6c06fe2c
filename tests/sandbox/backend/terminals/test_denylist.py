# SPDX-License-Identifier: Apache-2.0
"""The denylist (backend API, documents): an ordered list of changes, handed out as signed deltas."""

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.contract.terminal_shapes import ConfigAnswer
from sandbox.backend.contract.wallet_shapes import RevokedAnswer
from sandbox.backend.terminals import denylist
from tests.support.backend import Shop
from tests.support.shop import Till


def read(till: Till, text: str, context: Context = Context.POLICY) -> dict[str, Any]:
    raw = unb64u(text)
    found: dict[str, Any] = json.loads(Sign1.read_issued(raw, till.issuers, context, max_size=len(raw)).payload)
    return found


def delta(till: Till, since: int) -> dict[str, Any]:
    return read(till, till.call("GET", f"/terminal/denylist?since={since}").json()["delta"], Context.DENYLIST)


def test_a_delta_names_the_version_it_starts_from(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    one, two = "AAAAAAAAAAA", b64u(PublicKey.of(wallet.key).kid)
    changes = [(one, True), (two, True), (two, True), (one, False)]
    versions = [
        shop.operator.call("POST", "/denylist", {"kid": kid, "listed": listed}).json()["version"]
        for kid, listed in changes
    ]
    assert versions == [1, 2, 2, 3]  # saying it twice changes nothing
    told = {since: (d["from"], d["version"], d["add"], d["remove"]) for since in range(4) if (d := delta(till, since))}
    assert told == {
        0: (0, 3, [two], [one]), 1: (1, 3, [two], [one]), 2: (2, 3, [], [one]), 3: (3, 3, [], [])
    }  # fmt: skip
    assert delta(till, 0)["terminal_id"] == "*"


def test_as_many_keys_as_there_are_fit_into_it(shop: Shop) -> None:
    """A document is no field of a form: one that was bounded as such was answered by 500 from 430 keys on."""
    till, kids = shop.till(), [b64u(number.to_bytes(8)) for number in range(1_000)]

    def work(session: Session) -> None:
        assert len(denylist.list_all(session, kids, "many", shop.clock.now())) == len(kids)

    shop.backend.db.write(work)
    assert sorted(delta(till, 0)["add"]) == sorted(kids)


def test_keys_that_promise_nothing_fill_no_terminals_list(shop: Shop) -> None:
    """Of a free account all are blocked once it breaks a promise; a terminal takes none of these offline anyway."""
    till, wallet = shop.till(), shop.wallet()
    for _ in range(9):
        wallet.certify(SoftwareKey.generate())
    sales = [till.sale(200_00, online=False) for _ in range(5)]
    promises = [(sale, wallet.authorise(sale)) for sale in sales]
    codes = [till.pay(sale, wallet, signed, offline=True).json()["code"] for sale, signed in promises]
    assert codes[3:] == ["insufficient_funds", "credential_blocked"]
    told = delta(till, 0)
    assert (told["version"], len(told["add"])) == (10, 3)
    assert b64u(PublicKey.of(wallet.key).kid) in told["add"]
    assert till.pay(till.sale(1_00), wallet).json()["code"] == "credential_blocked"


@pytest.mark.parametrize(("shape", "member"), [(RevokedAnswer, "document"), (ConfigAnswer, "policy")])
def test_no_signed_document_is_bounded_as_a_field_is(shape: type[Any], member: str) -> None:
    said = "A" * 1_000_000
    assert (
        getattr(shape.model_validate({member: said, "version": 1} if shape is ConfigAnswer else {member: said}), member)
        == said
    )


@pytest.mark.parametrize(
    ("since", "code"), [("1", "unknown_version"), (str(2**64), "invalid_request"), ("-1", "invalid_request")]
)
def test_a_version_to_come_is_unknown(shop: Shop, since: str, code: str) -> None:
    assert shop.till().call("GET", f"/terminal/denylist?since={since}").json()["code"] == code
