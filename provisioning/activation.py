# SPDX-License-Identifier: Apache-2.0
"""`POST /v1/enrolments`: one signed request, and a sentence for everything that can come back instead of an answer.

Source: backend API, enrolments and "Terminal requests are signed". The same code with the same key gives the same
answer again, so that the same command is safe to repeat after anything that happens on the way.
"""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import msgspec

from pengpos.backend_api.messages import EnrolmentMessage, ProblemMessage, read_message
from pengpos.backend_api.one_call import call_once, reason_of
from pengpos.backend_api.proxies import LOOPBACK
from pengpos.backend_api.signing import RequestSigner
from pengpos.core.errors import ConfigError, MalformedError
from pengpos.core.ports import Signer
from pengpos.core.times import CLOCK_TOLERANCE_S, rfc3339
from pengpos.wire.encoding.keys import PublicKey

DEADLINE_S = 10.0
ANSWER_SIZE_MOST = 262_144
_AGAIN = "Nothing is lost: the same command again gives the same answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRequest:
    """The body but for the key. `serial` and `model` name the machine to people who look after many."""

    activation_code: str
    serial: str
    model: str
    software_version: str


def backend_origin(text: str) -> str:
    """The backend's address without a trailing slash; https, or http on this very machine. Raises ConfigError."""
    way_out = "Give it as https://HOST, as the backend's operator gave it"
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(text, "no address", way_out) from None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        raise ConfigError(text, "no address of a payment backend", way_out)
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ConfigError(
            text,
            "plain http would show this terminal's secrets to everybody on the way",
            "Use https; http is for a backend on this very machine",
        )
    return text.strip().rstrip("/")


def activate(
    backend: str,
    signer: Signer,
    request: ActivationRequest,
    *,
    now: Callable[[], float] = time.time,
    transport: httpx.AsyncBaseTransport | None = None,
) -> EnrolmentMessage:
    """Ask `backend` to make this device one of its terminals. Raises ConfigError with what went wrong and the way out.

    `transport` is for tests; the signature is made in any case.
    """
    body = {
        "activation_code": request.activation_code,
        "public_key": PublicKey.of(signer).to_jwk(),
        "hardware": {"serial": request.serial, "model": request.model},
        "software_version": request.software_version,
    }
    try:
        response, raw = call_once(
            "POST",
            f"{backend}/v1/enrolments",
            deadline_s=DEADLINE_S,
            size_most=ANSWER_SIZE_MOST,
            transport=transport,
            auth=RequestSigner(signer, lambda: int(now())),
            content=msgspec.json.encode(body),
            headers={"content-type": "application/json"},
        )
    except httpx.HTTPError as error:
        raise _unreachable(backend, error) from error
    if not response.is_success:
        raise _refused(backend, response, raw, now())
    try:
        return read_message(raw, EnrolmentMessage)
    except MalformedError:
        raise _no_backend(backend, response) from None


def _unreachable(backend: str, error: httpx.HTTPError) -> ConfigError:
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return ConfigError(backend, f"did not answer within {DEADLINE_S:g} s", _AGAIN)
    if _is_about_trust(error):
        return ConfigError(
            backend,
            "its certificate is not one this machine trusts",
            f"Check the address, and this machine's date: it says {rfc3339(int(time.time()))}; "
            "the root of a backend that has its own is named by --root FILE",
        )
    return ConfigError(
        backend,
        f"cannot be reached ({reason_of(error)})",
        f"Check the address and this machine's network. {_AGAIN}",
    )


def _is_about_trust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _no_backend(backend: str, response: httpx.Response) -> ConfigError:
    kind = response.headers.get("content-type", "nothing").split(";")[0]
    return ConfigError(
        backend,
        f"answers, but not as a payment backend does (status {response.status_code}, {kind})",
        "Check the address: a web site, a proxy or a network's sign-in page may be answering in its place",
    )


def _refused(backend: str, response: httpx.Response, raw: bytes, now: float) -> ConfigError:
    """What a status that is no success means for the technician."""
    if response.is_redirect:
        location = response.headers.get("location", "elsewhere")
        return ConfigError(backend, f"sends us on to {location}", "Enrol with that address, if it is the right one")
    problem = _problem_of(response, raw)
    if problem is None:
        return _in_trouble(backend, response) if response.is_server_error else _no_backend(backend, response)
    if problem.code == "activation_code":
        return ConfigError(
            "activation code",
            "the backend does not know it, or it is used up or too old",
            "Ask for a new one where terminals are managed, and use it within its minutes",
        )
    if problem.code == "activation_key":
        return ConfigError(
            "activation code",
            "it is another device's: it was made for another key",
            "Read this device's fingerprint to who gave you the code, and ask for one for this key",
        )
    if problem.code == "clock":
        return ConfigError("this machine's clock", _difference(response, now), "Set it: timedatectl set-ntp true")
    if response.status_code == httpx.codes.CONFLICT:
        return ConfigError(
            backend,
            "this device's key belongs to one of its terminals already",
            "If this card is a copy of another terminal's, start from an empty PENGPOS_HOME",
        )
    if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return _in_trouble(backend, response)
    detail = problem.detail or problem.title or problem.code
    return ConfigError(backend, f"refused (status {response.status_code}): {detail}", "Tell the backend's operator")


def _problem_of(response: httpx.Response, raw: bytes) -> ProblemMessage | None:
    if "problem+json" not in response.headers.get("content-type", ""):
        return None
    try:
        return read_message(raw, ProblemMessage)
    except MalformedError:
        return None


def _in_trouble(backend: str, response: httpx.Response) -> ConfigError:
    return ConfigError(backend, f"is in trouble (status {response.status_code})", f"Try again in a minute. {_AGAIN}")


def _difference(response: httpx.Response, now: float) -> str:
    """How far off we are, by the answer's own date where it has one."""
    off_s = clock_difference_s(response, now)
    if off_s is None:
        return f"more than {CLOCK_TOLERANCE_S // 60} minutes off, says the backend"
    return f"{abs(off_s) // 60} minutes {'ahead of' if off_s > 0 else 'behind'} the backend's"


def clock_difference_s(response: httpx.Response, now: float) -> int | None:
    """Our clock minus the answer's `Date`, in seconds; None if it carries no date. Good to a second or two."""
    try:
        return int(now - parsedate_to_datetime(response.headers["date"]).timestamp())
    except (KeyError, ValueError):
        return None
