# SPDX-License-Identifier: Apache-2.0
"""`pengpos enrol` and `pengpos doctor`, made from the ports that the mounting program fills in."""

import json
import os
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from pengpos import __version__
from pengpos.backend_api import roots
from pengpos.core.errors import PengposError
from provisioning.activation import activate
from provisioning.doctor import examine
from provisioning.enrolment import Enrolling, Outcome
from provisioning.machine import serial_and_model
from provisioning.ports import DoctorPorts, EnrolPorts
from provisioning.probes import own_probes


def enrol_command(ports: EnrolPorts) -> click.Command:
    """`pengpos enrol CODE --backend URL`; exit 1 with a sentence when it cannot be."""

    @click.command("enrol", help="Enrol this terminal with an activation code, which works once and for minutes.")
    @click.argument("code")
    @click.option("--backend", required=True, metavar="URL", help="The payment backend, as https://HOST.")
    @click.option("--root", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                  help="The backend's own root certificate, PEM; from then on no other is believed.")  # fmt: skip
    def enrol(code: str, backend: str, root: Path | None) -> None:
        try:
            click.echo(_sentences(enrolled(code, backend, None if root is None else roots.read_root(root), str(root))))
        except PengposError as error:
            raise click.ClickException(f"{error}.") from error

    def enrolled(code: str, backend: str, root: bytes | None, root_name: str) -> Outcome:
        transport = None if root is None else roots.transport(roots.context_of(root, root_name))
        enrolling = Enrolling(
            home=ports.home(),
            activate=activate if transport is None else partial(activate, transport=transport),
            root=root,
            enrolled=ports.enrolled,
            unsent_payments=ports.unsent_payments,
            now=time.time,
            software_version=__version__,
            machine=serial_and_model(),
        )
        return enrolling.enrol(code, backend)

    return enrol


def doctor_command(ports: DoctorPorts) -> click.Command:
    """`pengpos doctor [--json]`; exit 1 when any light is red."""

    @click.command("doctor", help="What is well, what is not, and the way out. Changes nothing; exit 1 on a red light.")
    @click.option("--json", "as_json", is_flag=True, help="For programs.")
    def doctor(*, as_json: bool) -> None:
        home = ports.home()
        probes = {**own_probes(home, lambda: ports.enrolled(home), time.time), **ports.probes(home)}
        diagnosis = examine(probes, at=int(time.time()), home=str(home.root), software_version=__version__)
        if as_json:
            click.echo(json.dumps(diagnosis.as_json(), indent=2, ensure_ascii=False))
        else:
            colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
            click.echo("\n".join(diagnosis.as_lines(colour=colour)))
        sys.exit(0 if diagnosis.healthy else 1)

    return doctor


def _sentences(outcome: Outcome) -> str:
    until = datetime.fromtimestamp(outcome.expires_at, UTC).strftime("%Y-%m-%d")
    if outcome.before:
        return f"This is {outcome.terminal_id} of {outcome.merchant.name} already; nothing was changed."
    return (
        f"This is {outcome.terminal_id} of {outcome.merchant.name} now, enrolled at {outcome.backend}.\n"
        f"Its credential lasts until {until}. A running terminal sells from here on."
    )
