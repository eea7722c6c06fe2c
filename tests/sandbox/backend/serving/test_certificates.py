# SPDX-License-Identifier: Apache-2.0
"""The sandbox's own authority: when it makes a certificate anew, and what it cannot vouch for."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from pengpos.core.errors import ConfigError
from sandbox.backend.serving.certificates import server_identity

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ADDRESS = "192.168.1.20"


def leaf(directory: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / "server.pem").read_bytes())


def authority(directory: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / "authority.pem").read_bytes())


def verify(directory: Path, certificate: x509.Certificate, subject: x509.IPAddress | x509.DNSName) -> None:
    store = Store([authority(directory)])
    PolicyBuilder().store(store).time(NOW).build_server_verifier(subject).verify(certificate, [])


def test_the_certificate_is_good_for_this_machines_address_only(tmp_path: Path) -> None:
    server_identity(tmp_path, ADDRESS, NOW)
    verify(tmp_path, leaf(tmp_path), x509.IPAddress(ip_address(ADDRESS)))
    with pytest.raises(VerificationError):
        verify(tmp_path, leaf(tmp_path), x509.IPAddress(ip_address("192.168.1.21")))


@pytest.mark.parametrize("name", ["bank.example", "local.example", "203.0.113.7", "2001:db8::1"])
def test_the_authority_can_vouch_for_nothing_in_the_wide_web(tmp_path: Path, name: str) -> None:
    server_identity(tmp_path, ADDRESS, NOW)
    key = serialization.load_pem_private_key((tmp_path / "authority.key").read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    subject = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    theirs = ec.generate_private_key(ec.SECP256R1()).public_key()
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(authority(tmp_path).subject)
        .public_key(theirs)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([subject]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    with pytest.raises(VerificationError, match=r"(?i)constraint|permitted"):
        verify(tmp_path, forged, subject)


def nothing(_: Path) -> None:
    pass


def forget_the_authority(directory: Path) -> None:
    (directory / "authority.pem").unlink()


@pytest.mark.parametrize(
    ("address", "after", "between", "same_authority", "same_certificate"),
    [
        (ADDRESS, timedelta(0), nothing, True, True),
        (ADDRESS, timedelta(days=365), nothing, True, True),
        (ADDRESS, timedelta(days=367), nothing, True, False),
        ("10.0.0.7", timedelta(0), nothing, True, False),
        (ADDRESS, timedelta(days=3300), nothing, False, False),
        (ADDRESS, timedelta(0), forget_the_authority, False, False),
    ],
    ids=["again", "a year later", "soon over", "another address", "years later", "authority gone"],
)
def test_what_is_there_is_kept_as_long_as_it_is_good(
    tmp_path: Path,
    address: str,
    after: timedelta,
    between: Callable[[Path], None],
    same_authority: bool,
    same_certificate: bool,
) -> None:
    server_identity(tmp_path, ADDRESS, NOW)
    before = (authority(tmp_path), leaf(tmp_path))
    between(tmp_path)
    told = server_identity(tmp_path, address, NOW + after)
    assert (authority(tmp_path) == before[0], leaf(tmp_path) == before[1]) == (same_authority, same_certificate)
    leaf(tmp_path).verify_directly_issued_by(authority(tmp_path))
    assert told.fingerprint.replace(":", "") == leaf(tmp_path).fingerprint(hashes.SHA256()).hex().upper()


@pytest.mark.parametrize("address", ["203.0.113.7", "8.8.8.8", "2001:db8::1", "not an address", ""])
def test_an_address_of_the_wide_web_gets_none(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError):
        server_identity(tmp_path, address, NOW)


@pytest.mark.parametrize("name", ["authority.pem", "authority.key", "server.pem"])
def test_a_damaged_file_is_said_with_the_way_out(tmp_path: Path, name: str) -> None:
    server_identity(tmp_path, ADDRESS, NOW)
    (tmp_path / name).write_text("torn")
    with pytest.raises(ConfigError, match="Move it away"):
        server_identity(tmp_path, ADDRESS, NOW)


def test_the_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    server_identity(tmp_path / "tls", ADDRESS, NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tls").glob("*.key")}
    assert modes == {"authority.key": 0o600, "server.key": 0o600}
