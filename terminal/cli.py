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

from pengpos.console import SpokenGroup, SpokenOption, click_speaks, language, language_option
from pengpos.home import Home
from pengpos.i18n import Message, Said
from terminal.commands import console_words as words
from terminal.console import write_anything, write_no_more

# httpx has a command line of its own, which imports rich and pygments where they happen to be installed: 3 MB and a
# tenth of the daemon's start. None here means "cannot be imported", and httpx does without it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None is what the import system asks for
# uvicorn imports what starts many processes of it, and multiprocessing with that: 0.4 MB that no program of ours uses.
_supervisors = ModuleType("uvicorn.supervisors")
vars(_supervisors).update(ChangeReload=None, Multiprocess=None)
sys.modules.setdefault("uvicorn.supervisors", _supervisors)

_DEVICE: Final[dict[str, tuple[str, str, Message]]] = {
    "daemon": ("terminal.commands.daemon", "daemon", words.DAEMON),
    "ui": ("ui.cli", "ui", words.UI),
    "enrol": ("terminal.commands.technician", "enrol", words.ENROL),
    "doctor": ("terminal.commands.technician", "doctor", words.DOCTOR),
    "queue": ("terminal.commands.queue", "queue", words.QUEUE),
}
"""Command: module, name in it, line for the help."""

_SANDBOX: Final[dict[str, tuple[str, str, Message]]] = {
    "run": ("workshop.run", "run", words.RUN),
    "demo": ("workshop.demo", "demo", words.DEMO),
    "sandbox": ("sandbox.cli", "sandbox", words.SANDBOX),
    "backend": ("sandbox.backend.service.cli", "backend", words.BACKEND),
    "simulator": ("workshop.simulator", "simulator", words.SIMULATOR),
    "phone": ("sandbox.phone.cli", "phone", words.PHONE),
    "bench": ("workshop.bench.cli", "bench", words.BENCH),
}
"""The same, of the extra `sandbox`."""

_NEEDS: Final = ("sandbox", "workshop", "fastapi", "sqlalchemy", "prometheus_client")
"""What the extra `sandbox` brings: its own packages, and others'."""


_TAKES_NO_OUTPUT: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class NotInstalledError(click.ClickException):
    """A command of the extra `sandbox` where that is not installed."""

    exit_code = 2

    def __init__(self, command: str) -> None:
        super().__init__(words.NOT_INSTALLED.in_language(language(), command=command))


class _Lazy(SpokenGroup):
    """Lists the commands without importing them."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, on any console, also one that takes nothing more, and as a user whose terminal it is."""
        write_anything()
        try:
            with click_speaks():
                return super().main(*args, **extra)
        except PermissionError as error:
            said = words.DENIED.in_language(language(), file=error.filename, why=error.strerror, cure=_whose())
            sys.stderr.write(f"{said}\n")
            sys.exit(1)
        except OSError as error:
            if error.errno not in _TAKES_NO_OUTPUT or error.filename is not None:
                raise
            write_no_more()
            sys.stderr.write(words.UNWRITABLE.in_language(language(), why=error.strerror) + "\n")
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
        spoken = language()
        for title, commands in ((words.TO_DEVELOP, _of_sandbox()), (words.ON_A_DEVICE, _DEVICE)):
            if commands:
                with formatter.section(title.in_language(spoken)):
                    formatter.write_dl([(name, line.in_language(spoken)) for name, (_, _, line) in commands.items()])


def _whose() -> Said:
    """As whom this is to be run: a technician signs in as another user than the terminal's service."""
    try:
        owner = getpwuid(Home.of_environment().root.stat().st_uid).pw_name
    except (OSError, KeyError):
        return words.AS_USER.said()
    return words.AS_USER_NAMED.said(user=owner)


def _of_sandbox() -> dict[str, tuple[str, str, Message]]:
    """The commands of the extra `sandbox`; none where it is not, or not wholly, installed."""
    return _SANDBOX if all(find_spec(package) is not None for package in _NEEDS) else {}


@click.group(cls=_Lazy, help=words.HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pengpos", cls=SpokenOption, help=words.HELP_VERSION)
@language_option(words.HELP_LANGUAGE)
def main() -> None:
    """碰一碰 tap-to-pay terminal. State lives under PENGPOS_HOME."""
