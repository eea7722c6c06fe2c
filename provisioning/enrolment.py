# SPDX-License-Identifier: Apache-2.0
"""Enrolment makes this device a terminal of one merchant: key, activation, checks, the file the daemon starts from.

Source: backend API, `POST /enrolments`; tap protocol §1 (credential). It can be broken off anywhere and repeated: the
key is durable before the backend hears of it, and the same code with the same key gets the same answer.

`terminal.json`, mode 0600, bytes in base64url without padding:
    backend (URL), terminal_id, merchant {merchant_id, name}, credential, issuers (JWKs), confirmation_secret (32
    bytes), policy, enrolled_at (RFC 3339), activation (SHA-256 of the code: saying the command twice is no mistake)
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pengpos.backend_api import roots
from pengpos.backend_api.messages import EnrolmentMessage
from pengpos.core.errors import ConfigError, MalformedError, SignatureError
from pengpos.core.ports import Signer
from pengpos.core.times import rfc3339
from pengpos.home import Home
from pengpos.keys.file import FileKey
from pengpos.keys.last_heard import LastHeard, write_last_heard
from pengpos.keys.private_file import create_private, replace_private
from pengpos.keys.two_copies import write_copy
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Credential, Merchant, Role
from provisioning import enrol_words as words
from provisioning.activation import ActivationRequest, backend_origin
from provisioning.ports import Enrolled

SECRET_SIZE = 32
POLICY_SIZE_MOST = 65_536
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{3,39}")
_HYPHEN = re.compile(r"[ \t]*(?:[\u2010-\u2015\u2212\u30fc]+|-)[ \t]*|[ \t]+")
"""What stands for a hyphen in NFKC: dashes of word processors and input methods, which write two, and spaces."""

Activate = Callable[[str, Signer, ActivationRequest], EnrolmentMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Who this terminal now is; `before`: it already was, by this very code."""

    backend: str
    terminal_id: str
    merchant: Merchant
    expires_at: int
    before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """One enrolment, with all it needs of others. `machine` is (serial, model); `root` the backend's own, in PEM."""

    home: Home
    activate: Activate
    enrolled: Callable[[Home], Enrolled | None]
    unsent_payments: Callable[[Home], int]
    now: Callable[[], float]
    software_version: str
    machine: tuple[str, str]
    root: bytes | None = None

    def fingerprint(self) -> str:
        """The fingerprint of this device's key, which is made if there is none. Raises ConfigError."""
        make_private_directory(self.home)
        return PublicKey.of(FileKey.load_or_create(self.home.device_key)).fingerprint

    def enrol(self, code: str, backend: str) -> Outcome:
        """Enrol with `code` at `backend`. Raises ConfigError and what the ports raise; then nothing has changed."""
        code, origin = _canonical(code), backend_origin(backend)
        make_private_directory(self.home)
        if (present := self.enrolled(self.home)) is not None:
            return self._already(present, code, origin)
        self._refuse_orphans()
        signer = FileKey.load_or_create(self.home.device_key)
        serial, model = self.machine
        answer = self.activate(
            origin,
            signer,
            ActivationRequest(activation_code=code, serial=serial, model=model, software_version=self.software_version),
        )
        credential = _check(origin, answer, signer, int(self.now()))
        self._store(origin, code, answer, credential)
        return _outcome(origin, credential)

    def _already(self, present: Enrolled, code: str, origin: str) -> Outcome:
        """The same command again is well; anything else would leave a terminal without its payments, or double."""
        if present.backend == origin and self._stored_activation() == _fingerprint(code):
            return _outcome(origin, present.credential, before=True)
        merchant = present.credential.merchant
        raise ConfigError(
            str(self.home.enrolment),
            words.ENROLLED_ALREADY.said(
                terminal=present.credential.subject,
                merchant=merchant.name if merchant else "?",
                backend=present.backend,
            ),
            self._way_to_another_enrolment(),
        )

    def _way_to_another_enrolment(self) -> str:
        if count := self.unsent_payments(self.home):
            return words.LET_IT_SEND.said(count=count)
        return words.ENROL_ANEW.said(home=self.home.root)

    def _refuse_orphans(self) -> None:
        """Payments of an enrolment that is gone could never be sent under a new terminal id."""
        if count := self.unsent_payments(self.home):
            raise ConfigError(
                str(self.home.journal),
                words.HOLDS_UNSENT.said(count=count),
                words.RESTORE_OR_HAND_IN.said(file=self.home.enrolment.name),
            )

    def _store(self, origin: str, code: str, answer: EnrolmentMessage, credential: Credential) -> None:
        merchant = credential.merchant
        assert merchant is not None  # role 1 carries one (§1)
        stored = {
            "backend": origin,
            "terminal_id": answer.terminal_id,
            "merchant": {"merchant_id": merchant.merchant_id, "name": merchant.name},
            "credential": answer.credential,
            "issuers": answer.issuers,
            "confirmation_secret": answer.confirmation_secret,
            "policy": answer.policy,
            "enrolled_at": rfc3339(int(self.now())),
            "activation": _fingerprint(code),
        }
        content = json.dumps(stored, indent=2, ensure_ascii=False).encode() + b"\n"
        path = self.home.enrolment
        try:
            self._store_root()
            heard = LastHeard(terminal_id=answer.terminal_id, policy=answer.policy, issuers=answer.issuers)
            write_last_heard(self.home.last_heard, heard)
            created = create_private(path, content)
        except OSError as error:
            raise ConfigError(
                str(path), words.CANNOT_BE_WRITTEN.said(why=error.strerror), words.MAKE_ROOM.said()
            ) from error
        if created:
            write_copy(path, content)
        elif self._stored_activation() != _fingerprint(code):
            raise ConfigError(str(path), words.ANOTHER_WAS_FASTER.said(), words.LOOK_AT_IT.said())

    def _store_root(self) -> None:
        """Before the enrolment, with which a waiting terminal starts; what an enrolment before it left goes."""
        path = self.home.root / roots.FILE_NAME
        if self.root is None:
            path.unlink(missing_ok=True)
        else:
            replace_private(path, self.root)

    def _stored_activation(self) -> str | None:
        """The code's fingerprint in the enrolment file; None in one that an older version wrote."""
        stored = json.loads(self.home.enrolment.read_bytes())
        activation = stored.get("activation")
        return activation if isinstance(activation, str) else None


def make_private_directory(home: Home) -> None:
    """Make `PENGPOS_HOME`, closed to others; one that is there stays as it is. Raises ConfigError."""
    try:
        home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            str(home.root),
            words.CANNOT_BE_MADE.said(why=error.strerror),
            words.NAME_ANOTHER_HOME.said(),
        ) from error


def _canonical(code: str) -> str:
    """As it is shown, however keyboards, input methods and editors write it."""
    typed = "".join(one for one in unicodedata.normalize("NFKC", code) if unicodedata.category(one) != "Cf")
    canonical = _HYPHEN.sub("-", typed.strip()).upper()
    if not _CODE.fullmatch(canonical):
        raise ConfigError(
            words.CODE.said(),
            words.CODE_FORM.said(),
            words.CODE_TYPE.said(),
        )
    return canonical


def _fingerprint(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _outcome(origin: str, credential: Credential, *, before: bool = False) -> Outcome:
    merchant = credential.merchant
    assert merchant is not None  # role 1 carries one (§1)
    return Outcome(
        backend=origin,
        terminal_id=credential.subject,
        merchant=merchant,
        expires_at=credential.expires_at,
        before=before,
    )


def _check(origin: str, answer: EnrolmentMessage, signer: Signer, now: int) -> Credential:
    """Hold the answer against itself and our key: a terminal must not start from what no phone would trust."""
    try:
        issuers = Issuers(PublicKey.from_jwk(jwk) for jwk in answer.issuers)
        credential = Credential.read(unb64u(answer.credential), issuers)
        Sign1.read_issued(unb64u(answer.policy), issuers, Context.POLICY, max_size=POLICY_SIZE_MOST)
        secret = unb64u(answer.confirmation_secret)
    except (MalformedError, SignatureError) as error:
        raise ConfigError(origin, words.DOES_NOT_HOLD.said(why=error), words.NOTHING_STORED.said()) from error
    wrong = None
    if credential.role is not Role.TERMINAL or credential.subject != answer.terminal_id:
        wrong = words.CREDENTIAL_NOT_OURS.said()
    elif credential.key != PublicKey.of(signer):
        wrong = words.CREDENTIAL_OTHER_KEY.said()
    elif len(secret) != SECRET_SIZE:
        wrong = words.SECRET_SIZE_WRONG.said(bytes=len(secret), expected=SECRET_SIZE)
    if wrong is not None:
        raise ConfigError(origin, words.DOES_NOT_HOLD.said(why=wrong), words.NOTHING_STORED.said())
    if credential.expired(now):
        raise ConfigError(
            words.THIS_CLOCK.said(),
            words.CLOCK_BEYOND.said(now=f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M}"),
            words.CLOCK_SET_AND_AGAIN.said(),
        )
    return credential
