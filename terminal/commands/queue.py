# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue`: the journal room's own commands, which read the file, and the one that needs the running daemon."""

from offline_queue.cli import queue
from pengpos.client import ApiProblem, DaemonAway, Home, LocalClient
from pengpos.console import ConsoleRefusal, say
from terminal.commands import console_words as words

__all__ = ["queue"]


@queue.command("sync", help=words.HELP_SYNC)
def sync() -> None:
    """Send what waits now, whatever its back-off."""
    with LocalClient(Home.of_environment().socket) as client:
        try:
            client.sync()
            waiting = client.status().queue
        except (ApiProblem, DaemonAway) as error:
            raise ConsoleRefusal(words.SYNC_REFUSED, why=error) from error
    say(words.SENDING, count=waiting.count)
