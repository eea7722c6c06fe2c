# SPDX-License-Identifier: Apache-2.0
"""A terminal that gets another key with the operator's yes, and the copy of the card that still has the one before."""

from dataclasses import replace

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from tests.support.backend import Shop
from tests.support.shop import Till


def replace_key(shop: Shop, till: Till) -> Till:
    """Give the terminal another key, which it uses; returns all that its card held before."""
    before, new = replace(till), SoftwareKey.generate()
    proof = b64u(sign1(new, Context.CREDENTIAL_REQUEST, till.terminal_id.encode()))
    body = {"public_key": PublicKey.of(new).to_jwk(), "proof": proof}
    assert till.call("POST", "/terminal/credential", body).json()["code"] == "renewal_held"
    review = shop.operator.call("GET", "/reviews?state=open").json()["reviews"][-1]["review_id"]
    assert shop.operator.call("POST", f"/reviews/{review}", {"approve": True}).status_code == 204
    till.credential = unb64u(till.call("POST", "/terminal/credential", body).json()["credential"])
    till.key = new
    assert till.call("GET", "/terminal/config").status_code == 200
    return before
