# SPDX-License-Identifier: Apache-2.0
"""`pengpos enrol` and `pengpos doctor`, made from the ports that the mounting program fills in."""

import codecs
import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import click
import httpx

from pengpos import __version__, console
from pengpos.backend_api import roots
from pengpos.backend_api.proxies import proxy_for, proxy_of
from pengpos.core.errors import ConfigError, PengposError
from provisioning import enrol_words as words
from provisioning.activation import activate, backend_origin
from provisioning.doctor import examine
from provisioning.enrolment import Enrolling, Outcome
from provisioning.machine import serial_and_model
from provisioning.ports import DoctorPorts, EnrolPorts
from provisioning.probes import own_probes

_LINE_MOST_BYTES = 400
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def enrol_command(ports: EnrolPorts) -> click.Command:
    """`pengpos enrol --backend URL`; exit 1 with a sentence when it cannot be, 2 for a code on the command line."""

    @click.command("enrol", cls=console.SpokenCommand, help=words.HELP_ENROL)
    @click.argument("typed", nargs=-1, metavar="")
    @console.option("--backend", required=True, metavar="URL", help=words.HELP_BACKEND)
    @console.option("--code-file", metavar="FILE", help=words.HELP_CODE_FILE)
    @console.option("--root", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help=words.HELP_ROOT)
    @console.language_option(words.HELP_LANGUAGE)
    def enrol(typed: tuple[str, ...], backend: str, code_file: str | None, root: Path | None) -> None:
        if typed:
            raise click.UsageError(words.CODE_NOT_HERE.in_language(console.language()))
        try:
            origin = backend_origin(backend)  # before anybody is asked for a code
            certificate = None if root is None else roots.read_root(root)
            proxy = proxy_for(urlsplit(origin).hostname, proxy_of(ports.proxy(ports.home())))
            enrolling = enrolling_with(certificate, str(root), proxy)
            console.say(words.FINGERPRINT, fingerprint=enrolling.fingerprint())
            _say(enrolling.enrol(_read_code(code_file), origin))
        except PengposError as error:
            raise console.refusal_of(error) from error

    def enrolling_with(root: bytes | None, root_name: str, proxy: httpx.Proxy | None) -> Enrolling:
        transport = roots.transport(None if root is None else roots.context_of(root, root_name), proxy)
        return Enrolling(
            home=ports.home(),
            activate=activate if transport is None else partial(activate, transport=transport),
            root=root,
            enrolled=ports.enrolled,
            unsent_payments=ports.unsent_payments,
            now=time.time,
            software_version=__version__,
            machine=serial_and_model(),
        )

    return enrol


def _read_code(code_file: str | None) -> str:
    """The code, from a file, from standard input where that is no terminal, else from who sits there."""
    if code_file is None and _at_a_terminal():
        return str(click.prompt(words.ASK_CODE.in_language(console.language())))
    name = words.STANDARD_INPUT.said() if code_file in {None, "-"} else str(code_file)
    try:
        with click.open_file(code_file or "-", "rb") as lines:
            line = _first_line(lines).strip()
    except OSError as error:
        raise ConfigError(name, words.CODE_UNREAD.said(why=error.strerror), words.CODE_NAME_FILE.said()) from error
    if not line:
        raise ConfigError(words.CODE.said(), words.CODE_NONE.said(place=name), words.CODE_TYPE_OR_NAME.said())
    return line


def _first_line(lines: IO[bytes]) -> str:
    """In UTF-8, or in UTF-16 where a byte order mark says so; no more is waited for than the line has."""
    raw = lines.readline(_LINE_MOST_BYTES)
    if not raw.startswith(_UTF_16):
        return raw.decode("utf-8-sig", "replace")
    if len(raw) % 2:  # the low byte of the line's end came first
        raw += lines.read(1)
    return raw.decode("utf-16", "replace")


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def doctor_command(ports: DoctorPorts) -> click.Command:
    """`pengpos doctor [--json]`; exit 1 when any light is red."""

    @click.command("doctor", cls=console.SpokenCommand, help=words.HELP_DOCTOR)
    @console.option("--json", "as_json", is_flag=True, help=words.HELP_JSON)
    @console.language_option(words.HELP_LANGUAGE)
    def doctor(*, as_json: bool) -> None:
        home = ports.home()
        probes = {
            **own_probes(home, lambda: ports.enrolled(home), time.time, partial(ports.proxy, home)),
            **ports.probes(home),
        }
        diagnosis = examine(probes, at=int(time.time()), home=str(home.root), software_version=__version__)
        if as_json:
            click.echo(json.dumps(diagnosis.as_json(), indent=2))
        else:
            colour = is_coloured(os.environ, is_terminal=sys.stdout.isatty())
            click.echo("\n".join(diagnosis.as_lines(console.language(), colour=colour)))
        sys.exit(0 if diagnosis.healthy else 1)

    return doctor


def is_coloured(environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether a console shows colours: https://no-color.org, and a TERM that knows none."""
    return is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") not in {None, "", "dumb"}


def _say(outcome: Outcome) -> None:
    if outcome.before:
        console.say(words.IS_ALREADY, terminal=outcome.terminal_id, merchant=outcome.merchant.name)
        return
    console.say(words.IS_NOW, terminal=outcome.terminal_id, merchant=outcome.merchant.name, backend=outcome.backend)
    console.say(words.LASTS_UNTIL, until=datetime.fromtimestamp(outcome.expires_at, UTC).strftime("%Y-%m-%d"))
