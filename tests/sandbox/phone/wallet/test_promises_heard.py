# SPDX-License-Identifier: Apache-2.0
"""What became of a promise is an issuer's word over key and intent. Source: backend API, *What became of a promise*."""

import json
from uuid import UUID

import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.phone.wallet.promises import NEVER, Fate, Promises
from sandbox.phone.workbench import Bench

INTENT = (1).to_bytes(16, "big")
TOTAL = 18_80


def promised(bench: Bench) -> tuple[Promises, bytes]:
    """A wallet that has promised; the kid that did."""
    assert bench.authorised(1).offline_allowed
    return Promises(wallet=bench.wallet, store=bench.store), bench.store.history()[0].kid


def word(bench: Bench, kid: bytes, *, by: SoftwareKey | None = None, taken: bool = False, aside: int = 0) -> str:
    payment = bench.store.signed(INTENT)
    assert payment is not None
    said = {
        "kid": b64u(kid),
        "terminal_id": payment.terminal_id,
        "intent_id": str(UUID(bytes=INTENT)),
        "taken": taken,
        "from_set_aside": aside,
    }
    signer = by or bench.till.issuer
    return b64u(sign1(signer, Context.PROMISE, json.dumps(said).encode(), kid=PublicKey.of(signer).kid))


@pytest.mark.parametrize(
    ("taken", "aside", "counts"),
    [
        pytest.param(False, 0, 0, id="nothing was taken"),
        pytest.param(True, 880, 880, id="taken from what was set aside"),
        pytest.param(True, 0, 0, id="taken from free money"),
    ],
)
def test_an_issuers_word_is_believed(taken: bool, aside: int, counts: int, paying: Bench) -> None:
    promises, kid = promised(paying)
    promises.hear(INTENT, word(paying, kid, taken=taken, aside=aside), None)
    assert paying.store.promised_minor(kid) == counts


@pytest.mark.parametrize("unsigned", [NEVER, Fate(taken=True, from_set_aside_minor=0), None])
def test_a_word_that_is_not_good_is_none_whatever_stands_beside_it(unsigned: Fate | None, paying: Bench) -> None:
    promises, kid = promised(paying)
    for false in (word(paying, kid, by=SoftwareKey.generate()), word(paying, b"\0" * 8), "AAAA", "?"):
        promises.hear(INTENT, false, unsigned)
    assert paying.store.promised_minor(kid) == TOTAL


@pytest.mark.parametrize("unsigned", [NEVER, Fate(taken=True, from_set_aside_minor=0)])
def test_a_backend_of_before_is_believed_unsigned(unsigned: Fate, paying: Bench) -> None:
    promises, kid = promised(paying)
    promises.hear(INTENT, None, unsigned)
    assert paying.store.promised_minor(kid) == 0


@pytest.mark.parametrize("unsigned", [NEVER, Fate(taken=True, from_set_aside_minor=0)])
@pytest.mark.parametrize("said", [True, False], ids=["an issuer said so", "seen"])
def test_once_there_are_signed_ones_no_other_is_believed(unsigned: Fate, said: bool, paying: Bench) -> None:
    promises, kid = promised(paying)
    if said:
        promises.are_signed()
    else:
        promises.hear(INTENT, word(paying, kid, taken=True, aside=TOTAL), None)
    promises.hear(INTENT, None, unsigned)
    assert paying.store.promised_minor(kid) == TOTAL
    promises.hear(INTENT, word(paying, kid), unsigned)
    assert paying.store.promised_minor(kid) == 0


def test_of_an_intent_that_this_wallet_has_not_signed_nothing_is_heard(paying: Bench) -> None:
    promises, kid = promised(paying)
    promises.hear((2).to_bytes(16, "big"), word(paying, kid), NEVER)
    assert paying.store.promised_minor(kid) == TOTAL
