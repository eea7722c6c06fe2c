# SPDX-License-Identifier: Apache-2.0
"""Verifies the device key's signature over a request: RFC 9421, label `pp` (backend API, "Rules for all of it").

Checked in this order: form, key, signature, digest of the body, clock, nonce. A nonce is used up only by a request
that is right in everything else, so a clock that was off costs none.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import http_sf
from http_message_signatures import (
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    VerifyResult,
)
from http_message_signatures.algorithms import HTTPSignatureAlgorithm
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from pengpos.backend_api.signing import target_uri
from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.errors import RequestSignatureError
from sandbox.backend.trust import plain_signature

LABEL = "pp"
NONCE_LIFE_S = 600
ALGORITHM = "ecdsa-p256-sha256"
_COMPONENTS = ('"@method"', '"@target-uri"', '"content-digest"')
_HEADERS = ('"pengpos-knows"', '"pengpos-process"')
"""What a terminal says of itself; one of page 1.2 sends it uncovered."""
_NONCE_SIZE = 16
_KEYID_LENGTH = 11
_TARGET_MOST = 1_024  # with it a signed answer has room in a header, and in what a terminal reads of one
_SIGNATURE_FIELDS = ("signature-input", "signature")

FindKey = Callable[[str], PublicKey | None]
"""The public key that a `keyid` names, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """What of a request comes before its body; `url` is the configured public origin with the raw path and query."""

    method: str
    url: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest(SignedHead):
    """A request as it came in."""

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a good signature says."""

    keyid: str
    nonce: str
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request as an answer names it; nothing of it is verified. `target` is RFC 9421's @target-uri."""

    keyid: str
    nonce: str
    method: str
    target: str


@dataclass(frozen=True, slots=True)
class _Fields:
    """Header lines as the library wants to see them."""

    lines: tuple[tuple[str, str], ...]

    def items(self) -> Iterable[tuple[str, str]]:
        return self.lines


@dataclass(frozen=True, slots=True)
class _Message:
    method: str
    url: str
    headers: _Fields


class _DeviceKey(HTTPSignatureAlgorithm):
    """ES256 by a key of `pengpos.wire.encoding.keys`."""

    algorithm_id = ALGORITHM

    def __init__(self, public_key: PublicKey | None = None, private_key: object = None) -> None:
        del private_key  # this side only verifies
        self._key = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        assert self._key is not None
        self._key.verify(signature, message)


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, find: FindKey) -> None:
        self._find = find

    def resolve_public_key(self, key_id: str) -> PublicKey | None:
        return self._find(key_id)


class _Verifier(HTTPMessageVerifier):
    """Leaves the clock to us: a wrong one is answered with the right time, not with a bare refusal."""

    def validate_created_and_expires(self, sig_input: Any, max_age: object = None) -> None:
        del sig_input, max_age


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedHead:
    """A request whose signature over its head is good; its body has yet to be held against it."""

    signed: Signed
    _message: _Message
    _verifier: "_Verifier | plain_signature.Plain"
    _result: VerifyResult

    def with_body(self, body: bytes) -> Signed:
        """What the signature says, if it covers this body too; raises RequestSignatureError."""
        with _refusing(self._message.method, self._message.url):
            if isinstance(self._verifier, _Verifier):
                self._verifier.verify_body(self._message, [self._result], body)
            elif not self._verifier.is_over(body):
                raise InvalidSignature("the body is not the one that the signature covers")
            _check_coverage(self._result.covered_components, body)
        return self.signed


def verify_head(request: SignedHead, find_key: FindKey) -> VerifiedHead:
    """Verify everything but body, clock and nonce, before a body is read; raises RequestSignatureError."""
    with _refusing(request.method, request.url):
        plain = plain_signature.read(request.method, request.url, request.fields)
        if plain is not None:
            return _verify_plain(request, plain, find_key)
        message = _Message(request.method, request.url, _Fields(_only_our_label(request.fields)))
        verifier = _Verifier(signature_algorithm=_DeviceKey, key_resolver=_Keys(find_key))
        (result,) = verifier.verify(message, max_age=None)
        signed = _parameters(result.parameters)
    return VerifiedHead(signed=signed, _message=message, _verifier=verifier, _result=result)


def _verify_plain(request: SignedHead, plain: plain_signature.Plain, find_key: FindKey) -> VerifiedHead:
    key = find_key(plain.keyid)
    if key is None:
        raise InvalidSignature("no key has this keyid")
    key.verify(plain.signature, plain.base)
    return VerifiedHead(
        signed=_signed(plain),
        _message=_Message(request.method, request.url, _Fields(request.fields)),
        _verifier=plain,
        _result=VerifyResult(
            LABEL, _DeviceKey, covered_components=plain.covered, parameters={}, body=None, nonce=plain.nonce
        ),
    )


def verify(request: SignedRequest, find_key: FindKey) -> Signed:
    """Verify everything but clock and nonce; raises RequestSignatureError."""
    return verify_head(request, find_key).with_body(request.body)


def question_of(request: SignedHead) -> Question | None:
    """What an answer to this request is signed over; None where it is none of a device key's, or beyond all bounds."""
    plain = plain_signature.read(request.method, request.url, request.fields)
    if plain is not None and len(request.url) <= _TARGET_MOST:
        return Question(keyid=plain.keyid, nonce=plain.nonce, method=request.method, target=request.url)
    joined = ", ".join(value for name, value in request.fields if name.lower() == _SIGNATURE_FIELDS[0])
    try:
        members: Any = http_sf.parse(joined.encode("ascii"), tltype="dictionary")
        signed = _parameters(members[LABEL][1])
        target = target_uri(_Message(request.method, request.url, _Fields(())))
    except (InvalidSignature, HTTPMessageSignaturesException, MalformedError, ValueError, KeyError):
        return None
    if len(signed.keyid) != _KEYID_LENGTH or len(target) > _TARGET_MOST:
        return None
    return Question(keyid=signed.keyid, nonce=signed.nonce, method=request.method, target=target)


@contextmanager
def _refusing(method: str, url: str) -> Iterator[None]:
    try:
        yield
    except (InvalidSignature, HTTPMessageSignaturesException, SignatureError, MalformedError, ValueError) as error:
        raise RequestSignatureError(f"the request's signature is not good for {method} {url}: {error}") from error


def _only_our_label(fields: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Drop other labels' signatures: a proxy may have added its own."""
    kept = [(name, value) for name, value in fields if name.lower() not in _SIGNATURE_FIELDS]
    for name in _SIGNATURE_FIELDS:
        joined = ", ".join(value for found, value in fields if found.lower() == name)
        if not joined:
            raise InvalidSignature(f"no {name}")
        members = http_sf.parse(joined.encode("ascii"), tltype="dictionary")
        if not isinstance(members, dict) or LABEL not in members:
            raise InvalidSignature(f"no label {LABEL} in {name}")
        kept.append((name, http_sf.ser({LABEL: members[LABEL]})))
    return tuple(kept)


def _check_coverage(covered: dict[str, str], body: bytes) -> None:
    components = tuple(covered)[:-1]  # the last is @signature-params
    first = tuple(name for name in components if name not in _HEADERS)
    behind = tuple(name for name in _HEADERS if name in components)
    if components != first + behind or (first != _COMPONENTS and (body or first != _COMPONENTS[:2])):
        wanted = " ".join(_COMPONENTS)
        raise InvalidSignature(f"the components must be {wanted}, in this order, then {' or '.join(_HEADERS)} or both")
    if "sha-256=" not in covered.get(_COMPONENTS[2], "sha-256="):
        raise InvalidSignature("a content-digest without sha-256")


def _parameters(parameters: dict[str, Any]) -> Signed:
    for name, kind in (("created", int), ("nonce", str), ("keyid", str), ("alg", str)):
        if not isinstance(parameters.get(name), kind):
            raise InvalidSignature(f"no parameter {name}")
    if len(unb64u(parameters["nonce"])) != _NONCE_SIZE:
        raise InvalidSignature("a nonce that is not 16 bytes in base64url")
    return Signed(keyid=parameters["keyid"], nonce=parameters["nonce"], created=parameters["created"])


def _signed(plain: plain_signature.Plain) -> Signed:
    return _parameters({"keyid": plain.keyid, "nonce": plain.nonce, "created": plain.created, "alg": ALGORITHM})
