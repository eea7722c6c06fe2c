# SPDX-License-Identifier: Apache-2.0
"""The vectors `requests`: as the backend sees them, and the terminal's own request beside the first."""

from typing import Any

import httpx
import pytest

from pengpos.backend_api.signing import RequestSigner
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.errors import RequestSignatureError
from sandbox.backend.trust.request_signature import SignedHead, verify_head
from tests.vectors import TERMINAL, VECTORS, each, requests

ASKED = VECTORS["requests"]["request"]


def words_of(headers: list[list[str]]) -> list[str]:
    """What its sender knows: what came, if the request is good. Raises RequestSignatureError."""
    fields = tuple((name, value) for name, value in headers)
    head = SignedHead(method=ASKED["method"], url=ASKED["target"], fields=fields)
    key = PublicKey.of(TERMINAL)
    verify_head(head, lambda keyid: key if keyid == b64u(key.kid) else None).with_body(ASKED["body"].encode())
    said = ",".join(value for name, value in fields if name == "pengpos-knows")
    return sorted({word.strip() for word in said.split(",")} - {""})


@pytest.mark.parametrize("case", each("requests"))
def test_what_a_terminal_says_that_it_knows(case: dict[str, Any]) -> None:
    if not case["taken"]:
        with pytest.raises(RequestSignatureError):
            words_of(case["headers"])
        return
    assert words_of(case["headers"]) == case["knows"]


@pytest.mark.parametrize(("covers", "like"), [(True, 0), (False, 11)], ids=["from 1.3 on", "as before"])
def test_our_terminal_covers_it_where_its_backend_can_take_that(covers: bool, like: int) -> None:
    told = dict(VECTORS["requests"]["cases"][like]["headers"])
    request = httpx.Request(
        ASKED["method"], ASKED["target"], content=ASKED["body"], headers={"pengpos-knows": told["pengpos-knows"]}
    )
    next(RequestSigner(TERMINAL, lambda: ASKED["created"], covers_headers=lambda: covers).auth_flow(request))
    covered, _, _ = told["signature-input"].partition(";")
    assert request.headers["signature-input"].startswith(covered + ";")
    assert request.headers["content-digest"] == told["content-digest"]
    assert words_of([[name, value] for name, value in request.headers.items()]) == ["dues"]


def test_they_are_what_an_encoder_that_is_not_ours_makes_of_the_page() -> None:
    assert VECTORS[requests.SECTION] == requests.section()
