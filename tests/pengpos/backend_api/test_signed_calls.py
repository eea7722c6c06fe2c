# SPDX-License-Identifier: Apache-2.0
"""Calls to a backend that signs its answers: which one is taken, and what is said of any other.

Source: backend API, *Answers are signed*. What is signed is made by an encoder that is not ours.
"""

import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import HealthMessage
from pengpos.backend_api.signed_answer import nonce_of
from pengpos.backend_api.signing import RequestSigner
from tests.pengpos.backend_api.line import HEARD, LOST, PROBLEM, PROBLEM_JSON, PROBLEM_TYPE, Body, Line, says
from tests.vectors import TERMINAL, VECTORS, answers
from tests.vectors.encoder import digest, sign_payload

GOOD = b'{"status": "ok"}'
NOT_FOUND = b'{"title": "no", "status": 404, "code": "not_found", "detail": "never heard of it"}'
REVOKED = b'{"title": "no", "status": 403, "code": "revoked", "detail": "sell no more"}'
PATH = "/v1/intents/x"


class SignedLine(Line):
    """A line to a backend whose policy says that it signs its answers."""

    signer = RequestSigner(TERMINAL, lambda: 1_800_000_000)

    def __init__(self, respond: Callable[[httpx.Request], httpx.Response], *, promises: bool = True) -> None:
        super().__init__(respond)
        self.promises = promises

    def more(self) -> dict[str, Any]:
        return {
            "signs_answers": lambda: self.promises,
            "unsigned": lambda: self.told.append("unsigned"),
            "revoked": lambda: self.told.append("revoked"),
            "standing_said": self.told.append,
        }

    def ask(self, *, signed: bool = True) -> HealthMessage:
        answer = self.run(lambda calls: calls.call("GET", PATH, HealthMessage, 5.0, signed=signed))
        assert isinstance(answer, HealthMessage)
        return answer


def signs(
    content: bytes, status: int = 200, *, by: str = "issuer", over: dict[str, object] | None = None, **headers: str
) -> Callable[[httpx.Request], httpx.Response]:
    """Answers `content`, signed as the page says but for what is `over` it instead."""

    def respond(request: httpx.Request) -> httpx.Response:
        said = {
            "keyid": answers.kid("terminal"), "nonce": nonce_of(request), "method": "GET",
            "target": f"https://pay.example{PATH}", "status": status, "body": answers.text(digest(content)),
        } | (over or {})  # fmt: skip
        payload = json.dumps(said).encode()
        key = VECTORS["keys"][by]
        proof = {"pengpos_answer": answers.text(sign_payload(key["d"], "answer", payload, kid=key["kid"]))}
        return says(status, content, **headers, **proof)(request)

    return respond


def packed(content: bytes) -> Callable[[httpx.Request], httpx.Response]:
    """A proxy packs the answer; what was signed is what was in it."""

    def respond(request: httpx.Request) -> httpx.Response:
        signed = signs(content)(request)
        proof = {"pengpos-answer": signed.headers["pengpos-answer"], "content-encoding": "gzip"}
        return httpx.Response(200, stream=Body(gzip.compress(content)), headers=proof)

    return respond


def test_an_answer_over_this_request_is_taken_also_if_a_proxy_packs_it() -> None:
    for respond in (signs(GOOD, pengpos_standing="locked"), packed(GOOD)):
        line = SignedLine(respond)
        assert line.ask().status == "ok"
        assert line.told[:1] == HEARD
        assert "unsigned" not in line.told


def test_a_no_over_this_request_is_the_backends_own() -> None:
    line = SignedLine(signs(REVOKED, 403, content_type=PROBLEM_JSON))
    with pytest.raises(UnusableAnswerError) as raised:
        line.ask()
    assert raised.value.problem is not None
    assert (raised.value.problem.code, line.told) == ("revoked", ["heard", "revoked"])


EARLIER: dict[str, object] = {"nonce": answers.text(answers.NONCE)}
UNSIGNED = [
    ("no header", says(200, GOOD, pengpos_standing="locked")),
    ("an invented no", says(404, NOT_FOUND, content_type=PROBLEM_JSON)),
    ("an invented revocation", says(403, REVOKED, content_type=PROBLEM_JSON)),
    ("an older no, replayed", signs(NOT_FOUND, 404, over=EARLIER, content_type=PROBLEM_JSON)),
    ("an older answer, replayed", signs(GOOD, over=EARLIER)),
    ("an answer to another call", signs(GOOD, over={"target": "https://pay.example/v1/health"})),
    ("an answer to another terminal", signs(GOOD, over={"keyid": answers.kid("stranger")})),
    ("another body", signs(GOOD, over={"body": answers.text(digest(b"{}"))})),
    ("another status", signs(GOOD, over={"status": 201})),
    ("a stranger's", signs(GOOD, by="stranger")),
]  # fmt: skip


@pytest.mark.parametrize("respond", [row[1] for row in UNSIGNED], ids=[row[0] for row in UNSIGNED])
def test_an_answer_that_is_not_signed_over_this_request_is_none(
    respond: Callable[[httpx.Request], httpx.Response],
) -> None:
    line = SignedLine(respond)
    with pytest.raises(UnusableAnswerError) as raised:
        line.ask()
    assert (raised.value.problem, line.told) == (None, ["lost", "unsigned"])


def test_what_no_backend_says_is_a_strangers_and_no_alarm() -> None:
    """Any proxy has such a page, and nobody would mistake it for an answer."""
    for respond in (says(502, b"<html>", content_type="text/html"), says(200, b"<html>"), says(204)):
        line = SignedLine(respond)
        with pytest.raises(UnusableAnswerError):
            line.ask()
        assert line.told == LOST


def test_when_to_come_back_is_believed_to_anybody() -> None:
    with pytest.raises(UnusableAnswerError) as raised:
        SignedLine(says(503, PROBLEM, retry_after="7", **PROBLEM_TYPE)).ask()
    assert raised.value.retry_after_s == 7


def test_of_a_backend_that_does_not_say_so_any_answer_is_taken_as_before() -> None:
    for respond in (says(200, GOOD), signs(GOOD, by="stranger")):
        line = SignedLine(respond, promises=False)
        assert (line.ask().status, line.told) == ("ok", HEARD)


def test_an_unsigned_question_needs_no_signed_answer() -> None:
    line = SignedLine(says(200, GOOD))
    assert (line.ask(signed=False).status, line.told) == ("ok", HEARD)


@pytest.mark.parametrize(
    ("respond", "ours", "told"),
    [(signs(GOOD), True, HEARD), (says(200, GOOD), False, LOST)],
    ids=["signed", "unsigned"],
)
def test_what_an_issuer_has_signed_by_itself_is_told_apart(
    respond: Callable[[httpx.Request], httpx.Response], ours: bool, told: list[str]
) -> None:
    line = SignedLine(respond)
    answer, said_ours = line.run(lambda calls: calls.document(PATH, HealthMessage, 5.0))
    assert (answer.status, said_ours, line.told) == ("ok", ours, told)
