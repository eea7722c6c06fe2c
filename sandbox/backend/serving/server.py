# SPDX-License-Identifier: Apache-2.0
"""Runs the sandbox as a process: its state on disk, its socket, and the one line it prints when it is ready."""

import errno
import json
import logging
import os
import secrets
import socket
import stat
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from pengpos.core.errors import ConfigError
from pengpos.keys.file import FileKey
from pengpos.origins import origin_of
from pengpos.serving.connections import ACCEPTED_AT_ONCE_MOST, BoundedServer
from pengpos.serving.few_lines import log_to_stderr
from pengpos.system_clock import SystemClock
from sandbox.backend.api.delivery import AbortableH11Protocol
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.hub import Hub
from sandbox.backend.operators import roster
from sandbox.backend.records import seed
from sandbox.backend.records.database import Database
from sandbox.backend.serving import lan
from sandbox.backend.serving.app import create_app
from sandbox.backend.serving.certificates import server_identity
from sandbox.backend.terminals import enrolment
from sandbox.backend.trust.issuer import Issuer

log = logging.getLogger(__name__)

_ANOTHER_PORT = "Choose another --port, or 0 for any free one"
_ANOTHER_HOST = (
    "Name an address of this machine by --host, or leave it out: 127.0.0.1, or by --lan the one in its network"
)
_GRACE_S = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run. `home` holds issuer key, admin token and database; `origin` None: the URL it listens on.

    `trusted_proxies`: addresses or networks whose `X-Forwarded-For` is believed; limits by address hang on it.
    `lan`: by HTTPS, with a certificate that is made here; no `host` then means this machine's address in its network.
    """

    host: str
    port: int
    home: Path
    lan: bool = False
    database_url: str | None = None
    origin: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    magic_amounts: bool = False


def serve(options: Options) -> None:
    """Run until SIGINT or SIGTERM; raises ConfigError."""
    log_to_stderr(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if options.lan and not options.host:
        options = replace(options, host=_lan_address())
    proxies, public = _networks(options.trusted_proxies), _public(options.origin)
    listener = listen(options.host, options.port)
    host = options.host if options.host not in {"", "0.0.0.0", "::"} else _lan_address()  # noqa: S104  # compared only
    port = listener.getsockname()[1]
    place = f"{f'[{host}]' if ':' in host else host}:{port}"
    url = f"{'https' if options.lan else 'http'}://{place}"
    identity = server_identity(options.home / "tls", host, datetime.now(UTC)) if options.lan else None
    backend = open_backend(options, origin=public or url)
    app = create_app(backend)
    if identity is not None:
        app.include_router(lan.router(identity))
        sys.stderr.write(lan.notice(backend.origin, identity))
    config = configure(app, proxies, grace_s=_GRACE_S)
    if identity is not None:
        config.ssl_certfile, config.ssl_keyfile = identity.certificate, identity.key
    try:
        _Server(config, backend, {"port": port} if options.origin else {}).run(sockets=[listener])
    finally:
        backend.db.close()


def configure(app: ASGIApp, proxies: list[str], *, grace_s: int) -> uvicorn.Config:
    """How any listener of ours is served; `grace_s`: how long requests may go on when it is to end."""
    return uvicorn.Config(
        app,
        http=AbortableH11Protocol,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=grace_s,
        timeout_keep_alive=int(AbortableH11Protocol.bounds.kept_s),
        backlog=ACCEPTED_AT_ONCE_MOST,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )


def _networks(addresses: tuple[str, ...]) -> list[str]:
    """Addresses and networks as they were given; raises ConfigError for what is neither."""
    for address in addresses:
        try:
            ip_network(address)
        except ValueError as error:
            cure = "Name the proxy's address, such as 127.0.0.1, or a network, such as 10.0.0.0/24"
            raise ConfigError("--trusted-proxy", str(error), cure) from error
    return list(addresses)


def _public(origin: str | None) -> str | None:
    """The origin that was given, as clients sign for it; raises ConfigError for what is no address."""
    try:
        return None if origin is None else origin_of(origin)
    except ValueError as error:
        cure = "Name it as phones and terminals call it, such as https://pay.example"
        raise ConfigError("--origin", f"{origin!r} is {error}", cure) from error


def open_backend(options: Options, *, origin: str) -> Backend:
    """Open (at the first start: make) all state; raises ConfigError."""
    for directory in (options.home.parent, options.home):  # of parents that it makes too, mkdir forgets the mode
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    backend = assemble(
        issuer=FileKey.load_or_create(options.home / "issuer.pem"),
        database_url=options.database_url or f"sqlite:///{options.home / 'sandbox.db'}",
        token=admin_token(options.home / "admin-token"),
        origin=origin,
        magic_amounts=options.magic_amounts,
    )
    backend.db.write(seed.seed)
    return backend


def assemble(*, issuer: FileKey, database_url: str, token: str, origin: str, magic_amounts: bool = False) -> Backend:
    """The backend over its database, whose schema is brought up to date; `token` is root's."""
    hub, clock = Hub(), SystemClock()
    database = Database(database_url, wake=hub.wake)
    database.migrate()
    if not database.write(lambda session: roster.keep_root(session, token, clock.now())):
        log.warning("root was removed: its token opens nothing")
    return Backend(
        db=database,
        issuer=Issuer(issuer),
        clock=clock,
        origin=origin,
        hub=hub,
        admin_token=token,
        magic_amounts=magic_amounts,
    )


class _Server(BoundedServer):
    """Says when it is ready, and lets event streams go before it waits for connections to end."""

    def __init__(self, config: uvicorn.Config, backend: Backend, more: dict[str, int]) -> None:
        super().__init__(config)
        self._backend = backend
        self._more = more

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit:
            return
        ready = {"url": self._backend.origin, **self._secrets(), **self._more}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()

    def _secrets(self) -> dict[str, str]:
        """What opens everything: said only where nobody else can read it."""
        backend = self._backend
        if not _only_for_owner(sys.stdout.fileno()):
            log.warning("others may read standard output: the operator's token is said in its file only")
            return {}
        code = backend.db.write(
            lambda session: enrolment.new_activation_code(session, seed.STORE_ID, backend.clock.now())
        )
        return {"admin_token": backend.admin_token, "activation_code": code.code}

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._backend.hub.close()
        await super().shutdown(sockets)


def _only_for_owner(descriptor: int) -> bool:
    """A terminal, or a pipe or file of this user's that is closed to all others; no socket, which may be a log's."""
    if os.isatty(descriptor):
        return True
    status = os.fstat(descriptor)
    private = status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o077
    return private and (stat.S_ISFIFO(status.st_mode) or stat.S_ISREG(status.st_mode))


def admin_token(path: Path) -> str:
    """Root's token, made at the first start. Raises ConfigError."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32) + "\n")
    token = path.read_text().strip()
    if not token:
        raise ConfigError(str(path), "the admin token is empty", "Delete the file; the next start makes another")
    return token


def listen(host: str, port: int) -> socket.socket:
    """Take the host and port that were asked for; raises ConfigError with what to ask for instead."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, UnicodeError) as error:
        listener.close()
        where, why = f"{host}:{port}", getattr(error, "strerror", None) or str(error)
        not_ours = isinstance(error, UnicodeError | socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        raise ConfigError(where, why, _ANOTHER_HOST if not_ours else _ANOTHER_PORT) from error
    return listener


def _lan_address() -> str:
    """This machine's address as its neighbours see it; asks the routing table and sends nothing. Raises ConfigError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737)
        except OSError as error:
            raise ConfigError(
                "--lan", "this machine is in no network that leads on", "Join one, or name its address there by --host"
            ) from error
        return str(probe.getsockname()[0])
