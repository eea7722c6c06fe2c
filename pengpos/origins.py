# SPDX-License-Identifier: Apache-2.0
"""A backend's address in the one way in which calls go to it, signatures cover it and tags carry it.

However it was typed: its host in lower case and A-labels, its path percent-encoded, no port that goes without saying,
no slash at the end. What an input method makes of ASCII is read as that.

Source: RFC 3986 §6.2, RFC 5890 §2.3.2.1, RFC 9421 §2.2.2.
"""

import re
import unicodedata

import httpx

_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9.])?|[0-9a-f:.]*:[0-9a-f:.]*")

_PORT_MOST = 65_535


def origin_of(text: str) -> str:
    """The address, http or https; raises ValueError for what is none, or says more than where the backend is."""
    typed = text.strip()
    try:
        url = httpx.URL(typed if typed.isascii() else unicodedata.normalize("NFKC", typed))
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None
    host = url.raw_host.decode("ascii")
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or not url.host or url.port == 0:
        raise ValueError("no address of the web")
    if url.port is not None and url.port > _PORT_MOST:
        raise ValueError(f"a port above {_PORT_MOST}")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("more than an address")
    return str(url.copy_with(query=None, fragment=None)).rstrip("/")
