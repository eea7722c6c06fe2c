# SPDX-License-Identifier: Apache-2.0
"""The wallet of the vectors, and the vectors."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.phone.bench import CNY_200, Bench
from terminal.keys.software import SoftwareKey

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "vectors.json").read_text())


def vector_key(name: str) -> SoftwareKey:
    return SoftwareKey.from_scalar(bytes.fromhex(VECTORS["keys"][name]["d"]))


@pytest.fixture
def bench() -> Bench:
    """The vectors' wallet, fresh, in front of the vectors' terminal; its owner pays anything unasked."""
    bench = Bench(issuer=vector_key("issuer"))
    bench.till.signer = vector_key("terminal")
    bench.give(bytes.fromhex(VECTORS["wallet_credential"]), vector_key("wallet"))
    bench.store.set_balance("CNY", None)
    return bench


@pytest.fixture
def paying() -> Bench:
    """A wallet with one credential good for 500.00 offline; its owner pays anything unasked."""
    bench = Bench()
    bench.give_new(allowance=CNY_200)
    bench.store.set_balance("CNY", None)
    return bench
