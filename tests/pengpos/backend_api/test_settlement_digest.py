# SPDX-License-Identifier: Apache-2.0
"""The digest of a settlement's entries, as another implementation would compute it."""

import hashlib

from pengpos.backend_api.settlement_digest import digest_of
from pengpos.wire.encoding.base64url import b64u


def test_it_is_over_compact_json_in_the_order_of_the_answer() -> None:
    entries = [("payment", "01a3", None, 1880, "CNY"), ("refund", "01a3", "77b0", -500, "CNY")]
    text = b'[["payment","01a3",null,1880,"CNY"],["refund","01a3","77b0",-500,"CNY"]]'
    assert digest_of(entries) == b64u(hashlib.sha256(text).digest())
    assert digest_of(reversed(entries)) != digest_of(entries)


def test_no_entry_can_be_hidden_in_anothers_text() -> None:
    one = [("payment", "01a3", None, 1880, 'CNY"],["payment","01a3",null,1880,"CNY')]
    two = [("payment", "01a3", None, 1880, "CNY"), ("payment", "01a3", None, 1880, "CNY")]
    assert digest_of(one) != digest_of(two)
