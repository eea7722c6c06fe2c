# SPDX-License-Identifier: Apache-2.0
"""A terminal that is locked or revoked (backend API, *Standing*): it stops, says so, and owes what it took before."""

import contextlib
import json
from typing import Any

import msgspec
import pytest

from offline_queue.journal.files import load_key, set_aside
from offline_queue.journal.journal import Journal
from offline_queue.values import ValueStored
from pengpos.client import SaleView, Status
from pengpos.keys.last_heard import LastHeard, read_last_heard
from pengpos.keys.software import SoftwareKey
from pengpos.keys.two_copies import copy_of
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1, sign1
from sandbox.phone.phone import VirtualPhone
from terminal.standing.standing import Obeyed, Standing
from tests.support.counter import Counter, until
from tests.support.page import Visitor
from tests.support.road import changes, never_answers, refuses, says

REVOKED = json.dumps({"title": "Forbidden", "status": 403, "detail": "no", "code": "revoked"}).encode()
NEW = {"idempotency_key": "n", "amount": 1, "currency": "CNY"}


def revoke(counter: Counter) -> None:
    path = f"/terminals/{counter.terminal_id}/revoke"
    assert counter.sandbox.operator.call("POST", path).status_code == 204


def order(counter: Counter, command: str) -> None:
    path = f"/terminals/{counter.terminal_id}/commands"
    assert counter.sandbox.operator.call("POST", path, {"command": command}).status_code == 202


def until_standing(counter: Counter, standing: str) -> Status:
    return counter.until_status(lambda status: status.terminal and status.terminal.standing == standing)


def alarms(status: Status) -> list[str]:
    return [alarm.kind for alarm in status.alarms]


def stop(counter: Counter, how: str) -> str:
    """Revoke or lock it; the standing that it comes to."""
    if how == "revoke":
        revoke(counter)
        return "revoked"
    order(counter, "lock")
    return "locked"


def payments(counter: Counter) -> list[dict[str, Any]]:
    """What the backend has of this terminal."""
    return [one for one in counter.sandbox.operator.payments() if one["terminal_id"] == counter.terminal_id]


def heartbeat(counter: Counter) -> dict[str, Any]:
    """What the operator sees that the terminal said of itself."""
    entries = counter.sandbox.operator.call("GET", "/terminals").json()
    found: dict[str, Any] | None = next(one for one in entries if one["terminal_id"] == counter.terminal_id)[
        "heartbeat"
    ]
    return found or {}


def accepted_offline(counter: Counter, phone: VirtualPhone, amount: str = "18.80") -> SaleView:
    counter.lose_the_backend()
    return counter.tap(counter.present(amount), phone, "accepted_offline")


# --- while it is online -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["revoke", "lock"])
def test_in_mid_sale_it_stops_and_says_so(counter: Counter, phone: VirtualPhone, how: str) -> None:
    sale = counter.present("18.80")
    standing = stop(counter, how)
    ended = counter.until(sale, "cancelled")
    assert ended.history[-1].state == "cancelled"
    assert "this terminal must not sell" in [step.why for step in ended.history]
    status = until_standing(counter, standing)
    assert alarms(status) == [f"terminal_{standing}"]
    assert status.terminal is not None
    assert status.terminal.standing_since is not None
    with counter.held(phone):
        counter.look_round()
    assert counter.sale(sale).state == "cancelled"
    refused = counter.refused("POST", "/v1/sales", NEW)
    assert (refused.status, refused.code) == (403, f"terminal_{standing}")
    assert counter.booked == []


def test_who_is_paying_by_the_page_is_told_and_pays_nothing(counter: Counter) -> None:
    sale = counter.until(counter.present("18.80"), lambda seen: seen.url)
    visitor = Visitor.new(counter.sandbox)
    assert sale.url is not None
    visitor.claim(sale.url)
    counter.until(sale, "pending")
    order(counter, "lock")
    counter.until(sale, "cancelled")
    assert counter.booked == []


def test_unlocked_it_sells_again(counter: Counter, phone: VirtualPhone) -> None:
    order(counter, "lock")
    until_standing(counter, "locked")
    order(counter, "unlock")
    status = until_standing(counter, "active")
    assert (alarms(status), status.terminal and status.terminal.standing_since) == ([], None)
    counter.tap(counter.present("18.80"), phone, "approved")
    assert counter.booked == [18_80]


def test_what_a_phone_has_authorised_is_still_answered(counter: Counter, phone: VirtualPhone) -> None:
    counter.road.put(never_answers(), "POST", "/v1/payments")
    sale = counter.tap(counter.present("18.80"), phone, "authorised")
    order(counter, "lock")
    until_standing(counter, "locked")
    counter.resolve(sale, "approved")
    assert counter.booked == [18_80]


@pytest.mark.parametrize("how", ["revoke", "lock"])
def test_nothing_is_taken_or_given_back_also_by_the_cashiers_hand(
    hasty: Counter, phone: VirtualPhone, how: str
) -> None:
    paid = hasty.tap(hasty.present("5.00"), phone, "approved")
    hasty.road.put(refuses(), "POST", "/v1/payments")
    hasty.road.put(refuses(), "GET", "/v1/intents/.*")
    unknown = hasty.tap(hasty.present("18.80"), phone, "unknown")
    code = f"terminal_{stop(hasty, how)}"
    until_standing(hasty, code.removeprefix("terminal_"))
    assert "refunds" not in hasty.sale(paid).can
    asked = {
        "accept-offline": (unknown, None),
        "again": (unknown, None),
        "confirmation-code": (unknown, {"code": "12345678"}),
        "refunds": (paid, {"idempotency_key": "r", "reason": "spoilt"}),
    }
    for command, (sale, body) in asked.items():
        assert hasty.refused("POST", f"/v1/sales/{sale.id}/{command}", body).code == code, command
    assert (hasty.sale(unknown).state, hasty.sale(unknown).can) == ("unknown", ["cancel"])
    assert hasty.status.queue.caps is None
    assert hasty.tell(unknown, "cancel", {"reason": "customer"}).state == "reversing"


# --- while it is offline, and after -----------------------------------------------------------------------------------


def test_offline_at_the_time_it_obeys_at_its_next_contact(counter: Counter, phone: VirtualPhone) -> None:
    """What it took before the revocation is delivered, held for a person, and owed."""
    stored = accepted_offline(counter, phone)
    counter.pass_time(1)
    revoke(counter)
    assert counter.status.terminal is not None
    sale = counter.present("1.00")  # it cannot know
    counter.road.clear()
    counter.sync()
    status = until_standing(counter, "revoked")
    assert alarms(status) == ["terminal_revoked"]
    counter.until(sale, "cancelled")
    until(lambda: payments(counter) != [], "delivered")
    (payment,) = payments(counter)
    assert (payment["state"], payment["accepted_offline"]) == ("held", True)
    counter.sandbox.operator.call("POST", f"/payments/{payment['intent_id']}/review", {"approve": True})
    counter.resolve(stored, "approved")
    assert counter.booked == [18_80]


@pytest.mark.parametrize("how", ["revoke", "lock"])
def test_a_restart_without_a_line_changes_nothing(counter: Counter, phone: VirtualPhone, how: str) -> None:
    standing = stop(counter, how)
    since = until_standing(counter, standing).terminal
    counter.close()
    counter.road.cut()
    counter.pass_time(4 * 86_400)  # longer than the policy is good for
    counter.open()
    counter.road.cut()
    status = counter.status
    assert status.terminal is not None
    assert (status.terminal.standing, alarms(status)) == (standing, [f"terminal_{standing}"])
    assert since is not None
    assert status.terminal.standing_since == since.standing_since
    assert counter.refused("POST", "/v1/sales", NEW).code == f"terminal_{standing}"


def test_a_sale_that_waited_for_a_phone_is_not_taken_up_again(counter: Counter, phone: VirtualPhone) -> None:
    counter.lose_the_backend()
    sale = counter.present("18.80")
    counter.close()
    with contextlib.closing(Journal.open(counter.home.journal, key=load_key(counter.home.journal_key),
                                         clock=counter.sandbox.clock)) as journal:  # fmt: skip
        kept = Obeyed(standing=Standing.REVOKED, since=counter.sandbox.clock.now(), by_refusal=True)
        journal.record([ValueStored(kind="standing", key="obeyed", body=msgspec.json.encode(kept))]).result()
    counter.open()
    counter.road.cut()
    with counter.held(phone):
        counter.look_round()
    assert counter.sale(sale).state in {"cancelling", "cancelled"}


# --- a journal that is new --------------------------------------------------------------------------------------------


def heard(counter: Counter) -> LastHeard | None:
    return read_last_heard(counter.home.last_heard, counter.terminal_id)


def open_without_journal(counter: Counter, *, last_heard: bool = True) -> None:
    """Off, the journal set aside with the line cut, and perhaps what lies beside the enrolment taken away; on again."""
    counter.close()
    set_aside(counter.home.journal, counter.sandbox.clock)
    if not last_heard:
        for file in (counter.home.last_heard, copy_of(counter.home.last_heard)):
            file.unlink()
    counter.road.put(refuses())
    counter.open()


@pytest.mark.parametrize("how", ["revoke", "lock"])
def test_a_journal_set_aside_takes_no_standing_along(counter: Counter, how: str) -> None:
    standing = stop(counter, how)
    until_standing(counter, standing)
    until(lambda: (found := heard(counter)) is not None and found.standing == standing, "kept beside the enrolment")
    open_without_journal(counter)
    assert (counter.status.terminal and counter.status.terminal.standing) == standing
    assert counter.refused("POST", "/v1/sales", NEW).code == f"terminal_{standing}"
    counter.restart()  # nothing was stored of it meanwhile
    assert counter.refused("POST", "/v1/sales", NEW).code == f"terminal_{standing}"


@pytest.mark.usefixtures("signs_no_whole_answers")
def test_a_journal_set_aside_takes_no_unsigned_revocation_along(counter: Counter) -> None:
    for path in ("/v1/terminal/config", "/v1/intents/.*"):
        counter.road.put(says(403, REVOKED, "application/problem+json"), "*", path)
    counter.charge("18.80")
    until_standing(counter, "revoked")
    until(lambda: (found := heard(counter)) is not None and found.by_refusal, "kept beside the enrolment")
    open_without_journal(counter)
    assert counter.refused("POST", "/v1/sales", NEW).code == "terminal_revoked"


def test_a_journal_set_aside_takes_neither_policy_nor_operators_along(counter: Counter) -> None:
    counter.settle(operators=[{"id": "op-1", "name": "Li", "role": "manager", "pin": "4711"}])
    raw = counter.terminal._backend.policy._raw
    assert raw is not None
    until(lambda: (found := heard(counter)) is not None and found.policy == b64u(raw), "kept beside the enrolment")
    open_without_journal(counter)
    assert counter.terminal._backend.policy._raw == raw
    assert counter.refused("POST", "/v1/day/close", {"business_date": "2027-01-15"}).code == "role_needed"


def test_with_both_taken_away_nothing_is_sold_until_the_backend_has_answered(
    counter: Counter, phone: VirtualPhone
) -> None:
    open_without_journal(counter, last_heard=False)
    status = counter.status
    assert ((status.terminal and status.terminal.standing), alarms(status)) == ("locked", ["terminal_unheard"])
    assert status.queue.caps is None
    assert counter.refused("POST", "/v1/sales", NEW).code == "terminal_locked"
    counter.restart()
    assert alarms(counter.status) == ["terminal_unheard"]
    counter.road.clear()
    counter.sync()
    assert "terminal_unheard" not in alarms(until_standing(counter, "active"))  # the new journal's epoch may ring
    counter.tap(counter.present("18.80"), phone, "approved")
    until(lambda: (found := heard(counter)) is not None and found.policy is not None, "written anew")


def test_what_lies_beside_the_enrolment_is_written_anew_from_the_journal(counter: Counter) -> None:
    until(lambda: counter.terminal._backend.documents._policy_version is not None, "a policy is stored")
    counter.close()
    for file in (counter.home.last_heard, copy_of(counter.home.last_heard)):
        file.unlink()
    counter.road.put(refuses())
    counter.open()
    found = heard(counter)
    assert found is not None
    assert found.policy is not None
    assert (counter.status.terminal and counter.status.terminal.standing) == "active"


# --- what is not signed -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("signs_no_whole_answers")
def test_a_call_that_is_answered_revoked_stops_it_until_the_backend_says_otherwise(
    counter: Counter, phone: VirtualPhone
) -> None:
    """A backend of page 1.1 has no signed word for it, and answers the question for the policy in the same way."""
    for path in ("/v1/terminal/config", "/v1/intents/.*"):
        counter.road.put(says(403, REVOKED, "application/problem+json"), "*", path)
    sale = counter.charge("18.80")
    until_standing(counter, "revoked")
    assert counter.refused("POST", "/v1/sales", NEW).code in {"terminal_revoked", "busy"}
    counter.restart()
    assert counter.refused("POST", "/v1/sales", NEW).code == "terminal_revoked"
    counter.road.clear()
    counter.sync()
    until_standing(counter, "active")
    counter.until(sale, "cancelled")
    counter.tap(counter.present("1.00"), phone, "approved")


def test_an_older_policy_that_is_put_in_its_place_unlocks_nothing(counter: Counter) -> None:
    before = counter.terminal._backend.policy._raw
    assert before is not None
    order(counter, "lock")
    until_standing(counter, "locked")
    old = json.dumps({"policy": b64u(before), "version": 1}).encode()
    rule = counter.road.put(changes(lambda _body: old), "GET", "/v1/terminal/config")
    counter.sync()
    until(lambda: rule.met > 0 and counter.road.is_quiet, "the older one has come")
    until_standing(counter, "locked")


def test_a_policy_that_no_issuer_signed_locks_and_unlocks_nothing(counter: Counter) -> None:
    stranger = SoftwareKey.generate()

    def forged(body: bytes) -> bytes:
        said = json.loads(Sign1.parse(unb64u(json.loads(body)["policy"])).payload)
        said |= {"standing": "locked", "standing_since": said["issued_at"], "version": said["version"] + 1}
        policy = sign1(stranger, Context.POLICY, json.dumps(said).encode())
        return json.dumps({"policy": b64u(policy), "version": said["version"]}).encode()

    rule = counter.road.put(changes(forged), "GET", "/v1/terminal/config")
    counter.sync()
    until(lambda: rule.met > 0 and counter.road.is_quiet, "the forged one has come")
    until_standing(counter, "active")


def test_a_policy_whose_risk_cannot_be_read_locks_all_the_same(counter: Counter) -> None:
    issuer = counter.sandbox.backend.issuer

    def without_risk(body: bytes) -> bytes:
        said = json.loads(Sign1.parse(unb64u(json.loads(body)["policy"])).payload)
        said |= {
            "standing": "locked",
            "standing_since": said["issued_at"],
            "version": said["version"] + 1,
            "risk": None,
        }
        policy = sign1(issuer.signer, Context.POLICY, json.dumps(said).encode(), kid=issuer.key.kid)
        return json.dumps({"policy": b64u(policy), "version": said["version"]}).encode()

    counter.road.put(changes(without_risk), "GET", "/v1/terminal/config")
    counter.sync()
    until_standing(counter, "locked")
    counter.restart()
    until_standing(counter, "locked")


# --- orders -----------------------------------------------------------------------------------------------------------


def test_a_restart_waits_for_the_counter_to_be_free_and_is_acknowledged(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    order(counter, "restart")
    until(lambda: "restart_asked_at" in (counter.terminal._backend.policy.document or {}), "the order is known")
    assert not counter.terminal._ended.done()
    counter.tap(sale, phone, "approved")
    until(counter.terminal._ended.done, "it ends, to be begun anew")
    assert counter.terminal._ended.exception() is None
    counter.restart()

    def acknowledged() -> bool:
        return (heartbeat(counter).get("orders_done") or {}).get("restart") is not None

    until(acknowledged, "acknowledged")
    assert not counter.terminal._ended.done()
    order(counter, "restart")  # the same again within ten minutes
    counter.tap(counter.present("1.00"), phone, "approved")
    assert not counter.terminal._ended.done()


def test_what_the_doctor_finds_is_seen_by_the_operator_who_asked(counter: Counter) -> None:
    finding = {"name": "Readers", "light": "red", "says": "PC/SC runs and knows no reader", "cure": "Plug one in"}
    counter.diagnose = lambda: {
        "at": "2027-01-15T08:00:00Z", "home": str(counter.home.root), "healthy": False, "findings": [finding]
    }  # fmt: skip
    counter.restart()
    order(counter, "diagnose")
    until(lambda: (heartbeat(counter).get("diagnosis") or {}).get("findings") == [finding], "the operator sees it")
    assert str(counter.home.root) not in json.dumps(heartbeat(counter))
    counter.sync()
    until(lambda: heartbeat(counter)["orders_done"]["diagnose"] is not None, "and that it was done")
