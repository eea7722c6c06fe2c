# SPDX-License-Identifier: Apache-2.0
"""What a request says before its body, and where it comes from.

Tests: tests/sandbox/backend/api/test_caller.py
"""

from ipaddress import ip_address, ip_network
from typing import cast

from fastapi import Request

from sandbox.backend.kernel.context import Backend
from sandbox.backend.trust.request_signature import SignedHead


def get_backend(request: Request) -> Backend:
    """The backend behind this application."""
    return cast("Backend", request.app.state.backend)


def address_of(request: Request) -> str:
    """Where a request comes from, as far as one owner has it: of IPv6 the network of 64 bits."""
    host = "" if request.client is None else request.client.host
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ip_network((address, 64), strict=False))


def raw_path(request: Request) -> str:
    """The path as it was sent, percent-encoded."""
    return cast("bytes", request.scope.get("raw_path") or request.scope["path"].encode()).decode("latin-1")


def head_of(request: Request, backend: Backend) -> SignedHead:
    """What of a request comes before its body, as a signature covers it."""
    query = cast("bytes", request.scope["query_string"]).decode("latin-1")
    return SignedHead(
        method=request.method,
        url=backend.origin + raw_path(request) + (f"?{query}" if query else ""),
        fields=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"]),
    )
