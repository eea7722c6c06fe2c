# SPDX-License-Identifier: Apache-2.0
"""HTTP Message Signatures on every request of the terminal, by the device key wherever it lives.

Source: backend API, "Terminal requests are signed"; RFC 9421 (label ``pp``), RFC 9530 (sha-256 content digest).
Each attempt is signed anew over the stored body: the nonce is fresh, the body is not.
"""

import secrets
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any

import httpx
from http_message_signatures import HTTPMessageSigner, HTTPSignatureComponentResolver, algorithms

from pengpos.core.ports import Signer
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey

LABEL = "pp"
COVERED = ("@method", "@target-uri")
DIGEST = "content-digest"
KNOWS, PROCESS = "pengpos-knows", "pengpos-process"


class RequestSigner(httpx.Auth):
    """Signs what httpx is about to send. `now` is the device's clock, Unix seconds.

    `covers_headers`: what a terminal says of itself in `Pengpos-Knows` and `Pengpos-Process` is covered too; a backend
    of page 1.2 takes no request so signed.
    """

    requires_request_body = True

    def __init__(
        self, signer: Signer, now: Callable[[], int], *, covers_headers: Callable[[], bool] = lambda: False
    ) -> None:
        self._signer = signer
        self._key_id = b64u(PublicKey.of(signer).kid)
        self._now = now
        self._covers_headers = covers_headers
        self._messages = HTTPMessageSigner(signature_algorithm=algorithms.ECDSA_P256_SHA256)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add Content-Digest, Signature-Input and Signature; the library adds the digest to what is covered."""
        said = [name for name in (KNOWS, PROCESS) if name in request.headers and self._covers_headers()]
        prepared = self._messages.prepare(
            request,
            key_id=self._key_id,
            created=datetime.fromtimestamp(self._now(), UTC),
            nonce=b64u(secrets.token_bytes(16)),
            label=LABEL,
            covered_component_ids=(*COVERED, DIGEST, *said),
            body=request.content,
        )
        self._messages.apply(request, prepared, self._signer.sign(prepared.signature_base))
        yield request


def target_uri(request: Any) -> str:
    """@target-uri of a request (RFC 9421 §2.2.2), as a signature covers it; raises HTTPMessageSignaturesException.

    `request`: anything with `method`, `url` and `headers`.
    """
    resolver = HTTPSignatureComponentResolver(request)  # type: ignore[no-untyped-call]  # the library's own
    return str(resolver.get_target_uri())  # type: ignore[no-untyped-call]  # the same
