# SPDX-License-Identifier: Apache-2.0
"""The ports of the technician's room: who this terminal is, how much money still waits, more probes.

The program that mounts the commands fills them in: this room knows no daemon, journal, reader or screen.

Tests: tests/provisioning/test_cli.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pengpos.home import Home
from pengpos.wire.objects.credential import Credential
from provisioning.finding import Probe


class Enrolled(Protocol):
    """Who this terminal is, as its enrolment file says."""

    @property
    def backend(self) -> str:
        """The backend's origin."""

    @property
    def credential(self) -> Credential:
        """The terminal's own; its subject is the terminal id, its merchant the shop."""


def _none(_home: Home) -> None:
    """No proxy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolPorts:
    """What `enrol` needs of others. They may raise PengposError, which ends the command with its sentence."""

    home: Callable[[], Home]
    enrolled: Callable[[Home], Enrolled | None]
    """None while there is no enrolment; raises ConfigError for a damaged one."""
    unsent_payments: Callable[[Home], int]
    """Payments and refunds in the journal that the backend has not answered for; 0 without a journal."""
    proxy: Callable[[Home], str | None] = _none
    """The proxy that leads to the backend, as the settings name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorPorts:
    """What `doctor` needs of others; the probes are run after this room's own, in the order given."""

    home: Callable[[], Home]
    enrolled: Callable[[Home], Enrolled | None]
    probes: Callable[[Home], Mapping[str, Probe]]
    """By the name to show: journal, readers, fonts."""
    proxy: Callable[[Home], str | None] = _none
    """As `EnrolPorts`."""
