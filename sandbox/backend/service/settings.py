# SPDX-License-Identifier: Apache-2.0
"""What the file of settings says, checked before anything is opened. Secrets are no settings: see `credentials`.

Tests: tests/sandbox/backend/service/test_settings.py
"""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pengpos.core.errors import ConfigError
from pengpos.origins import origin_of

SIZE_MOST: Final = 65_536
_PLACE = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})")
_DATABASES: Final = ("postgresql+psycopg", "sqlite")


class Place(NamedTuple):
    """Where a listener is."""

    host: str
    port: int


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file, TOML. Each value is as it was written; the properties are what they mean."""

    origin: str
    """Scheme, host and port by which terminals, wallets and pages reach this backend, and which they sign for."""
    listen: str = "127.0.0.1:8480"
    """For terminals, wallets and pages; a proxy that ends TLS stands before it."""
    operations: str = "127.0.0.1:8481"
    """For operators, health and metrics. Never where shoppers are."""
    trusted_proxies: list[str] = []
    """Addresses and networks whose `X-Forwarded-For` is believed; limits by address hang on it."""
    database: str | None = None
    """URL without a password; None: SQLite in the state directory. The credential `database-url` goes before it."""
    stop_within_s: Annotated[int, msgspec.Meta(ge=1, le=300)] = 20
    """How long requests that are under way may take when the service is stopped."""
    log: Literal["json", "text"] = "json"

    @property
    def public_place(self) -> Place:
        """Where terminals, wallets and pages are served."""
        return _place(self.listen)

    @property
    def operations_place(self) -> Place:
        """Where operators and watchers are."""
        return _place(self.operations)


def read_settings(path: Path) -> ServiceSettings:
    """Read and check the file. Raises ConfigError, which names the member."""
    try:
        content = path.read_bytes()
    except OSError as error:
        cure = "Write the settings there, or name another file by --settings; docs/operating.md has an example"
        raise ConfigError(str(path), error.strerror or str(error), cure) from error
    if len(content) > SIZE_MOST:
        raise ConfigError(str(path), f"more than {SIZE_MOST} bytes", "Put only settings into it")
    try:
        settings = msgspec.toml.decode(content, type=ServiceSettings)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), str(error), "Correct it; docs/operating.md lists what may be set") from error
    for member, check in _CHECKS.items():
        try:
            check(settings)
        except ValueError as error:
            raise ConfigError(f"{path}: {member}", str(error), _CURES[member]) from error
    return settings


def _place(said: str) -> Place:
    found = _PLACE.fullmatch(said)
    if found is None or int(found["port"]) > 65_535:
        raise ValueError(f"{said!r} is no address and port")
    return Place(found["six"] or found["host"], int(found["port"]))


def _check_origin(settings: ServiceSettings) -> None:
    parts = urlsplit(origin_of(settings.origin))
    if parts.path.strip("/"):
        raise ValueError("more than an address")
    if parts.scheme == "http" and not _is_this_machine(str(parts.hostname)):
        raise ValueError("money does not travel by http")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_listen(settings: ServiceSettings) -> None:
    _ = settings.public_place


def _check_operations(settings: ServiceSettings) -> None:
    place = settings.operations_place
    if place == settings.public_place and place.port:
        raise ValueError("it is where shoppers are")


def _check_proxies(settings: ServiceSettings) -> None:
    for one in settings.trusted_proxies:
        ip_network(one)


def _check_database(settings: ServiceSettings) -> None:
    if settings.database is not None and check_database(settings.database).password is not None:
        raise ValueError("it holds a password")


class DatabaseURL(NamedTuple):
    """What matters of a database's URL."""

    password: str | None


def check_database(url: str) -> DatabaseURL:
    """Read a database's URL. Raises ValueError, whose text holds no part of it: it may hold a password."""
    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("it is no URL of a database") from None
    if read.drivername not in _DATABASES:
        raise ValueError(f"it is of none of {', '.join(_DATABASES)}")
    return DatabaseURL(None if read.password is None else str(read.password))


_CHECKS: Final = {
    "origin": _check_origin,
    "listen": _check_listen,
    "operations": _check_operations,
    "trusted_proxies": _check_proxies,
    "database": _check_database,
}
_CURES: Final = {
    "origin": "Say the public address, such as https://pay.example.cn",
    "listen": "Say where to listen, such as 127.0.0.1:8480 or [::1]:8480",
    "operations": "Say another place than listen, such as 127.0.0.1:8481",
    "trusted_proxies": "Name the proxy's address, such as 127.0.0.1, or a network, such as 10.0.0.0/24",
    "database": "Say postgresql+psycopg://USER@HOST/NAME here; one with a password is the credential database-url",
}
