# SPDX-License-Identifier: Apache-2.0
"""A revoked terminal's key and the phones that it presents to. Source: backend API, *Revoked terminals*."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.reasons import Reason
from pengpos.core.times import rfc3339
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.reply import Authorises, Declines, Reply, read_reply
from sandbox.phone.account import Account
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.revoked import Revoked, learn_revoked
from sandbox.phone.workbench import PAYS_UNASKED
from tests.support.backend import Shop, fresh_sqlite, in_process
from tests.support.problems import problem
from tests.support.replaced_key import replace_key
from tests.support.shop import Till

ORIGIN = "http://backend.test"
NOT_TRUSTED = Declines(Reason.NOT_TRUSTED)
NOW = 1_767_225_605
A, EVIL = SoftwareKey.generate(), SoftwareKey.generate()
ISSUERS = Issuers([PublicKey.of(A)])
KEY, OTHER = bytes(range(8)), bytes(range(8, 16))


def document(
    by: SoftwareKey, *kids: bytes, version: int = 2, context: Context = Context.REVOKED, **changes: Any
) -> bytes:
    members = {
        "terminal_id": "*", "version": version, "issued_at": rfc3339(NOW), "not_after": rfc3339(NOW + 60),
        "kids": [b64u(kid) for kid in kids],
    } | changes  # fmt: skip
    return sign1(by, context, json.dumps(members).encode(), kid=PublicKey.of(by).kid)


KNOWN = Revoked(kids=frozenset({KEY}), version=2)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        pytest.param(document(EVIL, version=9), SignatureError, id="by a stranger"),
        pytest.param(document(A, version=9, context=Context.ISSUERS), SignatureError, id="another kind"),
        pytest.param(document(A, version=9, terminal_id="T-1"), MalformedError, id="for a terminal"),
        pytest.param(document(A, version=9, not_after=rfc3339(NOW)), MalformedError, id="out of date"),
        pytest.param(document(A, version=9, kids="all"), MalformedError, id="no list"),
        pytest.param(document(A, version=9, kids=["?"]), MalformedError, id="no kid"),
        pytest.param(b"", MalformedError, id="nothing"),
    ],
)
def test_what_is_no_issuers_word_is_none(raw: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        learn_revoked(KNOWN, raw, ISSUERS, NOW)


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        pytest.param(document(A, KEY, OTHER, version=3), Revoked(kids=frozenset({KEY, OTHER}), version=3), id="more"),
        pytest.param(document(A, OTHER, version=3), Revoked(kids=frozenset({OTHER}), version=3), id="one has ended"),
        pytest.param(document(A, version=1), KNOWN, id="an older one takes nothing back"),
    ],
)
def test_a_list_that_an_issuer_signed_stands(raw: bytes, known: Revoked) -> None:
    assert learn_revoked(KNOWN, raw, ISSUERS, NOW) == known


@dataclass(kw_only=True)
class Street:
    """A backend, two tills, and a line on which a stranger may answer."""

    shop: Shop
    till: Till
    other: Till
    answer: Callable[[httpx.Response], httpx.Response] = lambda response: response

    def account(self, phone: VirtualPhone) -> Account:
        line = httpx.Client(transport=httpx.MockTransport(self._handle), base_url=ORIGIN)
        return Account(line, phone.store.note("token"))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        forwarded = self.shop.http.request(
            request.method, str(request.url), content=request.content, headers=dict(request.headers)
        )
        kind = {"content-type": forwarded.headers["content-type"]}
        response = httpx.Response(forwarded.status_code, headers=kind, content=forwarded.content)
        return self.answer(response) if request.url.path.endswith("/revoked") else response

    def revoke(self) -> None:
        self.shop.operator.call("POST", f"/terminals/{self.till.terminal_id}/revoke")


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    with in_process(fresh_sqlite(tmp_path)) as shop:
        yield Street(shop=shop, till=shop.till(), other=shop.till())


@pytest.fixture
def phone(street: Street, tmp_path: Path) -> Iterator[VirtualPhone]:
    with VirtualPhone(tmp_path / "phone", owner=PAYS_UNASKED, clock=street.shop.clock) as phone:
        account = street.account(phone)
        phone.sign_up(account, backend=ORIGIN, name="小林")
        phone.sync(account)
        yield phone


def answering(content: object) -> Callable[[httpx.Response], httpx.Response]:
    return lambda _response: httpx.Response(200, json=content)


def tap(phone: VirtualPhone, till: Till) -> Reply:
    return read_reply(phone.wallet.answer(till.sale(1880).presentation))


def test_a_revoked_terminals_key_gets_nothing_more_from_a_phone_that_was_online(
    street: Street, phone: VirtualPhone, tmp_path: Path
) -> None:
    assert isinstance(tap(phone, street.till), Authorises)
    street.revoke()
    phone.sync(street.account(phone))
    for _ in range(3):
        assert tap(phone, street.till) == NOT_TRUSTED
    assert isinstance(tap(phone, street.other), Authorises)
    phone.close()
    with VirtualPhone(tmp_path / "phone", owner=PAYS_UNASKED, clock=street.shop.clock) as again:
        assert tap(again, street.till) == NOT_TRUSTED


def test_nor_does_the_copy_of_a_card_whose_key_was_replaced(street: Street, phone: VirtualPhone) -> None:
    copy = replace_key(street.shop, street.till)
    phone.sync(street.account(phone))
    assert tap(phone, copy) == NOT_TRUSTED
    assert isinstance(tap(phone, street.till), Authorises)


def test_a_phone_that_was_not_online_since_knows_nothing_of_it(street: Street, phone: VirtualPhone) -> None:
    street.revoke()
    assert isinstance(tap(phone, street.till), Authorises)


def test_a_strangers_list_is_not_believed_and_an_older_one_takes_nothing_back(
    street: Street, phone: VirtualPhone
) -> None:
    before = street.shop.http.get("/wallet/v1/revoked").json()
    street.revoke()
    phone.sync(street.account(phone))
    now = street.shop.clock.now()
    stranger = document(EVIL, version=99, not_after=rfc3339(now + 60))
    for false in (before, {"document": b64u(stranger)}):
        street.answer = answering(false)
        phone.sync(street.account(phone))
        assert tap(phone, street.till) == NOT_TRUSTED


def test_a_backend_of_page_1_1_has_no_list_and_serves_on(street: Street, phone: VirtualPhone) -> None:
    street.revoke()
    street.answer = lambda _response: problem(404, {"title": "Not found", "code": "not_found"})
    phone.sync(street.account(phone))
    assert isinstance(tap(phone, street.till), Authorises)


def test_a_key_leaves_the_list_when_its_credential_has_ended(street: Street) -> None:
    def listed() -> int:
        raw = unb64u(street.shop.http.get("/wallet/v1/revoked").json()["document"])
        return len(learn_revoked(Revoked(), raw, street.shop.backend.issuer.trusted, street.shop.clock.now()).kids)

    assert listed() == 0
    street.revoke()
    assert listed() == 1
    street.shop.clock.unix_s += 91 * 86_400
    assert listed() == 0
