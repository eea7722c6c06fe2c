# SPDX-License-Identifier: Apache-2.0
"""Runs the probes and writes down what they found: for people in plain words, for programs as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pengpos.core.times import rfc3339
from provisioning.finding import Finding, Light, Probe

_WORDS: Final = {Light.GREEN: "ok", Light.YELLOW: "look", Light.RED: "FIX"}
_COLOURS: Final = {Light.GREEN: "\033[32m", Light.YELLOW: "\033[33m", Light.RED: "\033[1;31m"}
_PLAIN: Final = "\033[0m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All findings by name, in the order looked at."""

    at: int
    home: str
    software_version: str
    findings: Sequence[tuple[str, Finding]]

    @property
    def healthy(self) -> bool:
        """True if no light is red."""
        return all(finding.light is not Light.RED for _, finding in self.findings)

    def as_json(self) -> dict[str, object]:
        """The object that `pengpos doctor --json` prints and `GET /v1/diagnosis` answers."""
        return {
            "at": rfc3339(int(self.at)),
            "home": self.home,
            "software_version": self.software_version,
            "healthy": self.healthy,
            "findings": [
                {"name": name, "light": found.light.value, "says": found.says, "cure": found.cure or None}
                for name, found in self.findings
            ],
        }

    def as_lines(self, *, colour: bool) -> Iterator[str]:
        """Lines for a technician: one a finding, and under it the cure if there is one."""
        yield f"pengpos {self.software_version}, state in {self.home}"
        yield ""
        width = max((len(name) for name, _ in self.findings), default=0)
        for name, found in self.findings:
            word = f"{_WORDS[found.light]:<4}"
            yield f"{_COLOURS[found.light] + word + _PLAIN if colour else word}  {name:<{width}}  {found.says}"
            if found.light is not Light.GREEN:
                yield f"{'':4}  {'':{width}}  → {found.cure}"
        yield ""
        yield self._closing()

    def _closing(self) -> str:
        red, yellow = (sum(found.light is light for _, found in self.findings) for light in (Light.RED, Light.YELLOW))
        if red:
            return f"{_count(red, 'thing keeps', 'things keep').capitalize()} this terminal from selling as it should."
        if yellow:
            return f"It can sell, but {_count(yellow, 'thing deserves', 'things deserve')} a look."
        return "All is well."


def examine(probes: Mapping[str, Probe], *, at: int, home: str, software_version: str) -> Diagnosis:
    """Run every probe, one after the other; each ends by itself within seconds."""
    findings = [(name, probe()) for name, probe in probes.items()]
    return Diagnosis(at=at, home=home, software_version=software_version, findings=findings)


def _count(number: int, one: str, many: str) -> str:
    return f"one {one}" if number == 1 else f"{number} {many}"
