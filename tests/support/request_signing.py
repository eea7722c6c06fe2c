# SPDX-License-Identifier: Apache-2.0
"""Signs httpx requests as a terminal does (RFC 9421, label `pp`), straight from the RFC's text and by no library.

So the backend's verification is held against a second reading of the RFC. Every part can be spoilt by the caller.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

import httpx

from pengpos.core.ports import Signer
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey


@dataclass(slots=True, kw_only=True)
class Signing:
    """How to sign one request; the defaults are right, `created` is the caller's clock."""

    signer: Signer
    created: int
    label: str = "pp"
    nonce: str = field(default_factory=lambda: b64u(secrets.token_bytes(16)))
    keyid: str | None = None
    alg: str = "ecdsa-p256-sha256"
    components: tuple[str, ...] | None = None
    target_uri: str | None = None
    digest_of: bytes | None = None

    def apply(self, request: httpx.Request) -> None:
        """Put `Content-Digest`, `Signature-Input` and `Signature` on the request."""
        body = request.content
        components = self.components or (
            ("@method", "@target-uri", "content-digest") if body else ("@method", "@target-uri")
        )
        digest = hashlib.sha256(body if self.digest_of is None else self.digest_of).digest()
        content_digest = f"sha-256=:{base64.b64encode(digest).decode()}:"
        if "content-digest" in components:
            request.headers["Content-Digest"] = content_digest
        values = {
            "@method": request.method,
            "@target-uri": self.target_uri or str(request.url),
            "@path": request.url.path,
            "content-digest": content_digest,
            **{name: request.headers.get(name, "") for name in ("pengpos-knows", "pengpos-process", "user-agent")},
        }
        keyid = self.keyid or b64u(PublicKey.of(self.signer).kid)
        covered = " ".join(f'"{name}"' for name in components)
        parameters = f'({covered});created={self.created};nonce="{self.nonce}";keyid="{keyid}";alg="{self.alg}"'
        lines = [f'"{name}": {values[name]}' for name in components]
        base = "\n".join([*lines, f'"@signature-params": {parameters}'])
        signature = base64.b64encode(self.signer.sign(base.encode("ascii"))).decode()
        request.headers["Signature-Input"] = f"{self.label}={parameters}"
        request.headers["Signature"] = f"{self.label}=:{signature}:"
