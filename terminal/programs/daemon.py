# SPDX-License-Identifier: Apache-2.0
"""`pengpos daemon`: the device's daemon with its real readers."""

import asyncio
import logging
import sys
from functools import partial
from typing import cast

import click
import httpx

from terminal.client import Home, Language
from terminal.core.errors import PengposError
from terminal.core.ports import TapListener
from terminal.daemon.serving import serve, stop_on_signals
from terminal.daemon.settings import read_settings
from terminal.daemon.wiring import Readers, Surroundings
from terminal.gateway import roots
from terminal.programs.technician import diagnosis

CONNECTIONS = httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=60.0)
LOOK_AT_FIELD_S = 0.1  # a sale is armed once a field was seen empty: nobody waits longer than this for it
LOG_FORMAT = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"


@click.command()
@click.option("--language", type=click.Choice(["zh-Hans", "zh-Hant", "en"]), default="zh-Hans", show_default=True,
              help="Language of the sentences that tills show as they come.")  # fmt: skip
@click.option("--log-level", type=click.Choice(["debug", "info", "warning"]), default="info", show_default=True)
def daemon(language: str, log_level: str) -> None:
    """The terminal itself: readers, keys, journal, local API. Prints `ready` once it can sell."""
    logging.basicConfig(level=log_level.upper(), format=LOG_FORMAT, stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    home = Home.of_environment()
    given = Surroundings(
        home=home,
        readers=partial(_readers, home),
        language=cast("Language", language),
        diagnose=partial(diagnosis, home),
        transport=roots.BackendTransport(home.root, CONNECTIONS),
    )
    try:
        asyncio.run(_serve(given))
    except PengposError as error:
        raise click.ClickException(str(error)) from error


async def _serve(given: Surroundings) -> None:
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    await serve(given, _ready, stopping)


def _ready() -> None:
    click.echo("ready")
    sys.stdout.flush()


def _readers(home: Home, listener: TapListener) -> Readers:
    from drivers.readers.discovery import AllReaders
    from drivers.readers.pcsc_discovery import PcscReaders
    from drivers.readers.pn53x_discovery import Pn53xReaders
    from drivers.readers.supervisor import Pace, ReaderSupervisor

    serial_ports = read_settings(home.settings).readers.serial_ports
    readers = AllReaders(Pn53xReaders(serial_ports=serial_ports), PcscReaders())
    pace = Pace(wait_s=LOOK_AT_FIELD_S)
    return ReaderSupervisor(listener, discover=readers.discover, open_reader=readers.open, pace=pace)
