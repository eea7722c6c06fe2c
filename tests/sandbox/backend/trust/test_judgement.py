# SPDX-License-Identifier: Apache-2.0
"""The backend repeats the terminal's checks: every bad reply of the vectors is refused here, with the same reason."""

from typing import Any

import cbor2
import pytest

from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.terminals.policy import DEFAULT_RISK
from sandbox.backend.trust import judgement
from sandbox.backend.trust.judgement import Known, Refusal, Sound
from tests.vectors import VECTORS

NOT_THE_BACKENDS = {
    "not CBOR": "the terminal takes replies apart",
    "longer than 2,048 bytes": "the same",
    "an unknown kind of reply": "the same",
    "counter seen before with other bytes (last seen 9)": "counters may arrive in any order",
    "offline, promised from a shared purse": "a terminal of page 1.1 has taken it, and the purse may hold the money",
}
BAD = [case for case in VECTORS["bad_replies"]["cases"] if case["name"] not in NOT_THE_BACKENDS]


def issuers() -> Issuers:
    return Issuers([PublicKey.from_cose(cbor2.loads(bytes.fromhex(VECTORS["keys"]["issuer"]["cose_key"])))])


def known(**changes: Any) -> Known:
    members = {
        "issued_here": True, "denylisted": False, "offline_frozen": False, "counter_copied": False,
        "voucher_spent": lambda _: False, "risk": DEFAULT_RISK, "now": 1_767_225_605,
    }  # fmt: skip
    return Known(**{**members, **changes})


def verdict(case: dict[str, Any], reply: str, facts: Known) -> Sound | Refusal:
    presentation = Presentation.read(bytes.fromhex(case["presentation"]), issuers())
    _, credential, authorisation = cbor2.loads(bytes.fromhex(reply))
    read = judgement.read(presentation, credential, authorisation, issuers())
    if isinstance(read, Refusal):
        return read
    offline = not presentation.intent.claims.online
    return judgement.judge(presentation, read, facts, issuers(), accepted_offline=offline)


@pytest.mark.parametrize("case", BAD, ids=lambda case: str(case["name"]))
def test_a_bad_reply_is_refused_with_the_terminals_reason(case: dict[str, Any]) -> None:
    denylisted = case["name"] == "wallet key on the denylist"
    found = verdict(VECTORS["cases"][case["to_case"]], case["reply"], known(denylisted=denylisted))
    assert isinstance(found, Refusal)
    assert int(found.reason) == case["reason"]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: str(case["name"]))
def test_a_good_reply_is_sound_or_above_the_policy(case: dict[str, Any]) -> None:
    found = verdict(case, case["reply"], known())
    if "above the policy" in case["name"]:
        assert isinstance(found, Refusal)
        assert int(found.reason) == 20
    else:
        assert isinstance(found, Sound)


REFUSED: dict[str, tuple[dict[str, Any], Refusal]] = {
    "issued by us, and not in our books": ({"issued_here": False}, judgement.CREDENTIAL_UNKNOWN),
    "denylisted": ({"denylisted": True}, judgement.CREDENTIAL_BLOCKED),
    "a copy, and so denylisted": ({"denylisted": True, "counter_copied": True}, judgement.COUNTER_REUSED),
    "from the future": ({"now": 1_767_225_600 - 601}, judgement.NOT_YET),
}


@pytest.mark.parametrize(("facts", "refusal"), REFUSED.values(), ids=REFUSED)
def test_what_only_the_backend_knows(facts: dict[str, Any], refusal: Refusal) -> None:
    case = VECTORS["cases"][0]
    assert verdict(case, case["reply"], known(**facts)) == refusal


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [({"risk": None}, judgement.NO_POLICY), ({"offline_frozen": True}, judgement.OFFLINE_FROZEN)],
    ids=["no policy", "frozen"],
)
def test_what_only_counts_offline(facts: dict[str, Any], refusal: Refusal) -> None:
    online, offline = (VECTORS["cases"][0], next(c for c in VECTORS["cases"] if c["name"] == "offline"))
    assert isinstance(verdict(online, online["reply"], known(**facts)), Sound)
    assert verdict(offline, offline["reply"], known(**facts)) == refusal
