# SPDX-License-Identifier: Apache-2.0
"""Reads the bytes of an answer, bounded, whatever a proxy on the way has made of it.

Source: backend API, "Rules for all of it"; RFC 9110 §8.4, content codings.

Tests: tests/pengpos/backend_api/test_calls.py
"""

import zlib

import httpx

IDENTITY = {"accept-encoding": "identity"}
"""Asked for with every call: what a proxy compresses it also holds back, and a few bytes may stand for gigabytes."""
_ZIPPED = {"gzip", "x-gzip"}
_GZIP = zlib.MAX_WBITS | 16
_MEMBERS_MOST = 64
"""A megabyte of empty ones would take seconds."""


async def read_bounded(response: httpx.Response, size_most: int) -> bytes:
    """All of it, unpacked. Raises httpx.DecodingError beyond `size_most` bytes, packed or unpacked."""
    coding = coding_of(response)
    if coding is not None and coding not in _ZIPPED:
        raise httpx.DecodingError(f"an answer in a coding that was not asked for: {coding[:40]!r}")
    unpacking = _Unpacking() if coding is not None else None
    raw, came = bytearray(), 0
    assert isinstance(response.stream, httpx.AsyncByteStream)  # an AsyncClient gives no other
    async for piece in response.stream:
        came += len(piece)
        try:
            raw += piece if unpacking is None else unpacking.take(piece, size_most + 1 - len(raw))
        except zlib.error as error:
            raise httpx.DecodingError(f"an answer that is no gzip: {error}") from error
        if max(came, len(raw)) > size_most:
            raise httpx.DecodingError(f"an answer beyond {size_most} bytes")
    if unpacking is not None and not unpacking.is_whole:
        raise httpx.DecodingError("an answer cut short")
    return bytes(raw)


class _Unpacking:
    """Gzip, which may be one member behind another (RFC 1952 §2.2): so do programs write it that pack in pieces."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=_GZIP)
        self._members_left = _MEMBERS_MOST

    @property
    def is_whole(self) -> bool:
        """The last member has come to its end."""
        return self._member.eof

    def take(self, piece: bytes, most: int) -> bytes:
        """At most so many bytes (≥ 1) of what is packed there; the rest is lost. Raises zlib.error."""
        unpacked = b""
        while piece and len(unpacked) < most:
            if self._member.eof:
                self._members_left -= 1
                if not self._members_left:
                    raise zlib.error(f"more than {_MEMBERS_MOST} members")
                self._member = zlib.decompressobj(wbits=_GZIP)
            unpacked += self._member.decompress(piece, most - len(unpacked))
            piece = self._member.unused_data
        return unpacked


def coding_of(response: httpx.Response) -> str | None:
    """How its bytes were packed on the way; None: not at all."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    return None if coding in {"", "identity"} else coding
