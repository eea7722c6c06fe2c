# SPDX-License-Identifier: Apache-2.0
"""Who this terminal is: what enrolment brought, read back. Source: backend API, `POST /enrolments`."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pengpos.core.errors import ConfigError, MalformedError, PengposError, SignatureError
from pengpos.core.ports import Signer
from pengpos.core.times import parse_rfc3339
from pengpos.keys.two_copies import mend, read_either
from pengpos.origins import origin_of
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Credential, Merchant
from terminal.device import words

T = TypeVar("T")


class NotEnrolledError(PengposError):
    """There is no enrolment yet: the daemon runs and says so, and sells nothing."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The terminal's place in the world: its credential, whom it trusts, the secret behind confirmation codes."""

    backend: str
    credential: Credential
    issuers: Issuers
    confirmation_secret: bytes
    policy: bytes | None
    enrolled_at: int = 0
    """When the backend took our signed request: it confirmed our clock then."""

    @property
    def terminal_id(self) -> str:
        """The credential's subject."""
        return self.credential.subject

    @property
    def merchant(self) -> Merchant:
        """The merchant whose terminal this is."""
        merchant = self.credential.merchant
        assert merchant is not None  # role 1 credentials carry one (tap protocol §1)
        return merchant

    @property
    def short_number(self) -> str:
        """The part of the terminal's id that people read out: ``0001`` of ``T-0001``."""
        return self.terminal_id.rsplit("-", 1)[-1][-4:]


class CurrentIdentity:
    """Who this terminal is now: as enrolled, with the issuers and the credential that have come since. On the loop."""

    def __init__(self, enrolled: Identity) -> None:
        self._identity = enrolled

    def __call__(self) -> Identity:
        """As of this moment; keep it no longer than a step."""
        return self._identity

    def issuers(self) -> Issuers:
        """Whose signatures count now."""
        return self._identity.issuers

    def trust(self, issuers: Issuers) -> None:
        """The issuers of a newer policy that a present one signed."""
        self._identity = replace(self._identity, issuers=issuers)

    def renewed(self, credential: Credential) -> None:
        """A newer credential for the same key, stored already."""
        self._identity = replace(self._identity, credential=credential)


def read_identity(path: Path, signer: Signer) -> Identity:
    """Read the enrolment file and check it against the device key.

    Raises NotEnrolledError when there is none, ConfigError when it is damaged or belongs to another key.
    """
    return _read_either(path, partial(_identity_in, path, signer))


def mend_enrolment(path: Path, signer: Signer) -> None:
    """Once it was read: put the one of file and second copy that is damaged, or older, in the other's place."""
    mend(path, read_sound(path, signer))


def read_sound(path: Path, signer: Signer) -> bytes:
    """The enrolment's bytes, of file or second copy, which were read. Raises as `read_identity`."""
    return _read_either(path, lambda content: (_identity_in(path, signer, content), content)[1])


def _read_either(path: Path, parse: Callable[[bytes], T]) -> T:
    try:
        return read_either(path, parse)
    except FileNotFoundError:
        raise NotEnrolledError from None
    except OSError as error:
        raise ConfigError(str(path), words.CANNOT_BE_READ.said(why=error.strerror), words.AS_ITS_USER.said()) from None


def _identity_in(path: Path, signer: Signer, content: bytes) -> Identity:
    stored = _members(path, content)
    try:
        issuers = Issuers(PublicKey.from_jwk(jwk) for jwk in stored["issuers"])
        credential = Credential.read(_bytes(stored["credential"]), issuers)
        identity = Identity(
            backend=origin_of(str(stored["backend"])),
            credential=credential,
            issuers=issuers,
            confirmation_secret=_bytes(stored["confirmation_secret"]),
            policy=_bytes(stored["policy"]) if stored.get("policy") else None,
            enrolled_at=parse_rfc3339(stored["enrolled_at"]),
        )
    except (KeyError, TypeError, ValueError, MalformedError, SignatureError) as error:
        raise ConfigError(str(path), words.DAMAGED.said(why=error), words.RESTORE_ENROLMENT.said()) from error
    if credential.key.kid != PublicKey.of(signer).kid:
        raise ConfigError(str(path), words.CREDENTIAL_OF_ANOTHER.said(), words.ENROL_THIS.said())
    return identity


def _bytes(member: object) -> bytes:
    """base64url text as bytes. Raises MalformedError, TypeError for a member that is no text."""
    if not isinstance(member, str):
        raise TypeError(f"{type(member).__name__} where base64url text belongs")
    return unb64u(member)


def read_enrolment(path: Path) -> dict[str, Any]:
    """The enrolment file's members, unchecked. Raises NotEnrolledError, ConfigError."""
    return _read_either(path, partial(_members, path))


def _members(path: Path, content: bytes) -> dict[str, Any]:
    try:
        stored = json.loads(content)
    except ValueError as error:
        raise ConfigError(str(path), words.NOT_JSON.said(why=error), words.RESTORE_ENROLMENT.said()) from None
    if not isinstance(stored, dict):
        raise ConfigError(str(path), words.NO_OBJECT.said(), words.RESTORE_ENROLMENT.said())
    return stored
