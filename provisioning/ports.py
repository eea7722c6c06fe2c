# SPDX-License-Identifier: Apache-2.0
"""What the technician's room asks of the others: where things are, who this terminal is, how much money still waits.

The commands are handed these by whoever mounts them: this room knows no daemon, journal, reader or screen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pengpos.wire.objects.credential import Credential
from provisioning.finding import Probe


class Home(Protocol):
    """The paths of one installation (`PENGPOS_HOME`)."""

    @property
    def root(self) -> Path:
        """The directory itself, 0700."""

    @property
    def device_key(self) -> Path:
        """The device key, 0600."""

    @property
    def enrolment(self) -> Path:
        """What enrolment brought, 0600."""

    @property
    def journal(self) -> Path:
        """The journal's database."""

    @property
    def socket(self) -> Path:
        """The local API's Unix socket; there while the terminal runs."""


class Enrolled(Protocol):
    """Who this terminal is, as its enrolment file says."""

    @property
    def backend(self) -> str:
        """The backend's origin."""

    @property
    def credential(self) -> Credential:
        """The terminal's own; its subject is the terminal id, its merchant the shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolPorts:
    """What `enrol` needs of others. Both may raise PengposError, which ends the command with its sentence."""

    home: Callable[[], Home]
    enrolled: Callable[[Home], Enrolled | None]
    """None while there is no enrolment; raises ConfigError for a damaged one."""
    unsent_payments: Callable[[Home], int]
    """Payments and refunds in the journal that the backend has not answered for; 0 without a journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorPorts:
    """What `doctor` needs of others; the probes are run after this room's own, in the order given."""

    home: Callable[[], Home]
    enrolled: Callable[[Home], Enrolled | None]
    probes: Callable[[Home], Mapping[str, Probe]]
    """By the name to show: journal, readers, fonts."""
