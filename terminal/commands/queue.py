# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue`: the journal room's own commands, which read the file, and the one that needs the running daemon."""

import click

from offline_queue.cli import queue
from pengpos.client import ApiProblem, DaemonAway, Home, LocalClient

__all__ = ["queue"]


@queue.command("sync")
def sync() -> None:
    """Send what waits now, whatever its back-off."""
    with LocalClient(Home.of_environment().socket) as client:
        try:
            client.sync()
            waiting = client.status().queue
        except (ApiProblem, DaemonAway) as error:
            raise click.ClickException(f"{error}. Is the terminal running?") from error
    click.echo(f"Sending: {waiting.count} payments wait. pengpos queue list shows what becomes of them.")
