# SPDX-License-Identifier: Apache-2.0
"""Two wallets on the bench: the vectors', and one of our own."""

import pytest

from sandbox.phone.workbench import CNY_200, Bench
from tests.vectors import ISSUER, TERMINAL, VECTORS, WALLET


@pytest.fixture
def bench() -> Bench:
    """The vectors' wallet, fresh, in front of the vectors' terminal; its owner pays anything unasked."""
    bench = Bench(issuer=ISSUER)
    bench.till.signer = TERMINAL
    bench.give(bytes.fromhex(VECTORS["wallet_credential"]), WALLET)
    bench.store.set_balance("CNY", None)
    return bench


@pytest.fixture
def paying() -> Bench:
    """A wallet with one credential good for 500.00 offline; its owner pays anything unasked."""
    bench = Bench()
    bench.give_new(allowance=CNY_200)
    bench.store.set_balance("CNY", None)
    return bench
