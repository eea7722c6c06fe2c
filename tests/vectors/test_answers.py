# SPDX-License-Identifier: Apache-2.0
"""The vectors `answers`, as the terminal sees them."""

from typing import Any

import httpx
import pytest

from pengpos.backend_api.signed_answer import check_answer
from pengpos.core.errors import MalformedError, SignatureError
from tests.vectors import ISSUERS, VECTORS, answers, each


@pytest.mark.parametrize("case", each("answers"))
def test_an_answer_signed_over_its_question(case: dict[str, Any]) -> None:
    asked = VECTORS["answers"]["request"]
    parameters = f'("@method" "@target-uri");created=1;nonce="{asked["nonce"]}";keyid="{asked["keyid"]}"'
    request = httpx.Request(asked["method"], asked["target"], headers={"Signature-Input": f"pp={parameters}"})
    response = httpx.Response(case["status"], headers={"Pengpos-Answer": case["header"]}, request=request)
    try:
        check_answer(response, case["body"].encode(), ISSUERS)
    except (MalformedError, SignatureError):
        assert not case["taken"]
    else:
        assert case["taken"]


def test_they_are_what_an_encoder_that_is_not_ours_makes_of_the_page() -> None:
    assert VECTORS[answers.SECTION] == answers.section()
