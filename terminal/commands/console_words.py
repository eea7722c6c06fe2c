# SPDX-License-Identifier: Apache-2.0
"""What `pengpos` itself, its daemon and `pengpos queue sync` say at a console. Imports nothing that a list need not.

Tests: tests/terminal/test_cli.py, tests/terminal/commands/test_queue.py.
"""

from pathlib import Path
from typing import Final

from pengpos.i18n import Catalogue

message = Catalogue("terminal", Path(__file__).parents[1] / "locale").message

HELP: Final = message("help.pengpos")
HELP_LANGUAGE: Final = message("help.language")
HELP_VERSION: Final = message("help.version")
TO_DEVELOP: Final = message("help.to_develop")
ON_A_DEVICE: Final = message("help.on_a_device")
NOT_INSTALLED: Final = message("help.not_installed")
DENIED: Final = message("console.denied")
AS_USER: Final = message("console.as_user")
AS_USER_NAMED: Final = message("console.as_user_named")
UNWRITABLE: Final = message("console.unwritable")

DAEMON: Final = message("help.daemon")
UI: Final = message("help.ui")
ENROL: Final = message("help.enrol")
DOCTOR: Final = message("help.doctor")
QUEUE: Final = message("help.queue")
RUN: Final = message("help.run")
DEMO: Final = message("help.demo")
SANDBOX: Final = message("help.sandbox")
BACKEND: Final = message("help.backend")
SIMULATOR: Final = message("help.simulator")
PHONE: Final = message("help.phone")
BENCH: Final = message("help.bench")

DAEMON_LANGUAGE: Final = message("help.daemon.language")
DAEMON_LOG: Final = message("help.daemon.log")
HELP_SYNC: Final = message("help.queue.sync")
SYNC_REFUSED: Final = message("sync.refused")
SENDING: Final = message("sync.sending")
