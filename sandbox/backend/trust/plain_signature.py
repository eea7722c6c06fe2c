# SPDX-License-Identifier: Apache-2.0
"""Reads the signature of a request that is written as our terminals write it: each field once, nothing to normalise.

A structured field in general takes ten parses a request, half as long as all that is asked of the database for it. What
is not written so is no worse: the library reads it (`request_signature`), and says what is wrong with it.

Source: RFC 9421 §2.5 and §4, RFC 9530, RFC 9651. Tests: tests/sandbox/backend/trust/test_plain_signature.py
"""

import base64
import hashlib
import re
from dataclasses import dataclass

_HEADERS = ("pengpos-knows", "pengpos-process")
_FIELDS = ("signature-input", "signature", "content-digest", *_HEADERS)
_INPUT = re.compile(
    r'pp=(\(("@method" "@target-uri"(?: "content-digest"(?: "pengpos-knows")?(?: "pengpos-process")?)?)\)'
    r'((?:;(?:created=(?:0|[1-9][0-9]{0,14})|nonce="[\w-]{22}"|keyid="[\w-]{11}"|alg="ecdsa-p256-sha256")){4}))',
    re.ASCII,
)
_PARAMETER = re.compile(r';([a-z]+)="?([\w-]+)', re.ASCII)
_SIGNATURE = re.compile(r"pp=:([A-Za-z0-9+/]{86}==):")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_TARGET = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?/[A-Za-z0-9/_.~-]*(?:\?[A-Za-z0-9=&_.~-]+)?")
_WORDS = re.compile(r"[\w-]+(?:, ?[\w-]+)*", re.ASCII)
_METHOD = re.compile(r"[A-Z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """Such a signature, not yet verified. `covered`: what it covers by name, its own parameters last."""

    keyid: str
    nonce: str
    created: int
    covered: dict[str, str]
    signature: bytes

    @property
    def base(self) -> bytes:
        """What is signed (RFC 9421 §2.5)."""
        return "\n".join(f"{name}: {value}" for name, value in self.covered.items()).encode()

    def is_over(self, body: bytes) -> bool:
        """Whether this is the body that it covers; without a digest only no body is."""
        digest = self.covered.get('"content-digest"')
        if digest is None:
            return not body
        return base64.b64decode(digest.split(":")[1]) == hashlib.sha256(body).digest()


def read(method: str, url: str, fields: tuple[tuple[str, str], ...]) -> Plain | None:
    """Read it; None: it is written in another way, or wrong."""
    found: dict[str, str] = {}
    for name, value in fields:
        if name in _FIELDS:
            if name in found:
                return None
            found[name] = value
    said = _INPUT.fullmatch(found.get("signature-input", ""))
    signature = _SIGNATURE.fullmatch(found.get("signature", ""))
    if said is None or signature is None or _METHOD.fullmatch(method) is None or not is_plain_target(url):
        return None
    parameters = dict(_PARAMETER.findall(said[3]))
    digest, names = found.get("content-digest"), said[2].split(" ")
    if len(parameters) != 4 or (digest is not None) != ('"content-digest"' in names):
        return None
    values = {'"@method"': method, '"@target-uri"': url}
    if digest is not None:
        if _DIGEST.fullmatch(digest) is None:
            return None
        values['"content-digest"'] = digest
    for name in _HEADERS:
        if f'"{name}"' in names:
            if _WORDS.fullmatch(found.get(name, "")) is None:
                return None
            values[f'"{name}"'] = found[name]
    return Plain(
        keyid=parameters["keyid"],
        nonce=parameters["nonce"],
        created=int(parameters["created"]),
        covered={**values, '"@signature-params"': said[1]},
        signature=base64.b64decode(signature[1]),
    )


def is_plain_target(url: str) -> bool:
    """Whether an address is its own @target-uri (RFC 9421 §2.2.2): there is nothing to normalise in it."""
    return _TARGET.fullmatch(url) is not None
