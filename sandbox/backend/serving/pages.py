# SPDX-License-Identifier: Apache-2.0
"""Serves the pages: three addresses, each a document in the reader's language, and the parts these are made of.

Parts stand under addresses made of what they hold, so that a browser keeps them and asks once: a second visit asks for
the document alone, and a page never mixes two versions. Documents are asked for anew each time: they name their
parts, and say who asks for how much, so that this is read before any script runs.

A browser at any other address gets the first document too, with a `404`: it says in the reader's language that there is
nothing. Programs, and all who ask the APIs, get a problem document as ever.

The document's script reads the rest of the address. What follows the `#` is never sent by a browser. Nothing is run
but our own files (Content-Security-Policy), nothing is loaded from elsewhere, and no address is passed on to others.
"""

import gzip
import hashlib
import re
from functools import lru_cache

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException

from sandbox.backend.api.caller import Address, BackendOf
from sandbox.backend.api.rendering import wallet as rendering
from sandbox.backend.contract.problems import on_http
from sandbox.backend.errors import NotFoundError
from sandbox.backend.intents.reports import ReportedStatus
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments import page_reports
from sandbox.backend.records.tables import CancelReason
from sandbox.pages.documents import Terms, document
from sandbox.pages.languages import asked_for
from sandbox.pages.parts import parts, worker

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types pengpos",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
ASKED_ANEW = HEADERS | {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Accept-Language"}
"""Of a document: kept for its reader alone, and asked for each time."""
WORKER = HEADERS | {"Cache-Control": "no-cache", "Vary": "Accept-Encoding", "Service-Worker-Allowed": "/"}
"""Of the service worker, which stands beside the parts and is for the documents."""
KEPT = HEADERS | {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
"""Of a part."""
_APIS = re.compile(r"/(v1|wallet|admin|pages|openapi\.json)(/|$)")
_GZIP = re.compile(r"\s*gzip\s*(;\s*q=(1|0?\.\d*[1-9])[\d.]*\s*)?", re.IGNORECASE)


def install(app: FastAPI) -> None:
    """Add the pages to `app`; no part of the API, so they are in no OpenAPI document."""

    async def on_unknown_address(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        by_browser = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if error.status_code == 404 and by_browser and not _APIS.match(request.scope["path"]):
            return _document(request, "pay", status=404)
        return await on_http(request, error)

    app.include_router(_router())
    app.add_exception_handler(HTTPException, on_unknown_address)


def _router() -> APIRouter:
    pages = APIRouter(include_in_schema=False)

    @pages.get("/t")
    def pay_what_comes_along(request: Request) -> Response:
        """An intent behind the `#`, or none."""
        return _document(request, "pay")

    @pages.get("/t/{reference}")
    def pay(reference: str, request: Request, backend: BackendOf, address: Address) -> Response:
        """An intent to pay."""
        may_look = backend.rates.looks_of_address.has_room(address)
        return _document(request, "pay", _of_intent(backend, reference) if may_look else None)

    @pages.get("/r/{token}")
    def receipt(token: str, request: Request, backend: BackendOf, address: Address) -> Response:
        """A receipt."""
        may_look = backend.rates.looks_of_address.has_room(address)
        return _document(request, "receipt", _of_receipt(backend, token) if may_look else None)

    @pages.get("/pages/worker.js")
    def service_worker(request: Request) -> Response:
        """What keeps the shell of the pages on a phone."""
        return _answer(request, worker(), "text/javascript", WORKER)

    @pages.get("/pages/{digest}/{name}")
    def part(digest: str, name: str, request: Request) -> Response:
        """What the documents are made of; raises NotFoundError, also for another version."""
        found = parts().get(name)
        if found is None or found.address != f"/pages/{digest}/{name}":
            raise NotFoundError("file")
        return _answer(request, found.content, found.media_type, KEPT)

    return pages


# --- what a document says -------------------------------------------------------------------------------------------

_OVER = {
    ReportedStatus.HELD: "held",
    ReportedStatus.APPROVED: "already_paid",
    ReportedStatus.DECLINED: "declined",
    ReportedStatus.CANCELLED: "cancelled",
    ReportedStatus.EXPIRED: "expired",
}
"""What is said of an intent that is not to be paid any more, as static/pay.js has it for who has no account."""


def _of_intent(backend: Backend, reference: str) -> Terms | None:
    """What an address is about, for whoever has it; None where the backend knows no such intent."""
    with backend.db.read() as session:
        found = page_reports.of_address(session, reference, backend.clock.now())
        if found is None:
            return None
        out_of_time = found.cancel_reason is CancelReason.UNABLE_TO_COMPLETE
        status = ReportedStatus.EXPIRED if out_of_time and found.status is ReportedStatus.CANCELLED else found.status
        return Terms(
            merchant=found.merchant.name,
            number=found.number,
            till_reference=found.till_reference,
            amount_minor=found.amount_minor,
            currency=found.currency,
            over=_OVER.get(status),
        )


def _of_receipt(backend: Backend, token: str) -> Terms | None:
    with backend.db.read() as session:
        try:
            found = rendering.receipt(page_reports.of_receipt(session, token))
        except NotFoundError:
            return None
    return Terms(
        merchant=found.merchant,
        number=found.number,
        till_reference=found.till_reference,
        amount_minor=found.amount,
        currency=found.currency,
        over=f"receipt_{found.status}",
    )


# --- how it goes out ------------------------------------------------------------------------------------------------


def _document(request: Request, name: str, terms: Terms | None = None, *, status: int = 200) -> Response:
    language = asked_for(request.headers.get("accept-language"))
    return _answer(request, document(name, language, terms).encode(), "text/html", ASKED_ANEW, status=status)


def _answer(
    request: Request, content: bytes, media_type: str, headers: dict[str, str], *, status: int = 200
) -> Response:
    """A file, or that it has not changed. Its tag is weak: the same for it and for its compressed form."""
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {**headers, "ETag": etag}
    if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    if any(_GZIP.fullmatch(coding) for coding in request.headers.get("accept-encoding", "").split(",")):
        headers["Content-Encoding"] = "gzip"
        content = _compressed(content)
    return Response(content, status_code=status, media_type=media_type, headers=headers)


@lru_cache(maxsize=16)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
