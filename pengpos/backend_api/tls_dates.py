# SPDX-License-Identifier: Apache-2.0
"""Certificates' dates, held against what the terminal knows of the time. Source: tap protocol §1, *Clock*.

OpenSSL holds them against the system's clock, which a Pi has without a battery: 1970, or days behind, and a line that
would put the clock right never comes up. So its check of dates is switched off, and made here after the handshake,
before a request of ours is sent: no certificate of the verified chain may have ended before the earliest that it can
be, and none may begin after the latest, where that is known. What the time really is says the backend, under an
issuer's signature, over the line that has come up.
"""

import ssl
from collections.abc import Callable
from typing import Any, Final

from pengpos.core.times import BUILD_TIME

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
