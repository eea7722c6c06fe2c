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
from pengpos.origins import origin_of
from pengpos.wire.encoding.keys import PublicKey
from provisioning import enrol_words as words

DEADLINE_S = 10.0
ANSWER_SIZE_MOST = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRequest:
    """The body but for the key. `serial` and `model` name the machine to people who look after many."""

    activation_code: str
    serial: str
    model: str
    software_version: str


def backend_origin(text: str) -> str:
    """The backend's address as calls go to it; https, or http on this very machine. Raises ConfigError."""
    way_out = words.GIVE_ADDRESS.said()
    try:
        origin = origin_of(text)
    except ValueError:
        raise ConfigError(text, words.NO_BACKEND_ADDRESS.said(), way_out) from None
    parts = urlsplit(origin)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError(
            text,
            words.PLAIN_HTTP.said(),
            words.USE_HTTPS.said(),
        )
    return origin


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
        return ConfigError(backend, words.NO_ANSWER.said(seconds=f"{DEADLINE_S:g}"), words.SAME_AGAIN.said())
    if _is_about_trust(error):
        return ConfigError(
            backend,
            words.NOT_TRUSTED.said(),
            words.CHECK_TRUST.said(now=rfc3339(int(time.time()))),
        )
    return ConfigError(
        backend,
        words.NOT_REACHED.said(why=reason_of(error)),
        words.CHECK_NETWORK.said(),
    )


def _is_about_trust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _no_backend(backend: str, response: httpx.Response) -> ConfigError:
    kind = response.headers.get("content-type", "-").split(";")[0]
    return ConfigError(
        backend,
        words.NO_BACKEND.said(status=response.status_code, kind=kind),
        words.CHECK_PLACE.said(),
    )


def _refused(backend: str, response: httpx.Response, raw: bytes, now: float) -> ConfigError:
    """What a status that is no success means for the technician."""
    if response.is_redirect:
        location = response.headers.get("location", "-")
        return ConfigError(backend, words.SENDS_ON.said(address=location), words.ENROL_THERE.said())
    problem = _problem_of(response, raw)
    if problem is None:
        return _in_trouble(backend, response) if response.is_server_error else _no_backend(backend, response)
    if problem.code == "activation_code":
        return ConfigError(
            words.CODE.said(),
            words.CODE_UNKNOWN.said(),
            words.CODE_NEW.said(),
        )
    if problem.code == "activation_key":
        return ConfigError(
            words.CODE.said(),
            words.CODE_OTHER_KEY.said(),
            words.CODE_FOR_THIS_KEY.said(),
        )
    if problem.code == "clock":
        return ConfigError(words.THIS_CLOCK.said(), _difference(response, now), words.SET_IT.said())
    if response.status_code == httpx.codes.CONFLICT:
        return ConfigError(
            backend,
            words.KEY_KNOWN.said(),
            words.START_EMPTY.said(),
        )
    if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return _in_trouble(backend, response)
    detail = problem.detail or problem.title or problem.code
    return ConfigError(
        backend, words.REFUSED.said(status=response.status_code, detail=detail), words.TELL_OPERATOR.said()
    )


def _problem_of(response: httpx.Response, raw: bytes) -> ProblemMessage | None:
    if "problem+json" not in response.headers.get("content-type", ""):
        return None
    try:
        return read_message(raw, ProblemMessage)
    except MalformedError:
        return None


def _in_trouble(backend: str, response: httpx.Response) -> ConfigError:
    return ConfigError(backend, words.IN_TROUBLE.said(status=response.status_code), words.TRY_IN_A_MINUTE.said())


def _difference(response: httpx.Response, now: float) -> str:
    """How far off we are, by the answer's own date where it has one."""
    off_s = clock_difference_s(response, now)
    if off_s is None:
        return words.CLOCK_OFF.said(minutes=CLOCK_TOLERANCE_S // 60)
    return (words.CLOCK_AHEAD if off_s > 0 else words.CLOCK_BEHIND).said(minutes=abs(off_s) // 60)


def clock_difference_s(response: httpx.Response, now: float) -> int | None:
    """Our clock minus the answer's `Date`, in seconds; None if it carries no date. Good to a second or two."""
    try:
        return int(now - parsedate_to_datetime(response.headers["date"]).timestamp())
    except (KeyError, ValueError):
        return None
