# SPDX-License-Identifier: Apache-2.0
"""Whom a phone believes, whatever is answered in the backend's place. Source: backend API, *Issuers for wallets*."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pengpos.core.reasons import Reason
from pengpos.core.times import rfc3339
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Role, issue_credential
from pengpos.wire.objects.presentation import encode_presentation
from pengpos.wire.objects.reply import Authorises, Declines, read_reply
from sandbox.phone.account import Account
from sandbox.phone.issuers import Named, Trusted, learn
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.workbench import PAYS_UNASKED, Till
from tests.support.backend import Shop, fresh_sqlite, in_process

ORIGIN = "http://backend.test"
NOW = 1_767_225_605
A, B, C, EVIL = (SoftwareKey.generate() for _ in range(4))


def issuers(*keys: SoftwareKey) -> Issuers:
    return Issuers(PublicKey.of(key) for key in keys)


def document(
    by: SoftwareKey, *keys: SoftwareKey, version: int = 1, context: Context = Context.ISSUERS, **changes: Any
) -> bytes:
    """Signed by one issuer, naming these."""
    members = {
        "terminal_id": "*",
        "version": version,
        "issued_at": rfc3339(NOW - 60),
        "not_after": rfc3339(NOW + 86_400),
        "issuers": [PublicKey.of(key).to_jwk() for key in keys],
    } | changes
    return sign1(by, context, json.dumps(members).encode(), kid=PublicKey.of(by).kid)


def learnt(known: Trusted | None, listed: Issuers, *documents: bytes) -> tuple[set[bytes], int]:
    trusted = learn(known, Named(listed=listed, documents=documents), NOW)
    return {key.kid for key in trusted.issuers}, trusted.version


def kids(*keys: SoftwareKey) -> set[bytes]:
    return {PublicKey.of(key).kid for key in keys}


KNOWN = Trusted(issuers=issuers(A), version=3)


@pytest.mark.parametrize(
    ("listed", "documents"),
    [
        pytest.param(issuers(EVIL), [], id="another list"),
        pytest.param(issuers(A, EVIL), [], id="one more in the list"),
        pytest.param(issuers(), [], id="an empty list"),
        pytest.param(issuers(EVIL), [document(EVIL, EVIL, version=9)], id="signed by itself"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=3)], id="a version it has had"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=2)], id="an older version"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=9, context=Context.POLICY)], id="another kind"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=9, terminal_id="T-1")], id="for a terminal"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=9, not_after=rfc3339(NOW))], id="out of date"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=9, not_after="soon")], id="no date"),
        pytest.param(issuers(EVIL), [document(A, version=9)], id="naming nobody"),
        pytest.param(issuers(EVIL), [document(A, *[EVIL] * 17, version=9)], id="naming too many"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=1 << 63)], id="a version beyond counting"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=9, issuers=[{"kty": "RSA"}])], id="another kind of key"),
        pytest.param(issuers(EVIL), [document(A, EVIL, version=9)[:-1] + b"\x00"], id="a changed signature"),
        pytest.param(issuers(EVIL), [b"", b"\xd2", b"{}"], id="no documents"),
    ],
)
def test_nobody_else_is_believed(listed: Issuers, documents: list[bytes]) -> None:
    assert learnt(KNOWN, listed, *documents) == (kids(A), 3)


@pytest.mark.parametrize(
    ("documents", "trusts", "version"),
    [
        pytest.param([document(A, A, B, version=4)], kids(A, B), 4, id="one more"),
        pytest.param([document(A, B, version=4)], kids(B), 4, id="another in its place"),
        pytest.param(
            [document(A, A, B, version=4), document(B, B, C, version=5), document(C, C, version=6)],
            kids(C),
            6,
            id="three changes slept through",
        ),
        pytest.param(
            [document(EVIL, EVIL, version=8), document(A, A, B, version=4)], kids(A, B), 4, id="a stranger's between"
        ),
        pytest.param([document(A, B, version=4), document(A, EVIL, version=5)], kids(B), 4, id="one let go signs on"),
        pytest.param([document(B, B, version=5)], kids(A), 3, id="too much slept through: it stays"),
    ],
)
def test_issuers_change_by_the_word_of_one_that_is_trusted(
    documents: list[bytes], trusts: set[bytes], version: int
) -> None:
    assert learnt(KNOWN, issuers(C), *documents) == (trusts, version)


@pytest.mark.parametrize("known", [None, Trusted(issuers=issuers())], ids=["never", "none"])
def test_the_first_list_is_taken_as_it_comes_and_its_documents_count(known: Trusted | None) -> None:
    assert learnt(known, issuers(A)) == (kids(A), 0)
    assert learnt(known, issuers(B), document(A, B, version=4), document(B, B, version=5)) == (kids(B), 5)
    assert learnt(known, issuers(A, EVIL), document(A, A, version=1)) == (kids(A), 1)


# --- the whole phone ------------------------------------------------------------------------------------------------


class Line:
    """The way to the backend, on which a stranger may put his own answer about issuers."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer

    def handle(self, request: httpx.Request) -> httpx.Response:
        forwarded = self.shop.http.request(
            request.method, str(request.url), content=request.content, headers=dict(request.headers)
        )
        if request.url.path.endswith("/issuers"):
            return httpx.Response(200, json=self.answer(forwarded.json()))
        kind = {"content-type": forwarded.headers["content-type"]}
        return httpx.Response(forwarded.status_code, headers=kind, content=forwarded.content)

    def account(self, phone: VirtualPhone) -> Account:
        line = httpx.Client(transport=httpx.MockTransport(self.handle), base_url=ORIGIN)
        return Account(line, phone.store.note("token"))


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with in_process(fresh_sqlite(tmp_path)) as shop:
        yield Line(shop)


@pytest.fixture
def phone(line: Line, tmp_path: Path) -> Iterator[VirtualPhone]:
    with VirtualPhone(tmp_path / "phone", owner=PAYS_UNASKED, clock=line.shop.clock) as phone:
        account = line.account(phone)
        phone.sign_up(account, backend=ORIGIN, name="小林")
        assert phone.sync(account) == frozenset()
        yield phone


def presented(issuer: SoftwareKey, phone: VirtualPhone) -> object:
    """What the phone answers to a shop of this issuer's."""
    now, till = phone.wallet.now(), Till(issuer=issuer)
    credential = issue_credential(
        issuer, subject=till.terminal_id, key=PublicKey.of(till.signer), role=Role.TERMINAL,
        issued_at=now, expires_at=now + 3600, merchant=till.merchant,
    )  # fmt: skip
    return read_reply(phone.wallet.answer(encode_presentation(credential, till.intent(issued_at=now))))


def test_a_stranger_on_the_line_names_his_own_issuer_and_his_shops_stay_strangers(
    line: Line, phone: VirtualPhone, tmp_path: Path
) -> None:
    false = {"issuers": [PublicKey.of(EVIL).to_jwk()], "documents": [b64u(document(EVIL, EVIL, version=99))]}
    line.answer = lambda _answer: false
    assert phone.sync(line.account(phone)) == kids(EVIL)
    assert {key.kid for key in phone.wallet.issuers} == {line.shop.backend.issuer.key.kid}
    assert presented(EVIL, phone) == Declines(Reason.NOT_TRUSTED)
    phone.close()
    with VirtualPhone(tmp_path / "phone", owner=PAYS_UNASKED, clock=line.shop.clock) as again:
        assert {key.kid for key in again.wallet.issuers} == {line.shop.backend.issuer.key.kid}


def test_a_change_that_the_issuer_signed_is_taken_and_kept(line: Line, phone: VirtualPhone, tmp_path: Path) -> None:
    issuer = line.shop.backend.issuer
    now = line.shop.clock.now()
    both = [issuer.key.to_jwk(), PublicKey.of(B).to_jwk()]
    members = {"terminal_id": "*", "version": 2, "issued_at": rfc3339(now), "not_after": rfc3339(now + 60)}
    signed = sign1(issuer.signer, Context.ISSUERS, json.dumps(members | {"issuers": both}).encode(), kid=issuer.key.kid)
    line.answer = lambda answer: {"issuers": both, "documents": [*answer["documents"], b64u(signed)]}
    assert phone.sync(line.account(phone)) == frozenset()
    line.answer = lambda answer: answer  # the first version again: it takes nothing back
    assert phone.sync(line.account(phone)) == frozenset()
    assert isinstance(presented(B, phone), Authorises)
    phone.close()
    with VirtualPhone(tmp_path / "phone", owner=PAYS_UNASKED, clock=line.shop.clock) as again:
        assert {key.kid for key in again.wallet.issuers} == kids(B) | {issuer.key.kid}


def test_a_backend_of_page_1_1_goes_on_serving_with_the_issuers_it_had(line: Line, phone: VirtualPhone) -> None:
    line.answer = lambda answer: {"issuers": answer["issuers"]}
    assert phone.sync(line.account(phone)) == frozenset()
    assert len(phone.wallet.issuers) == 1


def test_the_sandbox_signs_what_it_lists(line: Line, phone: VirtualPhone) -> None:
    answer = line.shop.http.get("/wallet/v1/issuers").json()
    assert len(answer["documents"]) == 1
    assert phone.store.note("issuers_version") == "1"
