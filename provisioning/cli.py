# SPDX-License-Identifier: Apache-2.0
"""`pengpos enrol` and `pengpos doctor`, made from the ports that the mounting program fills in."""

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx

from pengpos import __version__
from pengpos.backend_api import roots
from pengpos.backend_api.proxies import proxy_for, proxy_of
from pengpos.core.errors import ConfigError, PengposError
from pengpos.i18n import LANGUAGES, Language, language_of
from provisioning.activation import activate, backend_origin
from provisioning.doctor import examine
from provisioning.enrolment import Enrolling, Outcome
from provisioning.machine import serial_and_model
from provisioning.ports import DoctorPorts, EnrolPorts
from provisioning.probes import own_probes

_LINE_MOST = 100
_NOT_HERE = (
    "The code does not belong on the command line, where every user of this machine can read it. Leave it out and type "
    "it when asked, or name a file that holds it: --code-file FILE. If others use this machine, ask for a new code."
)


def enrol_command(ports: EnrolPorts) -> click.Command:
    """`pengpos enrol --backend URL`; exit 1 with a sentence when it cannot be, 2 for a code on the command line."""

    @click.command("enrol", help="Enrol this terminal. Asks for the activation code, which works once and for minutes.")
    @click.argument("words", nargs=-1, metavar="")
    @click.option("--backend", required=True, metavar="URL", help="The payment backend, as https://HOST.")
    @click.option("--code-file", metavar="FILE",
                  help="Read the code from the first line of FILE instead of asking; - is standard input.")  # fmt: skip
    @click.option("--root", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                  help="The backend's own root certificate, PEM; from then on no other is believed.")  # fmt: skip
    def enrol(words: tuple[str, ...], backend: str, code_file: str | None, root: Path | None) -> None:
        if words:
            raise click.UsageError(_NOT_HERE)
        try:
            backend_origin(backend)  # before anybody is asked for a code
            certificate = None if root is None else roots.read_root(root)
            proxy = proxy_for(urlsplit(backend).hostname, proxy_of(ports.proxy(ports.home())))
            enrolling = enrolling_with(certificate, str(root), proxy)
            click.echo(f"The fingerprint of this device's key is {enrolling.fingerprint()}.")
            click.echo(_sentences(enrolling.enrol(_read_code(code_file), backend)))
        except PengposError as error:
            raise click.ClickException(f"{error}.") from error

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
        return str(click.prompt("Activation code"))
    name = "standard input" if code_file in {None, "-"} else str(code_file)
    try:
        with click.open_file(code_file or "-", encoding="utf-8", errors="replace") as lines:
            line = str(lines.readline(_LINE_MOST)).strip()
    except OSError as error:
        raise ConfigError(name, f"cannot be read ({error.strerror})", "Name a file that holds the code") from error
    if not line:
        raise ConfigError("activation code", f"there is none in {name}", "Type it when asked, or name its --code-file")
    return line


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def doctor_command(ports: DoctorPorts) -> click.Command:
    """`pengpos doctor [--json]`; exit 1 when any light is red."""

    @click.command("doctor", help="What is well, what is not, and the way out. Changes nothing; exit 1 on a red light.")
    @click.option("--json", "as_json", is_flag=True, help="For programs.")
    @click.option("--language", type=click.Choice(LANGUAGES), help="Instead of that of LC_ALL, LC_MESSAGES or LANG.")
    def doctor(*, as_json: bool, language: Language | None) -> None:
        home = ports.home()
        probes = {
            **own_probes(home, lambda: ports.enrolled(home), time.time, partial(ports.proxy, home)),
            **ports.probes(home),
        }
        diagnosis = examine(probes, at=int(time.time()), home=str(home.root), software_version=__version__)
        if as_json:
            click.echo(json.dumps(diagnosis.as_json(), indent=2))
        else:
            language = language or language_of(os.environ, sys.stdout.encoding)
            colour = is_coloured(os.environ, is_terminal=sys.stdout.isatty())
            click.echo("\n".join(diagnosis.as_lines(language, colour=colour)))
        sys.exit(0 if diagnosis.healthy else 1)

    return doctor


def is_coloured(environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether a console shows colours: https://no-color.org, and a TERM that knows none."""
    return is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") not in {None, "", "dumb"}


def _sentences(outcome: Outcome) -> str:
    until = datetime.fromtimestamp(outcome.expires_at, UTC).strftime("%Y-%m-%d")
    if outcome.before:
        return f"This is {outcome.terminal_id} of {outcome.merchant.name} already; nothing was changed."
    return (
        f"This is {outcome.terminal_id} of {outcome.merchant.name} now, enrolled at {outcome.backend}.\n"
        f"Its credential lasts until {until}. A running terminal sells from here on."
    )
