# SPDX-License-Identifier: Apache-2.0
"""`pengpos daemon`: the device's daemon with its real readers."""

import asyncio
import gc
import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import click
import httpx

from pengpos.backend_api import roots
from pengpos.backend_api.names_loop import NamesLoop
from pengpos.backend_api.proxies import proxy_of
from pengpos.client import Home, Language
from pengpos.console import SpokenCommand, option, refusal_of
from pengpos.core.errors import PengposError
from pengpos.i18n import LANGUAGES
from pengpos.serving.few_lines import log_to_stderr
from terminal.commands import console_words as words
from terminal.console import write_no_more
from terminal.device.clock import DeviceClock
from terminal.device.settings import read_settings
from terminal.serving import heed_signals, serve
from terminal.wiring import Surroundings

CONNECTIONS = httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=60.0)
WORKERS = 8
"""Threads that wait for the journal on behalf of the loop."""

log = logging.getLogger(__name__)


@click.command(cls=SpokenCommand, help=words.DAEMON)
@option("--language", type=click.Choice(LANGUAGES), default="zh-Hans", show_default=True, help=words.DAEMON_LANGUAGE)
@option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning"]),
    default="info",
    show_default=True,
    help=words.DAEMON_LOG,
)
def daemon(language: str, log_level: str) -> None:
    """The terminal itself: readers, keys, journal, local API. Prints `ready` once it can sell."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until `heed_signals`
    log_to_stderr(logging.getLevelNamesMapping()[log_level.upper()])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    from terminal.commands.hardware import Hardware

    home = Home.of_environment()
    try:
        settings = read_settings(home.settings)
        hardware = Hardware(settings)
        clock = DeviceClock()
        given = Surroundings(
            home=home,
            readers=hardware.readers,
            tag=hardware.tag,
            language=cast("Language", language),
            diagnose=lambda: _diagnosis(home),
            transport=roots.BackendTransport(home.root, CONNECTIONS, proxy_of(settings.backend.proxy), clock.bounds),
            clock=clock,
        )
        with asyncio.Runner(loop_factory=NamesLoop) as runner:
            runner.run(_serve(given))
    except PengposError as error:
        raise refusal_of(error) from error


def _diagnosis(home: Home) -> dict[str, object]:
    from terminal.commands.technician import diagnosis  # the technician's room: not needed to sell

    return diagnosis(home)


async def _serve(given: Surroundings) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WORKERS, "work"))
    stopping = asyncio.Event()
    heed_signals(stopping)
    await serve(given, _ready, stopping)


def _ready() -> None:
    gc.freeze()  # what is there now stays: looking through all of it again would hold the loop for tens of milliseconds
    try:
        click.echo("ready")
        sys.stdout.flush()
    except OSError as error:  # a log on a full card
        log.warning("ready, which standard output does not take: %s", error.strerror)
        write_no_more()
