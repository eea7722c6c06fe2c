# SPDX-License-Identifier: Apache-2.0
"""A finding is what a probe says of one part of the installation: a light, a sentence, and a cure where it is not well.

Tests: tests/provisioning/test_doctor.py, tests/provisioning/test_probes.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Light(StrEnum):
    """Green: well. Yellow: works, but look at it. Red: the terminal cannot sell, or soon will not."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Finding:
    """One light; `cure` says what a technician does about it, and is there whenever the light is not green."""

    light: Light
    says: str
    cure: str = ""


Probe = Callable[[], Finding]
"""A probe looks at one part, within a few seconds; trouble is a finding, never an exception."""


def well(says: str) -> Finding:
    """Make a green finding: there is nothing to do."""
    return Finding(Light.GREEN, says)


def worth_a_look(says: str, cure: str) -> Finding:
    """Make a yellow finding: it works, for now."""
    return Finding(Light.YELLOW, says, cure)


def broken(says: str, cure: str) -> Finding:
    """Make a red finding: it keeps the terminal from selling."""
    return Finding(Light.RED, says, cure)
