# SPDX-License-Identifier: Apache-2.0
"""What the terminal sees to by itself: credential, clock, documents, the journal's signed head.

Source: backend API, `POST /terminal/credential`, "Terminal requests are signed", "The backend's documents", heartbeat.
"""

import json
import stat
from collections.abc import Callable
from typing import Any

import pytest

from pengpos.core.times import rfc3339
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, Sign1, sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Credential, Merchant, Role, issue_credential
from sandbox.backend.trust.issuer import Issuer
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter
from tests.support.road import Obstacle, changes, loses_the_answer, refuses, says

pytestmark = pytest.mark.usefixtures("signs_no_whole_answers")  # what comes is judged by what is in it

DAY_S = 86_400
STRANGER = SoftwareKey.generate()


def refresh(counter: Counter) -> None:
    """Have everything seen to now."""
    counter._loop.run(counter.terminal._upkeep.refresh())


def credential(counter: Counter) -> Credential:
    return counter.terminal._device.identity().credential


# --- the credential ---------------------------------------------------------------------------------------------------


def test_the_credential_renews_itself_for_the_same_key(counter: Counter, phone: VirtualPhone) -> None:
    before = credential(counter)
    refresh(counter)
    assert credential(counter) == before  # not due
    counter.pass_time(61 * DAY_S)
    refresh(counter)
    after = credential(counter)
    assert after.expires_at == before.expires_at + 61 * DAY_S
    assert (after.key, after.subject, after.merchant) == (before.key, before.subject, before.merchant)
    assert stat.S_IMODE(counter.home.enrolment.stat().st_mode) == 0o600
    counter.restart()
    assert credential(counter) == after
    counter.pass_time(40 * DAY_S)  # the old one would be over
    counter.until_status(lambda status: status.link.online)
    sale = counter.charge("18.80")
    assert after.raw in counter.terminal._sales.open_sales.sales[-1].intent.presentation
    counter.tell(sale, "cancel", {"reason": "customer"})


def test_what_else_enrolment_brought_is_kept(counter: Counter) -> None:
    before = json.loads(counter.home.enrolment.read_bytes())
    counter.pass_time(61 * DAY_S)
    refresh(counter)
    after = json.loads(counter.home.enrolment.read_bytes())
    assert after.pop("credential") != before.pop("credential")
    assert after == before


def test_an_expired_terminal_sells_nothing_until_it_has_renewed(counter: Counter, phone: VirtualPhone) -> None:
    counter.road.put(refuses(), "POST", "/v1/terminal/credential")
    counter.pass_time(84 * DAY_S)
    refresh(counter)
    (alarm,) = counter.until_status(lambda status: status.alarms).alarms
    assert alarm.kind == "credential"
    assert "5 days" in alarm.text or "6 days" in alarm.text
    counter.pass_time(6 * DAY_S)
    refused = counter.refused("POST", "/v1/sales", {"idempotency_key": "a", "amount": 1, "currency": "CNY"})
    assert (refused.status, refused.code) == (503, "credential_expired")
    counter.road.clear()
    refresh(counter)
    counter.until_status(lambda status: not status.alarms)
    assert (
        counter.call("POST", "/v1/sales", {"idempotency_key": "a", "amount": 1, "currency": "CNY"}).status_code == 201
    )


def falsely(counter: Counter, **other: Any) -> str:
    """A renewed credential that is false in one point."""
    present = credential(counter)
    said: dict[str, Any] = {
        "issuer": counter.sandbox.backend.issuer.signer,
        "subject": present.subject,
        "key": present.key,
        "role": Role.TERMINAL,
        "issued_at": present.issued_at,
        "expires_at": present.expires_at + 90 * DAY_S,
        "merchant": present.merchant,
    }
    said |= other
    return b64u(issue_credential(said.pop("issuer"), **said))


FALSE_RENEWALS: dict[str, dict[str, Any]] = {
    "by a stranger": {"issuer": STRANGER},
    "for another key": {"key": PublicKey.of(STRANGER)},
    "for another terminal": {"subject": "T-OTHER"},
    "for another merchant": {"merchant": Merchant(merchant_id="M-9999", name="another")},
    "for a wallet": {"role": Role.WALLET, "merchant": None},
    "for no longer": {"expires_at": 1_800_000_000},
}


@pytest.mark.parametrize("lie", FALSE_RENEWALS.values(), ids=FALSE_RENEWALS)
def test_a_false_renewal_is_not_taken(counter: Counter, lie: dict[str, Any]) -> None:
    before, stored = credential(counter), counter.home.enrolment.read_bytes()
    counter.pass_time(61 * DAY_S)
    body = json.dumps({"credential": falsely(counter, **lie), "issuers": []}).encode()
    counter.road.put(says(200, body, "application/json"), "POST", "/v1/terminal/credential")
    refresh(counter)
    assert credential(counter) == before
    assert counter.home.enrolment.read_bytes() == stored
    counter.road.clear()
    refresh(counter)
    assert credential(counter) != before


# --- the clock --------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_behind_takes_the_time_the_backend_signs(counter: Counter, phone: VirtualPhone) -> None:
    counter.close()
    counter.pass_time(5_000)
    counter.clock_off_s = -5_000
    counter.open()
    counter.until_status(lambda status: status.readers)
    refresh(counter)
    off_s = counter.terminal._device.clock.now() - counter.sandbox.clock.now()
    assert abs(off_s) < 60
    assert counter.journal.latest_issuer_time() >= counter.sandbox.clock.now() - 60
    counter.tap(counter.present("18.80"), phone, "approved")
    counter.restart()
    assert counter.terminal._device.clock.now() >= counter.sandbox.clock.now() - 60
    assert counter.booked == [18_80]


FALSE_TIMES: dict[str, Callable[[Issuer, str, int], bytes]] = {
    "signed by a stranger": lambda issuer, nonce, now: _time(STRANGER, nonce, now),
    "over another request's nonce": lambda issuer, nonce, now: _time(issuer.signer, "x" * 22, now),
    "that is none": lambda issuer, nonce, now: sign1(issuer.signer, Context.CLOCK, b"noon", kid=issuer.key.kid),
}


def _time(signer: Any, nonce: str, now: int) -> bytes:
    return sign1(signer, Context.CLOCK, json.dumps({"nonce": nonce, "now": rfc3339(now)}).encode(),
                 kid=PublicKey.of(signer).kid)  # fmt: skip


@pytest.mark.parametrize("lie", FALSE_TIMES.values(), ids=FALSE_TIMES)
def test_a_false_time_is_not_taken(counter: Counter, lie: Callable[[Issuer, str, int], bytes]) -> None:
    counter.close()
    counter.pass_time(5_000)
    counter.clock_off_s = -5_000

    def edit(body: bytes) -> bytes:
        answer = json.loads(body)
        raw = lie(counter.sandbox.backend.issuer, answer["nonce"], counter.sandbox.clock.now())
        return json.dumps(answer | {"now": b64u(raw)}).encode()

    counter.road.put(changes(edit))
    counter.open()
    refresh(counter)
    assert counter.terminal._device.clock.now() < counter.sandbox.clock.now() - 4_000


def test_a_clock_that_is_ahead_is_a_technicians_matter(counter: Counter) -> None:
    counter.close()
    counter.clock_off_s = 5_000
    counter.open()
    status = counter.until_status(lambda status: status.alarms)
    assert [alarm.kind for alarm in status.alarms] == ["clock_ahead"]
    assert status.alarms[0].cure
    counter.clock_off_s = 0
    counter.restart()
    refresh(counter)
    assert counter.until_status(lambda status: not status.alarms).link.online


# --- documents --------------------------------------------------------------------------------------------------------


def document(counter: Counter, **other: Any) -> dict[str, Any]:
    now = counter.sandbox.clock.now()
    members = {"terminal_id": "*", "version": 99, "issued_at": rfc3339(now), "not_after": rfc3339(now + DAY_S)}
    return members | {"from": 0, "add": [b64u(bytes(8))], "remove": []} | other


def delta(counter: Counter, content: object, signer: Any = None, context: Context = Context.DENYLIST) -> Obstacle:
    signer = signer or counter.sandbox.backend.issuer.signer
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    raw = sign1(signer, context, payload, kid=PublicKey.of(signer).kid)
    return says(200, json.dumps({"delta": b64u(raw)}).encode(), "application/json")


BAD_DELTAS: dict[str, Callable[[Counter], Obstacle]] = {
    "by a stranger": lambda counter: delta(counter, document(counter), STRANGER),
    "signed as something else": lambda counter: delta(counter, document(counter), context=Context.POLICY),
    "for another terminal": lambda counter: delta(counter, document(counter, terminal_id="T-OTHER")),
    "for a list of terminals": lambda counter: delta(counter, document(counter, terminal_id=["*"])),
    "not JSON": lambda counter: delta(counter, b"{"),
    "no object": lambda counter: delta(counter, [1, 2]),
    "of no version": lambda counter: delta(counter, document(counter, version=None)),
    "of version true": lambda counter: delta(counter, document(counter, version=True)),
    "of a version beyond 64 bits": lambda counter: delta(counter, document(counter, version=1 << 70)),
    "of a negative version": lambda counter: delta(counter, document(counter, version=-1)),
    "without its time": lambda counter: delta(counter, document(counter, issued_at="noon")),
    "from another version": lambda counter: delta(counter, document(counter, **{"from": 7})),
    "with a kid of the wrong size": lambda counter: delta(counter, document(counter, add=[b64u(bytes(9))])),
    "with a kid that is none": lambda counter: delta(counter, document(counter, add=[7])),
    "no signature at all": lambda counter: says(200, b'{"delta": "AAAA"}', "application/json"),
}


@pytest.mark.parametrize("bad", BAD_DELTAS.values(), ids=BAD_DELTAS)
def test_a_bad_denylist_changes_nothing_and_stops_nothing(counter: Counter, bad: Callable[[Counter], Obstacle]) -> None:
    documents = counter.terminal._backend.documents
    refresh(counter)
    version = documents.denylist_version
    counter.road.put(bad(counter), "GET", "/v1/terminal/denylist")
    beats = counter.road.count("POST", "/v1/terminal/heartbeat")
    refresh(counter)
    assert documents.denylist_version == version
    assert not documents.denylisted(bytes(8))
    assert counter.road.count("POST", "/v1/terminal/heartbeat") > beats


def test_a_policy_may_bring_new_issuers(counter: Counter) -> None:
    refresh(counter)
    issuer = counter.sandbox.backend.issuer
    stored = counter.journal.document("policy")
    assert stored is not None
    content = json.loads(Sign1.parse(stored.body, max_size=1 << 18).payload)
    newer = SoftwareKey.generate()
    content |= {"version": 99, "issuers": [issuer.key.to_jwk(), PublicKey.of(newer).to_jwk()]}
    raw = sign1(issuer.signer, Context.POLICY, json.dumps(content).encode(), kid=issuer.key.kid)
    counter.road.put(says(200, json.dumps({"policy": b64u(raw)}).encode(), "application/json"), "GET", ".*config")
    refresh(counter)
    kids = {key.kid for key in counter.terminal._device.identity().issuers}
    assert kids == {issuer.key.kid, PublicKey.of(newer).kid}
    counter.restart()
    assert {key.kid for key in counter.terminal._device.identity().issuers} == kids


# --- the journal's head -----------------------------------------------------------------------------------------------


def test_the_head_is_signed_and_an_idle_journal_does_not_grow(counter: Counter, phone: VirtualPhone) -> None:
    counter.tap(counter.present("6.00"), phone, "approved")
    refresh(counter)
    signed = counter.journal.document("head")
    assert signed is not None
    rows = counter.journal.head().seq
    assert signed.version == rows - 1
    for _ in range(3):
        refresh(counter)
    assert counter.journal.head().seq == rows


def test_a_head_whose_answer_was_lost_is_kept_next_time(counter: Counter, phone: VirtualPhone) -> None:
    counter.tap(counter.present("6.00"), phone, "approved")
    refresh(counter)
    counter.tap(counter.present("7.00"), phone, "approved")
    counter.road.put(loses_the_answer(), "POST", "/v1/terminal/heartbeat", times=1)
    refresh(counter)
    before = counter.journal.document("head")
    assert before is not None
    refresh(counter)
    after = counter.journal.document("head")
    assert after is not None
    assert after.version > before.version
    assert counter.status.alarms == []


def rotation(counter: Counter, version: int, signer: Any, *issuers: Any) -> Obstacle:
    """A policy that brings these issuers in the place of those before."""
    enrolled = counter.terminal._device.identity().policy
    assert enrolled is not None
    brought = {"version": version, "issuers": [PublicKey.of(key).to_jwk() for key in issuers]}
    content = json.loads(Sign1.parse(enrolled, max_size=100_000).payload) | brought
    raw = sign1(signer, Context.POLICY, json.dumps(content).encode(), kid=PublicKey.of(signer).kid)
    return says(200, json.dumps({"policy": b64u(raw), "version": version}).encode(), "application/json")


@pytest.mark.parametrize("overlap", [True, False], ids=["each beside the one before", "each in its place"])
def test_two_rotations_of_issuers_survive_a_restart(counter: Counter, *, overlap: bool) -> None:
    first = counter.sandbox.backend.issuer.signer
    second, third = SoftwareKey.generate(), SoftwareKey.generate()
    steps = [(90, first, second), (91, second, third)]
    for version, signer, new in steps:
        counter.road.clear()
        issuers = (signer, new) if overlap else (new,)
        counter.road.put(rotation(counter, version, signer, *issuers), "GET", "/v1/terminal/config")
        refresh(counter)
    counter.restart()
    assert PublicKey.of(third).kid in {key.kid for key in counter.terminal._device.identity.issuers()}
    assert counter.terminal._backend.policy.risk is not None
    counter.road.clear()
    counter.road.put(rotation(counter, 92, third, third), "GET", "/v1/terminal/config")
    refresh(counter)
    assert counter.terminal._backend.documents._policy_version == 92
