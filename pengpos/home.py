# SPDX-License-Identifier: Apache-2.0
"""Where an installation keeps its state: `PENGPOS_HOME`, else under the user's own state directory."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 -- a directory of the user's own in it, which is looked at before it is used


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
        """The local API's Unix socket; where this installation's medium takes no socket, it lies in memory."""
        spare = self.spare_socket
        try:
            ours = spare.exists() and spare.parent.stat().st_uid == os.getuid()  # not another user's who waits for us
        except OSError:
            ours = False
        return spare if ours else self.usual_socket

    @property
    def usual_socket(self) -> Path:
        """Where the socket lies as long as the medium takes one."""
        return self.root / "run" / "terminal.sock"

    @property
    def spare_socket(self) -> Path:
        """In the user's own directory in memory; there only while a daemon on a medium that takes nothing runs."""
        name = sha256(os.fsencode(self.root.absolute())).hexdigest()[:16]
        return _IN_MEMORY / f"pengpos-{os.getuid()}" / f"{name}.sock"

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
    def last_heard(self) -> Path:
        """What the backend last said of this terminal: policy and standing (0600)."""
        return self.root / "last_heard.json"

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
