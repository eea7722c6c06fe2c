# SPDX-License-Identifier: Apache-2.0
"""Terminals come into being and change their keys (backend API, `/enrolments`, `/terminal/credential`)."""

from collections.abc import Callable
from typing import Any

import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Credential, Role
from sandbox.backend.kernel import limits
from tests.support.backend import Shop
from tests.support.shop import Till


def renew(
    till: Till, key: SoftwareKey, *, prover: SoftwareKey | None = None, payload: str | None = None
) -> dict[str, object]:
    proof = sign1(prover or key, Context.CREDENTIAL_REQUEST, (payload or till.terminal_id).encode())
    return {"public_key": PublicKey.of(key).to_jwk(), "proof": b64u(proof)}


def let_in(shop: Shop, till: Till, key: SoftwareKey) -> None:
    """Ask for a new key, and have the operator say yes."""
    assert till.call("POST", "/terminal/credential", renew(till, key)).json()["code"] == "renewal_held"
    review = shop.operator.call("GET", "/reviews?state=open").json()["reviews"][-1]
    assert (review["kind"], review["subject"]) == ("renewal", b64u(PublicKey.of(key).kid))
    assert shop.operator.call("POST", f"/reviews/{review['review_id']}", {"approve": True}).status_code == 204


def test_an_enrolled_terminal_has_a_credential_that_verifies(shop: Shop) -> None:
    till = shop.till()
    credential = Credential.read(till.credential, till.issuers)
    assert credential.role is Role.TERMINAL
    assert credential.subject == till.terminal_id
    assert credential.key == PublicKey.of(till.key)
    assert credential.merchant is not None
    assert (credential.merchant.merchant_id, credential.merchant.name) == ("M-0001", "晨光咖啡")
    assert len(till.confirmation_secret) == 32


def test_the_same_code_and_key_again_give_the_same_answer(shop: Shop) -> None:
    code = shop.operator.activation_code()
    till = Till.enrol(shop.http, shop.clock, code)
    shop.clock.advance(3600)
    assert till.ask_to_enrol(code).json() == till.enrolment


@pytest.mark.parametrize("then", ["revoked", "two days later"])
def test_who_has_key_and_code_later_is_told_no_secret(shop: Shop, then: str) -> None:
    code = shop.operator.activation_code()
    till = Till.enrol(shop.http, shop.clock, code)
    if then == "revoked":
        assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke").status_code == 204
    else:
        shop.clock.advance(2 * 86_400)
    answer = till.ask_to_enrol(code)
    assert (answer.status_code, answer.json()["code"]) == (403, "activation_code")
    assert misuses(shop) == []


@pytest.mark.parametrize(
    ("given", "after_s"),
    [("used by another", 0), ("never made", 0), ("too old", 15 * 60 + 1)],
    ids=lambda value: str(value),
)
def test_a_code_is_good_once_and_for_minutes(shop: Shop, given: str, after_s: int) -> None:
    code = shop.operator.activation_code()
    if given == "used by another":
        Till.enrol(shop.http, shop.clock, code)
    if given == "never made":
        code = "2222-3333-4444"
    shop.clock.advance(after_s)
    answer = Till(http=shop.http, clock=shop.clock, key=SoftwareKey.generate()).ask_to_enrol(code)
    assert (answer.status_code, answer.json()["code"]) == (403, "activation_code")


def misuses(shop: Shop) -> list[dict[str, Any]]:
    return [alarm for alarm in shop.operator.call("GET", "/alarms").json() if alarm["kind"] == "activation_misused"]


def test_a_code_that_two_keys_know_is_an_alarm_once_that_names_who_was_first(shop: Shop) -> None:
    code = shop.operator.activation_code()
    thief = Till.enrol(shop.http, shop.clock, code)
    technician = Till(http=shop.http, clock=shop.clock, key=SoftwareKey.generate())
    for _ in range(3):
        assert technician.ask_to_enrol(code).json()["code"] == "activation_code"
    [alarm] = misuses(shop)
    assert alarm["terminal_id"] == thief.terminal_id
    assert alarm["detail"] == {"store_id": "S-0001", "fingerprint": PublicKey.of(technician.key).fingerprint}


@pytest.mark.parametrize("typed", [str, str.lower, lambda text: text.replace("-", "")], ids=["shown", "small", "bare"])
def test_a_code_for_one_key_is_good_for_no_other(shop: Shop, typed: Callable[[str], str]) -> None:
    technician = Till(http=shop.http, clock=shop.clock, key=SoftwareKey.generate())
    fingerprint = PublicKey.of(technician.key).fingerprint
    asked = {"store_id": "S-0001", "fingerprint": typed(fingerprint)}
    made = shop.operator.call("POST", "/activation-codes", asked).json()
    assert made["fingerprint"] == fingerprint
    thief = Till(http=shop.http, clock=shop.clock, key=SoftwareKey.generate())
    answer = thief.ask_to_enrol(made["activation_code"])
    assert (answer.status_code, answer.json()["code"]) == (403, "activation_key")
    enrolled = technician.ask_to_enrol(made["activation_code"]).json()
    [alarm] = misuses(shop)
    assert (alarm["terminal_id"], alarm["detail"]["fingerprint"]) == (None, PublicKey.of(thief.key).fingerprint)
    listed = {entry["terminal_id"]: entry["fingerprint"] for entry in shop.operator.call("GET", "/terminals").json()}
    assert listed[enrolled["terminal_id"]] == fingerprint


@pytest.mark.parametrize(
    "text", ["", "3F2A-91C0-77DE", "3F2A91C077DE04B8A", "3F2A-91C0-77DE-04BG", "3F2A-91C0-77DE-04B8\n"]
)
def test_what_is_no_fingerprint_is_refused(shop: Shop, text: str) -> None:
    answer = shop.operator.call("POST", "/activation-codes", {"store_id": "S-0001", "fingerprint": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_a_code_may_be_typed_in_small_letters(shop: Shop) -> None:
    assert Till.enrol(shop.http, shop.clock, f" {shop.operator.activation_code().lower()}").terminal_id


def test_an_enrolment_is_signed_by_the_new_key_itself(shop: Shop) -> None:
    till = Till(http=shop.http, clock=shop.clock, key=SoftwareKey.generate())
    body = {
        "activation_code": shop.operator.activation_code(),
        "public_key": PublicKey.of(SoftwareKey.generate()).to_jwk(),
        "hardware": {"serial": "1", "model": "1"},
        "software_version": "1",
    }
    assert till.call("POST", "/enrolments", body).json()["code"] == "signature"


def test_a_key_belongs_to_one_terminal(shop: Shop) -> None:
    till = shop.till()
    assert till.ask_to_enrol(shop.operator.activation_code()).json()["code"] == "conflict"


def test_a_key_is_certified_again(shop: Shop) -> None:
    till = shop.till()
    shop.clock.advance(80 * 86_400)
    answer = till.call("POST", "/terminal/credential", {})
    renewed = Credential.read(unb64u(answer.json()["credential"]), till.issuers)
    assert renewed.expires_at == shop.clock.now() + 90 * 86_400
    assert till.call("POST", "/terminal/credential").status_code == 200  # a request without a body says the same


def test_the_old_key_stays_valid_until_the_new_one_has_been_used(shop: Shop) -> None:
    till, new = shop.till(), SoftwareKey.generate()
    let_in(shop, till, new)
    first = till.call("POST", "/terminal/credential", renew(till, new)).json()
    assert till.call("POST", "/terminal/credential", renew(till, new)).json() == first
    assert Credential.read(unb64u(first["credential"]), till.issuers).key == PublicKey.of(new)

    old, till.key, till.credential = till.key, new, unb64u(first["credential"])
    wallet = shop.wallet()
    assert till.pay(till.sale(100), wallet).json()["status"] == "approved"
    assert till.call("POST", "/terminal/credential", {}, signer=old).json()["code"] == "signature"


def test_what_the_old_key_signed_is_still_paid(shop: Shop) -> None:
    till, new = shop.till(), SoftwareKey.generate()
    sale = till.sale(100)
    let_in(shop, till, new)
    till.call("POST", "/terminal/credential", renew(till, new))
    till.key = new
    assert till.pay(sale, shop.wallet()).json()["status"] == "approved"


@pytest.mark.parametrize("wrong", ["proof by another key", "proof over something else", "no proof"])
def test_a_new_key_proves_itself(shop: Shop, wrong: str) -> None:
    till, new = shop.till(), SoftwareKey.generate()
    body = {
        "proof by another key": renew(till, new, prover=till.key),
        "proof over something else": renew(till, new, payload="T-22222222"),
        "no proof": {"public_key": PublicKey.of(new).to_jwk()},
    }[wrong]
    assert till.call("POST", "/terminal/credential", body).status_code == 422


def test_another_terminals_key_cannot_be_taken_over(shop: Shop) -> None:
    till, other = shop.till(), shop.till()
    assert till.call("POST", "/terminal/credential", renew(till, other.key)).json()["code"] == "conflict"


def test_an_expired_credential_signs_no_new_intent_but_still_delivers(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(100)
    assert till.pay(sale, wallet).json()["status"] == "approved"
    shop.clock.advance(90 * 86_400)
    wallet = shop.wallet()
    late = till.sale(100)
    assert till.put(late).json()["code"] == "terminal_credential_expired"
    assert till.pay(late, wallet).json()["code"] == "terminal_credential_expired"
    assert till.status(sale) == "approved"
    assert till.refund(sale).json()["state"] == "done"
    assert till.cancel(till.sale(100)).json()["status"] == "cancelled"
    assert till.call("POST", "/terminal/credential", {}).status_code == 200
    beat = {"head": {"epoch": 1, "sequence": 1, "hash": "AA"}}
    assert till.call("POST", "/terminal/heartbeat", beat).status_code == 200


def test_a_revoked_terminal_delivers_for_review_and_takes_no_more(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    paid, held = till.sale(100), till.sale(200, online=False)
    till.pay(paid, wallet)
    item = till.item(held, wallet, wallet.authorise(held), offline=True)
    shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
    assert till.pay(till.sale(300), wallet).json()["code"] == "revoked"
    assert till.put(till.sale(300)).json()["code"] == "revoked"
    assert till.call("GET", "/terminal/config").status_code == 200
    verdicts = till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
    assert [(v["status"], v["code"]) for v in verdicts] == [("held", "terminal_revoked")]
    assert till.refund(paid).json()["state"] == "held"
    shop.operator.call("POST", f"/payments/{held.intent_id}/review", {"approve": True})
    assert till.status(held) == "approved"
    assert shop.operator.takings() == 300


def test_a_store_has_so_many_codes_open_at_once(shop: Shop) -> None:
    asked = {"store_id": "S-0001"}
    codes = [shop.operator.activation_code() for _ in range(limits.ACTIVATION_CODES.most)]
    refused = shop.operator.call("POST", "/activation-codes", asked)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    Till.enrol(shop.http, shop.clock, codes[0])
    assert shop.operator.call("POST", "/activation-codes", asked).status_code == 201
    shop.clock.advance(15 * 60 + 1)
    assert shop.operator.call("POST", "/activation-codes", asked).status_code == 201
