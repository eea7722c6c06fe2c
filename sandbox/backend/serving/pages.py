# SPDX-License-Identifier: Apache-2.0
"""Serves the pages: three addresses, each the same document whatever it names, and the files they are made of.

Those files stand under a name made of what all of them hold, so that a browser keeps them and asks once: a second visit
asks for the document alone, and a page never mixes two versions.

A browser at any other address gets the first document too, with a `404`: it says in the reader's language that there is
nothing. Programs, and all who ask the APIs, get a problem document as ever.

The document's script reads the rest of the address. What follows the `#` is never sent by a browser. Nothing is run
but our own files (Content-Security-Policy), nothing is loaded from elsewhere, and no address is passed on to others.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Header, Request, Response
from starlette.exceptions import HTTPException

from sandbox.backend.contract.problems import on_http
from sandbox.backend.errors import NotFoundError
from sandbox.pages import STATIC

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-cache",  # kept, and asked for anew each time: it names the version of its parts
}
KEPT = HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"}
"""Of a part under the name of its version."""


def _version() -> str:
    """A name for all that the pages are made of, together."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


VERSION = _version()


@dataclass(frozen=True, slots=True)
class File:
    """A file as it goes out."""

    content: bytes
    compressed: bytes
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> "File":
        """Read it, once: an update starts the sandbox anew. A document names its parts by their version."""
        content = path.read_bytes()
        if path.suffix == ".html":
            content = content.replace(b'"/pages/', f'"/pages/{VERSION}/'.encode())
        packed = gzip.compress(content, mtime=0)
        return cls(content, packed, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')

    def instead(self) -> Response:
        """The file where there is nothing."""
        return Response(self.content, status_code=404, media_type=self.media_type, headers=HEADERS)

    def answer(self, if_none_match: str | None, encodings: str | None, headers: dict[str, str] = HEADERS) -> Response:
        """The file, compressed for all who take gzip, or that it has not changed."""
        headers = {**headers, "ETag": self.etag, "Vary": "Accept-Encoding"}
        if if_none_match is not None and self.etag in [tag.strip() for tag in if_none_match.split(",")]:
            return Response(status_code=304, headers=headers)
        if _takes_gzip(encodings):
            headers["Content-Encoding"] = "gzip"
            return Response(self.compressed, media_type=self.media_type, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def _takes_gzip(encodings: str | None) -> bool:
    """Whether `Accept-Encoding` names gzip, other than with a weight of nothing."""
    return any(
        coding.partition(";")[0].strip().lower() == "gzip" and not re.search(r";\s*q=0(\.0*)?\s*$", coding)
        for coding in (encodings or "").split(",")
    )


_APIS = re.compile(r"/(v1|wallet|admin|pages|openapi\.json)(/|$)")
IfNoneMatch = Annotated[str | None, Header()]
AcceptEncoding = Annotated[str | None, Header()]


def install(app: FastAPI) -> None:
    """Add the pages to `app`; no part of the API, so they are in no OpenAPI document."""
    nothing = File.read(STATIC / "pay.html")

    async def on_unknown_address(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        by_browser = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if error.status_code == 404 and by_browser and not _APIS.match(request.scope["path"]):
            return nothing.instead()
        return await on_http(request, error)

    app.include_router(_router())
    app.add_exception_handler(HTTPException, on_unknown_address)


def _router() -> APIRouter:
    files = {path.name: File.read(path) for path in STATIC.iterdir() if path.suffix in _TYPES}
    pages = APIRouter(include_in_schema=False)

    @pages.get("/t")
    @pages.get("/t/{reference}")
    def pay(if_none_match: IfNoneMatch = None, accept_encoding: AcceptEncoding = None) -> Response:
        """An intent to pay."""
        return files["pay.html"].answer(if_none_match, accept_encoding)

    @pages.get("/r/{token}")
    def receipt(if_none_match: IfNoneMatch = None, accept_encoding: AcceptEncoding = None) -> Response:
        """A receipt."""
        return files["receipt.html"].answer(if_none_match, accept_encoding)

    @pages.get("/pages/{name}")
    def part(name: str, if_none_match: IfNoneMatch = None, accept_encoding: AcceptEncoding = None) -> Response:
        """A part as it is now; raises NotFoundError."""
        if name not in files:
            raise NotFoundError("file")
        return files[name].answer(if_none_match, accept_encoding)

    @pages.get("/pages/{version}/{name}")
    def kept_part(
        version: str, name: str, if_none_match: IfNoneMatch = None, accept_encoding: AcceptEncoding = None
    ) -> Response:
        """What the documents are made of, for good; raises NotFoundError, also for another version."""
        if version != VERSION or name not in files:
            raise NotFoundError("file")
        return files[name].answer(if_none_match, accept_encoding, KEPT)

    return pages
