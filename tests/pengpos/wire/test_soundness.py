# SPDX-License-Identifier: Apache-2.0
"""Terminal and backend ask the same predicate: what the one takes, the other finds sound."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pengpos.core.errors import RefusedError
from pengpos.core.risk import OfflineAllowed, RiskPolicy, Usage, decide
from pengpos.wire.judge import Accepted, judge_reply
from pengpos.wire.objects.authorisation import AuthorisationClaims, Funding, sign_authorisation
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.reply import Authorises, encode_reply
from pengpos.wire.soundness import Flaw, Flawed, Supplements, flaw_as_of, read_supplements
from sandbox.backend.terminals.policy import DEFAULT_RISK
from sandbox.backend.trust import judgement
from tests.pengpos.wire import shop
from tests.pengpos.wire.shop import DAY_S, INTENT, NOW
from tests.vectors import ISSUERS, WALLET

ONLINE, OFFLINE = shop.presentation(), shop.presentation(online=False)
LATEST = INTENT.expires_at + 300

CREDENTIAL = shop.wallet_credential()


def flaw(at: int, to: Presentation = ONLINE, *, credential: bytes = CREDENTIAL, **claimed: Any) -> Flaw | None:
    """The first flaw of an authorisation as of `at`; None: it is sound."""
    wallet = shop.read_credential(credential)
    claims: AuthorisationClaims = shop.authorisation_claims(to, **claimed)
    supplements = read_supplements(claims, ISSUERS)
    if isinstance(supplements, Flawed):
        return supplements.flaw
    found = flaw_as_of(at, to, wallet, claims, supplements)
    return None if found is None else found.flaw


ENDS = NOW + 20
PAID_BY_VOUCHER = {"vouchers": (shop.voucher(not_after=ENDS),), "total_minor": 13_80}

AS_OF = [
    ("all holds", NOW, {}, None),
    ("the credential's last second", ENDS - 1, {"credential": shop.wallet_credential(expires_at=ENDS)}, None),
    ("the credential's end", ENDS, {"credential": shop.wallet_credential(expires_at=ENDS)}, Flaw.CREDENTIAL_EXPIRED),
    ("the pass's last second", ENDS, {"membership": shop.membership(not_after=ENDS)}, None),
    ("past the pass", ENDS + 1, {"membership": shop.membership(not_after=ENDS)}, Flaw.WRONG_MEMBERSHIP),
    ("no pass at all", NOW, {"membership": b"\x00"}, Flaw.WRONG_MEMBERSHIP),
    ("the voucher's last second", ENDS, PAID_BY_VOUCHER, None),
    ("past the voucher", ENDS + 1, PAID_BY_VOUCHER, Flaw.WRONG_VOUCHER),
    ("no voucher at all", NOW, {"vouchers": (b"\x00",), "total_minor": 13_80}, Flaw.WRONG_VOUCHER),
    ("a cent more", NOW, {"total_minor": 18_81}, Flaw.WRONG_TOTAL),
    ("dated after the intent's life", NOW, {"authorised_at": LATEST + 1}, Flaw.EXPIRED),
    ("dated before it", NOW, {"authorised_at": INTENT.issued_at - 301}, Flaw.EXPIRED),
]


@pytest.mark.parametrize(("at", "how", "found"), [row[1:] for row in AS_OF], ids=[row[0] for row in AS_OF])
def test_what_holds_as_of_a_time(at: int, how: dict[str, Any], found: Flaw | None) -> None:
    assert flaw(at, **how) is found


def test_an_intent_signed_after_the_terminals_credential_ended() -> None:
    late = Presentation.read(
        shop.encode_presentation(shop.terminal_credential(expires_at=INTENT.issued_at), ONLINE.intent.raw), ISSUERS
    )
    assert flaw(NOW, late) is Flaw.TERMINAL_CREDENTIAL_EXPIRED


def test_nothing_carried_is_worth_nothing() -> None:
    assert Supplements().value_minor == 0


AROUND = st.sampled_from([-DAY_S, -301, -300, -1, 0, 1, 60, 115, 116, 300, 415, 416, DAY_S])
"""Seconds from now: each bound of an intent's and a document's life, and both sides of it."""


def taken(to: Presentation, reply: bytes, policy: RiskPolicy) -> bool:
    """Whether our terminal takes this reply now, offline where the intent says so."""
    try:
        verdict = judge_reply(
            reply,
            presentation=to,
            issuers=ISSUERS,
            now=NOW,
            denylisted=lambda _: False,
            last_counter=lambda _: -1,
            stored=lambda: None,
        )
    except RefusedError:
        return False
    if not isinstance(verdict, Accepted):
        return False
    claims = verdict.authorisation.claims
    if to.intent.claims.online:
        return True
    decision = decide(
        policy,
        Usage(),
        total_minor=claims.total_minor,
        currency="CNY",
        authorised_at=claims.authorised_at,
        from_own_balance=claims.funding is Funding.BALANCE,
        offline_allowed=claims.offline_allowed,
        allowance=verdict.credential.allowance,
        now=NOW,
    )
    return isinstance(decision, OfflineAllowed)


@settings(max_examples=300, deadline=None)
@given(
    online=st.booleans(), authorised=AROUND, credential_ends=AROUND, pass_ends=st.none() | AROUND,
    issued=AROUND, ends=AROUND, funding=st.sampled_from(Funding),
)  # fmt: skip
def test_what_the_terminal_takes_the_backend_finds_sound(
    online: bool,
    authorised: int,
    credential_ends: int,
    pass_ends: int | None,
    issued: int,
    ends: int,
    funding: Funding,
) -> None:
    to = ONLINE if online else OFFLINE
    credential = shop.wallet_credential(issued_at=NOW - 2 * DAY_S, expires_at=NOW + credential_ends)
    claims = shop.authorisation_claims(
        to,
        authorised_at=NOW + authorised,
        membership=None if pass_ends is None else shop.membership(not_after=NOW + pass_ends),
        funding=funding,
        offline_allowed=funding is Funding.BALANCE,
    )
    authorisation = sign_authorisation(WALLET, claims)
    policy = RiskPolicy(
        version=1,
        issued_at=NOW + issued,
        currency="CNY",
        per_payment_minor=200_00,
        per_key_count=10,
        per_key_total_minor=500_00,
        stored_count=50,
        stored_total_minor=2_000_00,
        max_age_s=DAY_S,
        doubtful_clock_s=7_200,
        guaranteed_minor=2_000_00,
        not_after=NOW + ends,
    )
    if not taken(to, encode_reply(Authorises(credential, authorisation)), policy):
        return
    read = judgement.read(to, credential, authorisation, ISSUERS)
    assert isinstance(read, judgement.Authorised)
    in_force = policy.issued_at - 300 <= claims.authorised_at <= policy.not_after
    known = judgement.Known(
        issued_here=True,
        denylisted=False,
        offline_frozen=False,
        counter_copied=False,
        voucher_spent=lambda _: False,
        risk=DEFAULT_RISK if in_force else None,
        now=NOW,
    )
    assert isinstance(judgement.judge(to, read, known, ISSUERS, accepted_offline=not online), judgement.Sound)
