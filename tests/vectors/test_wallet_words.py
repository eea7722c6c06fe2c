# SPDX-License-Identifier: Apache-2.0
"""The vectors of what issuers sign for one wallet, as the virtual phone takes them."""

from typing import Any

import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.phone.tokens import read_renewed
from sandbox.phone.wallet.promises import read_fate
from tests.vectors import ISSUERS, VECTORS, WALLET, each, wallet_words


@pytest.mark.parametrize("case", each("account_tokens"))
def test_which_token_is_the_accounts(case: dict[str, Any]) -> None:
    about = VECTORS["account_tokens"]
    try:
        blocked = read_renewed(unb64u(case["signed"]), ISSUERS, about["account_id"], about["token"])
    except (MalformedError, SignatureError):
        assert not case["taken"]
    else:
        assert case["taken"]
        assert list(blocked) == ([wallet_words.STRANGERS] if "stranger" in case["name"] else [])


@pytest.mark.parametrize("case", each("promises"))
def test_what_became_of_a_promise(case: dict[str, Any]) -> None:
    about = VECTORS["cases"][VECTORS["promises"]["to_case"]]
    try:
        fate = read_fate(
            unb64u(case["signed"]), ISSUERS, PublicKey.of(WALLET).kid, "T-0001", bytes.fromhex(about["intent_id"])
        )
    except (MalformedError, SignatureError):
        assert case["taken"] is None
    else:
        assert fate.taken is case["taken"]
        assert fate.from_set_aside_minor == (880 if "set aside" in case["name"] else 0)


@pytest.mark.parametrize("section", wallet_words.SECTIONS)
def test_they_are_what_an_encoder_that_is_not_ours_makes_of_the_page(section: str) -> None:
    assert VECTORS[section] == wallet_words.SECTIONS[section]()
