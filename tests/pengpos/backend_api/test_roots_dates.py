# SPDX-License-Identifier: Apache-2.0
"""A line comes up whatever the machine's clock says, and not to a certificate that has ended. Rows 17, 61 of 2026-11.

A real handshake with a server whose certificates have the dates of the table.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pengpos.backend_api import roots
from pengpos.backend_api.roots import TimeBounds
from terminal.device.clock import DeviceClock

DAY = 86_400
NOW = 1_800_000_000
"""The true time."""
LONG = NOW - 300 * DAY, NOW + 300 * DAY


class Server:
    """Answers every request over TLS with 200; an authority of its own, and a certificate of 127.0.0.1."""

    def __init__(self, directory: Path, dates: tuple[int, int], authority_dates: tuple[int, int] = LONG) -> None:
        authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        authority = _certificate("authority", authority_key, "authority", authority_key, authority_dates, ca=True)
        leaf = _certificate("server", key, "authority", authority_key, dates, ca=False)
        (directory / roots.FILE_NAME).write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        chain = directory / "server.pem"
        chain.write_bytes(
            leaf.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)
        self.requests = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey,
    dates: tuple[int, int], *, ca: bool,
) -> x509.Certificate:  # fmt: skip
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
    begins, ends = (datetime.fromtimestamp(at, UTC) for at in dates)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(address, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def ask(server: Server, home: Path, bounds: TimeBounds) -> int:
    """The status, over the way the daemon takes. Raises httpx.ConnectError."""

    async def work() -> int:
        listening = await asyncio.start_server(server.answer, "127.0.0.1", 0, ssl=server.context)
        port = listening.sockets[0].getsockname()[1]
        transport = roots.BackendTransport(home, httpx.Limits(max_connections=1), bounds=bounds)
        async with listening, httpx.AsyncClient(transport=transport, trust_env=False) as client:
            return (await client.get(f"https://127.0.0.1:{port}/")).status_code

    return asyncio.run(work())


def clock(system: int, *, signed: Sequence[int] = (), confirmed: bool = False) -> DeviceClock:
    made = DeviceClock(system=lambda: system, since_boot_s=lambda: 100.0, confirmed=confirmed)
    for at in signed:
        made.issuer_signed(at)
    return made


YESTERDAY = NOW - DAY, NOW + 90 * DAY
COMES_UP = {
    "a right clock": clock(NOW, confirmed=True),
    "1970, nothing ever signed": clock(0),
    "1970": clock(0, signed=[NOW - 30 * DAY]),
    "two days behind": clock(NOW - 2 * DAY, signed=[NOW - 2 * DAY]),
    "thirty days behind": clock(NOW - 30 * DAY, signed=[NOW - 30 * DAY]),
    "three years ahead": clock(NOW + 1_000 * DAY, signed=[NOW - DAY]),
    "set back while selling": clock(0, signed=[NOW], confirmed=True),
    "set ahead while selling": clock(NOW + 1_000 * DAY, signed=[NOW], confirmed=True),
}


@pytest.mark.parametrize("known", COMES_UP.values(), ids=COMES_UP)
def test_a_line_comes_up_by_which_the_time_is_learnt(tmp_path: Path, known: DeviceClock) -> None:
    """To a certificate that is a day old."""
    assert ask(Server(tmp_path, YESTERDAY), tmp_path, known.bounds) == 200


REFUSED: dict[str, tuple[tuple[int, int], tuple[int, int], DeviceClock, str]] = {
    "ended before what was signed": ((NOW - 90 * DAY, NOW - DAY), LONG, clock(0, signed=[NOW]), "ended on"),
    "ended, by the confirmed time": ((NOW - 90 * DAY, NOW - 1), LONG, clock(0, signed=[NOW], confirmed=True), "ended"),
    "its authority ended": (YESTERDAY, (NOW - 300 * DAY, NOW - DAY), clock(NOW, signed=[NOW]), "ended on"),
    "begins tomorrow, by the confirmed time": (
        (NOW + DAY, NOW + 90 * DAY), LONG, clock(NOW, signed=[NOW], confirmed=True), "begins on",
    ),
    "ended before this program was built": (
        (NOW - 900 * DAY, 1_795_305_600 - DAY), (NOW - 900 * DAY, NOW + DAY), clock(0), "ended on",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("dates", "authority", "known", "says"), REFUSED.values(), ids=REFUSED)
def test_a_certificate_out_of_its_time_is_refused_before_anything_is_said(
    tmp_path: Path, dates: tuple[int, int], authority: tuple[int, int], known: DeviceClock, says: str
) -> None:
    server = Server(tmp_path, dates, authority)
    with pytest.raises(httpx.ConnectError, match=f"CERTIFICATE|certificate.*{says}"):
        ask(server, tmp_path, known.bounds)
    assert server.requests == 0


def test_another_authority_is_none_for_that(tmp_path: Path) -> None:
    server = Server(tmp_path, YESTERDAY)
    (tmp_path / "other").mkdir()
    Server(tmp_path / "other", YESTERDAY)
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(server, tmp_path / "other", clock(NOW).bounds)
