# SPDX-License-Identifier: Apache-2.0
"""The service's secrets: what systemd gives it in `$CREDENTIALS_DIRECTORY`, else what lies in its state directory.

`issuer.pem`, the key that signs; `admin-token`, root's; `database-url`, where it holds a password. The first two are
made in the state directory at the first start, as `pengpos sandbox` does, where no credential brings them.

Tests: tests/sandbox/backend/service/test_credentials.py
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pengpos.core.errors import ConfigError
from pengpos.keys.file import FileKey
from sandbox.backend.service.settings import ServiceSettings, check_database
from sandbox.backend.serving.server import admin_token

ISSUER: Final = "issuer.pem"
ADMIN_TOKEN: Final = "admin-token"  # noqa: S105  # a name
DATABASE_URL: Final = "database-url"
TOKEN_LENGTH_LEAST: Final = 32
_SIZE_MOST: Final = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The secrets; never logged."""

    issuer: FileKey
    admin_token: str
    database_url: str


def check_credentials(state: Path, environment: Mapping[str, str]) -> None:
    """Look at what there is, and make nothing: who looks is seldom the service's user. Raises as `read_credentials`."""
    issuer, token, url = _given(environment)
    if issuer is not None or (state / ISSUER).exists():
        FileKey.load(issuer or state / ISSUER, is_guarded=issuer is not None)
    if token is not None:
        _token(token)
    elif (state / ADMIN_TOKEN).exists():
        admin_token(state / ADMIN_TOKEN)
    if url is not None:
        _database_url(url)


def read_credentials(settings: ServiceSettings, state: Path, environment: Mapping[str, str]) -> Credentials:
    """Read what is given, make what is not. Raises ConfigError, whose text holds no secret."""
    issuer, token, url = _given(environment)
    return Credentials(
        # Credentials are in a directory that only this service may enter; an ACL on them shows as the group's mode.
        issuer=FileKey.load_or_create(state / ISSUER) if issuer is None else FileKey.load(issuer, is_guarded=True),
        admin_token=admin_token(state / ADMIN_TOKEN) if token is None else _token(token),
        database_url=settings.database or f"sqlite:///{state / 'backend.db'}" if url is None else _database_url(url),
    )


def _given(environment: Mapping[str, str]) -> tuple[Path | None, Path | None, Path | None]:
    """Key, token and database's URL, where systemd gives them."""
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if directory is None:
        return None, None, None
    issuer, token, url = (Path(directory) / name for name in (ISSUER, ADMIN_TOKEN, DATABASE_URL))
    return (
        issuer if issuer.exists() else None,
        token if token.exists() else None,
        url if url.exists() else None,
    )


def _read(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), error.strerror or str(error), "Look at LoadCredential= of the unit") from error
    if len(content) > _SIZE_MOST:
        raise ConfigError(str(path), f"more than {_SIZE_MOST} bytes", "Put only this secret into it")
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        raise ConfigError(str(path), "it is no text", "Put only this secret into it") from None


def _token(path: Path) -> str:
    token = _read(path)
    if len(token) < TOKEN_LENGTH_LEAST:
        cure = "Make another: openssl rand -base64 32"
        raise ConfigError(str(path), f"a token of less than {TOKEN_LENGTH_LEAST} characters can be guessed", cure)
    return token


def _database_url(path: Path) -> str:
    url = _read(path)
    try:
        check_database(url)
    except ValueError as error:
        raise ConfigError(str(path), str(error), "Say postgresql+psycopg://USER:PASSWORD@HOST/NAME") from error
    return url
