# SPDX-License-Identifier: Apache-2.0
"""Until a presentation has verified, every answer of a wallet is `[2, 3]`: no bytes get another one out of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.keys.software import SoftwareKey
from pengpos.wire.objects.presentation import Presentation
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.workbench import NOW, Bench, Till

NOT_TRUSTED = bytes.fromhex("820203")
OWNERS: list[Any] = [
    pytest.param({}, id="pays unasked"),
    pytest.param({"tap_limits": ()}, id="asked"),
    pytest.param({"locked": True, "tap_limits": ()}, id="locked"),
    pytest.param({"says_no": True}, id="says no"),
    pytest.param({"blocked": True}, id="blocked"),
    pytest.param({"clock_offset_s": 10**6}, id="clock wrong"),
]


@pytest.mark.parametrize("changes", OWNERS)
def test_a_stranger_learns_nothing_of_the_owner(changes: dict[str, Any], paying: Bench) -> None:
    stranger = Till(issuer=SoftwareKey.generate())
    paying.set_owner(**changes)
    assert paying.wallet.answer(stranger.presentation()) == NOT_TRUSTED


def test_nor_what_it_has_in_its_memory(paying: Bench) -> None:
    paying.present(1)
    paying.wallet.begin_elsewhere((2).to_bytes(16, "big"))
    stranger = Till(issuer=SoftwareKey.generate(), signer=paying.till.signer)
    answers = [paying.wallet.answer(stranger.presentation(number)) for number in (1, 2)]
    assert answers == [NOT_TRUSTED] * 2


def test_nor_after_the_terminals_credential_expired(paying: Bench) -> None:
    paying.present(1)
    paying.clock.unix_s = NOW + 10**7
    assert paying.present(1) == NOT_TRUSTED


@settings(max_examples=200, deadline=None)
@given(noise=st.binary(max_size=600))
def test_noise_is_not_trusted(noise: bytes) -> None:
    assert Bench(owner=Owner()).wallet.answer(noise) == NOT_TRUSTED


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_presentation_is_trusted_only_if_it_verifies_still(data: Any) -> None:
    bench = Bench()
    bench.give_new()
    bench.store.set_balance("CNY", None)
    damaged = bytearray(bench.till.presentation())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    try:
        Presentation.read(bytes(damaged), bench.wallet.issuers)
    except (MalformedError, SignatureError):
        assert bench.wallet.answer(bytes(damaged)) == NOT_TRUSTED
        assert bench.store.history() == []
    else:
        assert bytes(damaged) == bench.till.presentation()
