# SPDX-License-Identifier: Apache-2.0
"""The proxy that a technician names in the settings, for networks that have no other way out.

Never one of the environment's: who may set a variable must not lead payments elsewhere. With https, which a backend
has, a proxy passes the bytes on and reads none of them.
"""

from urllib.parse import urlsplit

import httpx

from pengpos import words
from pengpos.core.errors import ConfigError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""A backend on this very machine is asked without a proxy."""


def proxy_of(text: str | None) -> httpx.Proxy | None:
    """The proxy; None: there is none. Raises ConfigError, without a password in it."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port and parts.path in {"", "/"}
        if usable and not (parts.query or parts.fragment):
            return httpx.Proxy(text)
    except (ValueError, httpx.InvalidURL):
        pass
    raise ConfigError("[backend] proxy", words.PROXY_NO_ADDRESS.said(), words.PROXY_WRITE.said())


def proxy_for(host: str | None, proxy: httpx.Proxy | None) -> httpx.Proxy | None:
    """The proxy by which this host is asked."""
    return None if host in LOOPBACK else proxy
