# SPDX-License-Identifier: Apache-2.0
"""Signs each answer to a terminal's request over that request: header `Pengpos-Answer` (backend API, *Answers are
signed*). Around everything else, so that refusals and bugs are signed too.

An answer names the key and the address of its question, and is good for no other, so it may be signed whoever asked.
But a signature costs work: who is not let in has so many, and then none; a terminal takes that for no answer. Those of
a key that did sign the head are counted apart: a stranger at a terminal's address uses up none of its own, by which it
may have to learn the time. Of the event stream only refusals are signed; it has no end to wait for.

Tests: tests/sandbox/backend/serving/test_signed_answers.py
"""

from dataclasses import asdict
from typing import cast

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pengpos.backend_api.signed_answer import HEADER, digest_of
from sandbox.backend.api.request_head import address_of, get_backend, head_of
from sandbox.backend.trust.request_signature import Question, VerifiedHead, question_of

_SIGNED = "/v1/"
_STREAM = b"text/event-stream"


class SignedAnswers:
    """Holds an answer until it is whole, and sends it with its signature."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"].startswith(_SIGNED):
            request = Request(scope)
            backend = get_backend(request)
            if (question := question_of(head_of(request, backend))) is not None:
                send = _Signing(question, request, send)
        await self._app(scope, receive, send)


class _Signing:
    """The `send` of one request."""

    def __init__(self, question: Question, request: Request, send: Send) -> None:
        self._question = question
        self._state = request.state  # made here, for all who see this request
        self._address = address_of(request)
        self._backend = get_backend(request)
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        """ASGI."""
        if message["type"] == "http.response.start" and not _is_stream(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_signed(self._start, bytes(self._body))

    async def _send_signed(self, start: Message, body: bytes) -> None:
        headers = [*start.get("headers", ())]
        if getattr(self._state, "is_fresh", False) or self._backend.rates.unadmitted_answers.has_room(self._share()):
            said = {**asdict(self._question), "status": start["status"], "body": digest_of(body)}
            headers.append((HEADER.lower().encode(), self._backend.issuer.answer(said).encode()))
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    def _share(self) -> str:
        """What the answer to who was not let in counts under: the address, and the key that did sign the head."""
        head = cast("VerifiedHead | None", getattr(self._state, "signed_head", None))
        return self._address if head is None else f"{head.signed.keyid} {self._address}"


def _is_stream(start: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(_STREAM) for name, value in start.get("headers", ())
    )
