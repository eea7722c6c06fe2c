# SPDX-License-Identifier: Apache-2.0
"""`pengpos`: the one command. Each subcommand is imported when it is called: nobody waits for another's imports."""

from importlib import import_module
from typing import Final

import click

_COMMANDS: Final[dict[str, tuple[str, str, str]]] = {
    "run": ("workshop.run", "run", "A whole shop on this machine; virtual parts where hardware is absent."),
    "demo": ("workshop.demo", "demo", "A scripted day at the counter; exit 0 only if every step held."),
    "daemon": ("terminal.commands.daemon", "daemon", "The terminal itself: readers, keys, journal, local API."),
    "ui": ("ui.cli", "ui", "The merchant's screen."),
    "enrol": ("terminal.commands.technician", "enrol", "Enrol this terminal with an activation code."),
    "doctor": ("terminal.commands.technician", "doctor", "What is well, what is not, and the way out."),
    "queue": ("terminal.commands.queue", "queue", "The journal, and what waits in it to be sent."),
    "sandbox": ("sandbox.cli", "sandbox", "A payment backend to develop, show and test against."),
    "simulator": ("workshop.simulator", "simulator", "The screen and a virtual phone side by side, in a browser."),
    "phone": ("sandbox.phone.cli", "phone", "A virtual phone: tap, look at its balance and payments."),
    "bench": ("workshop.bench.cli", "bench", "Measure: what it does beside its floor and its peers."),
}  # fmt: skip
"""Command: module, name in it, line for the help."""


class _Lazy(click.Group):
    """Lists the commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that was asked for."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line each."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pengpos")
def main() -> None:
    """碰一碰 tap-to-pay terminal. State lives under PENGPOS_HOME."""
