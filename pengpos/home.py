# SPDX-License-Identifier: Apache-2.0
"""Where an installation keeps its state: `PENGPOS_HOME`, else under the user's own state directory."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one installation. Knows names only; the module that writes a file says what is in it."""

    root: Path

    @classmethod
    def of_environment(cls) -> "Home":
        """`$PENGPOS_HOME`, else ``~/.local/state/pengpos``; a service has it set to ``/var/lib/pengpos``."""
        return cls(Path(os.environ.get("PENGPOS_HOME") or "~/.local/state/pengpos").expanduser())

    @property
    def socket(self) -> Path:
        """The local API's Unix socket."""
        return self.root / "run" / "terminal.sock"

    @property
    def parts(self) -> Path:
        """What `pengpos run` started: backend URL and virtual reader ports, for the virtual phone."""
        return self.root / "run" / "parts.json"

    @property
    def sandbox(self) -> Path:
        """What the sandbox keeps, where it runs on this machine."""
        return self.root / "sandbox"

    @property
    def phones(self) -> Path:
        """Virtual phones, a directory each by its name."""
        return self.root / "phone"

    @property
    def enrolment(self) -> Path:
        """What enrolment brought: terminal id, credential, issuers, confirmation secret (0600)."""
        return self.root / "terminal.json"

    @property
    def device_key(self) -> Path:
        """The device key (0600)."""
        return self.root / "device.key"

    @property
    def journal(self) -> Path:
        """The journal's database."""
        return self.root / "journal.db"

    @property
    def journal_key(self) -> Path:
        """The journal's raw key, 32 bytes (0600)."""
        return self.root / "journal.key"

    @property
    def last_fault(self) -> Path:
        """Why the daemon ended last, if it was by a fault; gone once it was shown (0600)."""
        return self.root / "last_fault"

    @property
    def last_event(self) -> Path:
        """The number of the newest event of the backend that was taken in (0600)."""
        return self.root / "last_event"

    @property
    def settings(self) -> Path:
        """The technician's settings, TOML; absent: all defaults."""
        return self.root / "pengpos.toml"

    @property
    def items(self) -> Path:
        """The shop's quick items, TOML; absent: none."""
        return self.root / "items.toml"
