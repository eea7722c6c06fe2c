# SPDX-License-Identifier: Apache-2.0
"""`pengpos`: the one command. A subcommand is imported when it is called, so that each pays for its own imports only.

A device has the commands of a device. Those of the extra `sandbox` are listed where they are installed.
"""

import errno
import sys
from importlib import import_module
from importlib.util import find_spec
from pwd import getpwuid
from types import ModuleType
from typing import Any, Final

import click

from pengpos.home import Home
from terminal.console import write_anything, write_no_more

# httpx has a command line of its own, which imports rich and pygments where they happen to be installed: 3 MB and a
# tenth of the daemon's start. None here means "cannot be imported", and httpx does without it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None is what the import system asks for
# uvicorn imports what starts many processes of it, and multiprocessing with that: 0.4 MB that no program of ours uses.
_supervisors = ModuleType("uvicorn.supervisors")
vars(_supervisors).update(ChangeReload=None, Multiprocess=None)
sys.modules.setdefault("uvicorn.supervisors", _supervisors)

_DEVICE: Final[dict[str, tuple[str, str, str]]] = {
    "daemon": ("terminal.commands.daemon", "daemon", "The terminal itself: readers, keys, journal, local API."),
    "ui": ("ui.cli", "ui", "The merchant's screen."),
    "enrol": ("terminal.commands.technician", "enrol", "Enrol this terminal with an activation code."),
    "doctor": ("terminal.commands.technician", "doctor", "What is well, what is not, and the way out."),
    "queue": ("terminal.commands.queue", "queue", "The journal, and what waits in it to be sent."),
}  # fmt: skip
"""Command: module, name in it, line for the help."""

_SANDBOX: Final[dict[str, tuple[str, str, str]]] = {
    "run": ("workshop.run", "run", "A whole shop on this machine; virtual parts where hardware is absent."),
    "demo": ("workshop.demo", "demo", "A scripted day at the counter; exit 0 only if every step held."),
    "sandbox": ("sandbox.cli", "sandbox", "A payment backend to develop, show and test against."),
    "simulator": ("workshop.simulator", "simulator", "The screen and a virtual phone side by side, in a browser."),
    "phone": ("sandbox.phone.cli", "phone", "A virtual phone: tap, look at its balance and payments."),
    "bench": ("workshop.bench.cli", "bench", "Measure: what it does beside its floor and its peers."),
}  # fmt: skip
"""The same, of the extra `sandbox`."""

_NEEDS: Final = ("sandbox", "workshop", "fastapi", "sqlalchemy")
"""What the extra `sandbox` brings: its own packages, and others'."""


_TAKES_NO_OUTPUT: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class NotInstalledError(click.ClickException):
    """A command of the extra `sandbox` where that is not installed."""

    exit_code = 2

    def __init__(self, command: str) -> None:
        super().__init__(
            f"pengpos {command} is for development and not installed here; "
            "in a checkout of pengpos, pip install '.[sandbox]' brings it."
        )


class _Lazy(click.Group):
    """Lists the commands without importing them."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, on any console, also one that takes nothing more, and as a user whose terminal it is."""
        write_anything()
        try:
            return super().main(*args, **extra)
        except PermissionError as error:
            sys.stderr.write(f"Error: {error.filename}: {error.strerror}. {_whose()}\n")
            sys.exit(1)
        except OSError as error:
            if error.errno not in _TAKES_NO_OUTPUT or error.filename is not None:
                raise
            write_no_more()
            sys.stderr.write(f"Error: what this says cannot be written: {error.strerror}\n")
            sys.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Those that are installed, in the order in which a newcomer meets them."""
        del ctx
        return [*_of_sandbox(), *_DEVICE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was asked for. Raises NotInstalledError."""
        del ctx
        found = (_DEVICE | _SANDBOX).get(cmd_name)
        if found is None:
            return None
        if cmd_name in _SANDBOX and cmd_name not in _of_sandbox():
            raise NotInstalledError(cmd_name)
        module, name, _ = found
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line each."""
        del ctx
        for title, commands in (("To develop and try", _of_sandbox()), ("On a device", _DEVICE)):
            if commands:
                with formatter.section(title):
                    formatter.write_dl([(name, line) for name, (_, _, line) in commands.items()])


def _whose() -> str:
    """As whom this is to be run: a technician signs in as another user than the terminal's service."""
    try:
        owner = getpwuid(Home.of_environment().root.stat().st_uid).pw_name
    except (OSError, KeyError):
        return "Run this as the user of the terminal"
    return f"Run this as the user of the terminal: sudo -u {owner} pengpos …"


def _of_sandbox() -> dict[str, tuple[str, str, str]]:
    """The commands of the extra `sandbox`; none where it is not, or not wholly, installed."""
    return _SANDBOX if all(find_spec(package) is not None for package in _NEEDS) else {}


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pengpos")
def main() -> None:
    """碰一碰 tap-to-pay terminal. State lives under PENGPOS_HOME."""
