# SPDX-License-Identifier: Apache-2.0
"""Whom the terminal believes that a server is its backend: the usual authorities, or one root of its own, pinned.

Source: backend API, "Rules for all of it" (TLS with a pinned root). A backend with a root of its own names it at
enrolment; from then on no other certificate will do, not even one that every browser takes.

Certificates' dates (tap protocol §1, *Clock*): OpenSSL holds them against the system's clock, which a Pi has without
a battery: 1970, or days behind, and a line that would put the clock right never comes up. So its check of dates is
switched off, and made here after the handshake, before a request of ours is sent: no certificate of the verified
chain may have ended before the earliest that it can be, and none may begin after the latest, where that is known.
What the time really is says the backend, under an issuer's signature, over the line that has come up.
"""

import ssl
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import httpx

from pengpos import words
from pengpos.backend_api.proxies import proxy_for
from pengpos.core.errors import ConfigError
from pengpos.core.times import BUILD_TIME

FILE_NAME = "backend-root.pem"
"""In `PENGPOS_HOME`, where there is one; comes and goes with the enrolment."""
SIZE_MOST = 65_536
NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME, since OpenSSL 1.1.0; `ssl.VerifyFlags` has no name for it."""

TimeBounds = Callable[[], tuple[int, int | None]]
"""The earliest and the latest that it can be now, Unix seconds; None: no bound is known."""


def since_build() -> tuple[int, int | None]:
    """What a program knows that keeps no clock of its own."""
    return BUILD_TIME, None


def by_bounds(context: ssl.SSLContext, bounds: TimeBounds) -> ssl.SSLContext:
    """The same context, which from now on judges dates by `bounds`."""

    class DatedObject(ssl.SSLObject):
        """What asyncio makes a connection of."""

        def do_handshake(self) -> None:
            """Raises ssl.SSLCertVerificationError for a chain out of its time."""
            super().do_handshake()
            _check(self, bounds)

    context.verify_flags |= NO_CHECK_TIME
    context.sslobject_class = DatedObject
    return context


def _check(connection: ssl.SSLObject, bounds: TimeBounds) -> None:
    earliest, latest = bounds()
    for certificate in _verified_chain(connection):
        dates = certificate.get_info()
        if ssl.cert_time_to_seconds(dates["notAfter"]) < earliest:
            raise ssl.SSLCertVerificationError(1, f"certificate verify failed: it ended on {dates['notAfter']}")
        if latest is not None and ssl.cert_time_to_seconds(dates["notBefore"]) > latest:
            raise ssl.SSLCertVerificationError(1, f"certificate verify failed: it begins on {dates['notBefore']}")


def _verified_chain(connection: ssl.SSLObject) -> list[Any]:
    """As OpenSSL has built and verified it, root included. From Python 3.13 on `ssl` has it too, as bytes."""
    inner: Any = vars(connection)["_sslobj"]
    chain: list[Any] = inner.get_verified_chain()
    return chain


def context_of(root: bytes, name: str) -> ssl.SSLContext:
    """Trust what these PEM certificates vouch for, and nothing else. Raises ConfigError, with `name` as the place."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # no authority yet; the default context may trust the system's
    try:
        context.load_verify_locations(cadata=root.decode("ascii"))
    except (ValueError, ssl.SSLError) as error:
        raise ConfigError(name, words.ROOT_NO_PEM.said(), words.ROOT_ASK.said()) from error
    if not context.cert_store_stats()["x509_ca"]:
        raise ConfigError(name, words.ROOT_NO_AUTHORITY.said(), words.ROOT_ASK.said())
    return context


def read_root(path: Path) -> bytes:
    """The PEM file that a technician names. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            root = file.read(SIZE_MOST + 1)
    except OSError as error:
        why = words.CANNOT_BE_READ.said(why=error.strerror)
        raise ConfigError(str(path), why, words.ROOT_NAME_FILE.said()) from error
    if len(root) > SIZE_MOST:
        raise ConfigError(str(path), words.ROOT_TOO_LARGE.said(bytes=SIZE_MOST), words.ROOT_NO_BUNDLE.said())
    return root


def pinned(home: Path) -> ssl.SSLContext | None:
    """What the enrolment in `home` pins; None: the usual authorities. Raises ConfigError."""
    path = home / FILE_NAME
    return context_of(read_root(path), str(path)) if path.exists() else None


def transport(
    context: ssl.SSLContext | None, proxy: httpx.Proxy | None = None, bounds: TimeBounds | None = None
) -> httpx.AsyncHTTPTransport | None:
    """The way to the backend for one call; None: the usual one.

    `bounds`: judge the dates of certificates by them, not by the system's clock.
    """
    if context is None and proxy is None and bounds is None:
        return None
    if bounds is not None:
        context = by_bounds(context or _usual(), bounds)
    return httpx.AsyncHTTPTransport(verify=True if context is None else context, trust_env=False, proxy=proxy)


def _usual() -> ssl.SSLContext:
    """As `httpx.create_ssl_context(trust_env=False)`, without the 0.7 MB that `certifi` imports to name its file."""
    (certifi,) = find_spec("certifi").submodule_search_locations  # type: ignore[union-attr, misc] # httpx needs it
    return ssl.create_default_context(cafile=f"{certifi}/cacert.pem")


def _nobody() -> ssl.SSLContext:
    """For HTTP without TLS: a hundred authorities would be 1.2 MB of no use."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class BackendTransport(httpx.AsyncBaseTransport):
    """The way to the backend for `httpx.AsyncClient`. Looks for the root at the first request: enrolment brings it.

    A root that cannot be used ends every request as a line that is down does.
    """

    def __init__(
        self, home: Path, limits: httpx.Limits, proxy: httpx.Proxy | None = None, bounds: TimeBounds = since_build
    ) -> None:
        """`bounds`: what is known of the time, for the dates of certificates."""
        self._home = home
        self._bounds = bounds
        self._limits = limits
        self._proxy = proxy
        self._inner: dict[str, httpx.AsyncHTTPTransport] = {}
        """By scheme."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; raises httpx.TransportError."""
        scheme = request.url.scheme
        if scheme not in self._inner:
            try:
                usual = _usual if scheme == "https" else _nobody
                context = by_bounds(pinned(self._home) or usual(), self._bounds)
            except ConfigError as error:
                raise httpx.ConnectError(str(error), request=request) from error
            self._inner[scheme] = httpx.AsyncHTTPTransport(
                verify=context, trust_env=False, limits=self._limits, proxy=proxy_for(request.url.host, self._proxy)
            )
        return await self._inner[scheme].handle_async_request(request)

    async def aclose(self) -> None:
        """Hang up."""
        for inner in self._inner.values():
            await inner.aclose()
