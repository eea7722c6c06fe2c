# SPDX-License-Identifier: Apache-2.0
"""The command `pengpos backend`, which imports the backend only when it runs.

Tests: tests/sandbox/backend/service/test_service.py
"""

import os
from pathlib import Path

import click

from pengpos.core.errors import ConfigError


@click.command()
@click.option(
    "--settings",
    "settings_file",
    default=Path("/etc/pengpos/backend.toml"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="What it reads first.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where it keeps what it must keep.  [default: $STATE_DIRECTORY, as systemd gives it]",
)
@click.option("--check", is_flag=True, help="Say whether settings and secrets are right, make nothing, and end.")
def backend(*, settings_file: Path, state: Path | None, check: bool) -> None:
    """Run the payment backend as a service.

    It needs a file of settings (docs/operating.md); secrets are credentials of its unit. Operators, health and metrics
    are at a listener of their own. It has no shop until an operator makes one.
    """
    from sandbox.backend.service.credentials import check_credentials
    from sandbox.backend.service.service import run
    from sandbox.backend.service.settings import read_settings

    given = state or Path(os.environ.get("STATE_DIRECTORY", "").partition(":")[0])
    try:
        settings = read_settings(settings_file)
        if given == Path():
            cure = "Name it by --state, or run it as the service"
            raise ConfigError("the state directory", "none is given", cure)
        if check:
            check_credentials(given, os.environ)
            click.echo("Settings and secrets are right.")
        else:
            run(settings, given)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
