# SPDX-License-Identifier: Apache-2.0
"""The command `pengpos sandbox`, which imports the backend only when it runs."""

from pathlib import Path

import click

from pengpos.core.errors import ConfigError
from pengpos.home import Home


@click.command()
@click.option(
    "--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1; with --lan this machine's]"
)
@click.option(
    "--lan", is_flag=True, help="For phones in the same network: listen there, by HTTPS with a certificate of its own."
)
@click.option("--port", default=8480, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--database", metavar="URL", help="postgresql+psycopg://… instead of SQLite under the home.")
@click.option("--origin", metavar="URL", help="The public origin that clients sign for, where a proxy stands before.")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    metavar="ADDRESS",
    multiple=True,
    help="A proxy whose X-Forwarded-For says where a request comes from; may come again.  [default: none]",
)
@click.option("--magic-amounts", is_flag=True, help="The last two digits of an amount choose the outcome.")
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Instead of PENGPOS_HOME.")
def sandbox(  # one parameter an option
    *,
    host: str | None,
    lan: bool,
    port: int,
    database: str | None,
    origin: str | None,
    trusted_proxies: tuple[str, ...],
    magic_amounts: bool,
    home: Path | None,
) -> None:
    """Run a complete payment backend to develop, demonstrate and test against.

    When it is ready it prints one line of JSON, {url, admin_token, activation_code}, with --origin also the port where
    it listens; everything else goes to standard error. Where others could read that line, in a log or a file that is
    open to them, it says neither token nor code: the token is in PENGPOS_HOME/sandbox/admin-token. Its state
    is kept under PENGPOS_HOME/sandbox.
    """
    from sandbox.backend.serving.server import Options, serve

    options = Options(
        host=host or ("" if lan else "127.0.0.1"),
        port=port,
        lan=lan,
        home=(Home.of_environment() if home is None else Home(home)).sandbox,
        database_url=database,
        origin=origin,
        trusted_proxies=trusted_proxies,
        magic_amounts=magic_amounts,
    )
    try:
        serve(options)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
