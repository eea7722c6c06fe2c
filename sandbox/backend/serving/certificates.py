# SPDX-License-Identifier: Apache-2.0
"""Makes an authority of this sandbox's own and a certificate for this machine, so that phones in its network use HTTPS.

No known authority vouches for it: a phone warns until its owner installs this one. Its owner must not have to trust
this machine with all the web, so the authority is constrained (RFC 5280 §4.2.1.10) to private addresses and `.local`
names. In `directory`: `authority.pem`, `authority.key`, `server.pem` (certificate and chain), `server.key`; keys 0600.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pengpos.core.errors import ConfigError
from pengpos.keys.private_file import replace_private

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
"""Phones take no longer one."""
RENEW_BEFORE = timedelta(days=30)
CLOCKS_DIFFER = timedelta(days=1)
PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10",
    "100.64.0.0/10",  # behind a provider's or a private network's translation (RFC 6598)
    "192.0.2.0/24",  # never on the Internet (RFC 5737): virtual machines
)  # fmt: skip
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerIdentity:
    """What a server needs to be reached by HTTPS, and what its phones may compare or install."""

    authority: Path
    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256 of the server's certificate as browsers show it: ``AB:CD:…``."""


def server_identity(directory: Path, address: str, now: datetime) -> ServerIdentity:
    """Read the certificate for `address`, or make it: new for a new address, or when it will soon be over.

    Raises ConfigError for an address that is not private, and for files that cannot be read or written.
    """
    if not any(_address(address) in network for network in map(ipaddress.ip_network, PRIVATE)):
        raise ConfigError(address, "is no private address", "A sandbox with play money belongs into a network at home")
    files = ServerIdentity(
        authority=directory / "authority.pem",
        certificate=directory / "server.pem",
        key=directory / "server.key",
        fingerprint="",
    )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority, signer = _authority(directory, now)
        server = _usable(files, authority, address, now) or _issue(files, authority, signer, address, now)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            str(directory), f"its certificates cannot be used ({error})", "Move it away; the next start makes others"
        ) from error
    return ServerIdentity(
        authority=files.authority,
        certificate=files.certificate,
        key=files.key,
        fingerprint=server.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise ConfigError(
            text, "is no IP address", "Name one by --host, as this machine has it in its network"
        ) from None


def _authority(directory: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate_file, key_file = directory / "authority.pem", directory / "authority.key"
    if certificate_file.exists() and key_file.exists():
        found = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        if now < found.not_valid_after_utc - SERVER_LIFE:
            return found, _private_key(key_file)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"pengpos sandbox on {_host_name()} (play money)"[:64])])
    within = [x509.IPAddress(ipaddress.ip_network(network)) for network in PRIVATE]
    constraints = x509.NameConstraints(permitted_subtrees=[*within, x509.DNSName("local")], excluded_subtrees=None)
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(constraints, critical=True)
        .sign(key, hashes.SHA256())
    )
    replace_private(key_file, _pem(key))
    replace_private(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _usable(files: ServerIdentity, authority: x509.Certificate, address: str, now: datetime) -> x509.Certificate | None:
    """The certificate that is there, if it is this authority's, for this address, for a while yet."""
    if not (files.certificate.exists() and files.key.exists()):
        return None
    found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    try:
        found.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError):
        return None
    in_time = found.not_valid_before_utc <= now < found.not_valid_after_utc - RENEW_BEFORE
    return found if in_time and _address(address) in names.get_values_for_type(x509.IPAddress) else None


def _issue(
    files: ServerIdentity,
    authority: x509.Certificate,
    signer: ec.EllipticCurvePrivateKey,
    address: str,
    now: datetime,
) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.IPAddress(_address(address)), x509.DNSName(f"{_host_name()}.local")]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    certificate = (
        _builder(subject, authority.subject, key.public_key(), now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    replace_private(files.key, _pem(key))
    chain = [one.public_bytes(serialization.Encoding.PEM) for one in (certificate, authority)]
    replace_private(files.certificate, b"".join(chain))
    return certificate


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    start = now.astimezone(UTC) - CLOCKS_DIFFER
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} holds another kind of key")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    encryption = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _host_name() -> str:
    name = socket.gethostname().split(".")[0].lower()
    return name if _HOST_NAME.fullmatch(name) else "pengpos"
