# SPDX-License-Identifier: Apache-2.0
"""Runs the probes and writes down what they found: for people in plain words, for programs as JSON."""

import logging
import threading
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pengpos.console import padded, width
from pengpos.core.errors import PengposError
from pengpos.core.times import rfc3339
from pengpos.i18n import FALLBACK, Language, Message
from provisioning import words
from provisioning.finding import Finding, Light, Probe, broken

PROBE_LIMIT_S: Final = 10.0
"""For one part; the slowest that is well asks the backend, which takes four seconds at most."""

_COLOURS: Final = {Light.GREEN: "\033[32m", Light.YELLOW: "\033[33m", Light.RED: "\033[1;31m"}
_PLAIN: Final = "\033[0m"

log = logging.getLogger(__name__)


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
                {
                    "name": name,
                    "light": found.light.value,
                    "says": found.says,
                    "cure": found.cure or None,
                    "code": found.code or None,
                }
                for name, found in self.findings
            ],
        }

    def as_lines(self, language: Language = FALLBACK, *, colour: bool) -> Iterator[str]:
        """Lines for a technician: one a finding, and under it the cure if there is one."""
        yield words.HEAD.in_language(language, version=self.software_version, home=self.home)
        yield ""
        lights = {light: message.in_language(language) for light, message in words.LIGHTS.items()}
        names = [_named(name, language) for name, _ in self.findings]
        light_width, name_width = max(map(width, lights.values())), max(map(width, names), default=0)
        for name, (_, found) in zip(names, self.findings, strict=True):
            light = padded(lights[found.light], light_width)
            says, cure = map(_on_a_line, found.in_language(language))
            light = _COLOURS[found.light] + light + _PLAIN if colour else light
            yield f"{light}  {padded(name, name_width)}  {says}"
            if found.light is not Light.GREEN:
                yield f"{' ' * light_width}  {' ' * name_width}  → {cure}"
        yield ""
        yield self._closing().in_language(language, count=sum(found.light is self._worst for _, found in self.findings))

    @property
    def _worst(self) -> Light:
        lights = {found.light for _, found in self.findings}
        return next((light for light in (Light.RED, Light.YELLOW) if light in lights), Light.GREEN)

    def _closing(self) -> Message:
        is_one = sum(found.light is self._worst for _, found in self.findings) == 1
        match self._worst:
            case Light.RED:
                return words.ONE_RED if is_one else words.MANY_RED
            case Light.YELLOW:
                return words.ONE_LOOK if is_one else words.MANY_LOOK
            case Light.GREEN:
                return words.ALL_WELL


def examine(
    probes: Mapping[str, Probe],
    *,
    at: int,
    home: str,
    software_version: str,
    limit_s: float = PROBE_LIMIT_S,
    hanging: MutableMapping[str, threading.Thread] | None = None,
) -> Diagnosis:
    """Run every probe, one after the other. What one raises, or that it hangs, is its own light and no other's.

    A dead medium or a driver may hold up what looks at it for ever. `hanging`, kept by the caller, are the threads left
    there: none is joined by a second one. Raises PermissionError for a file in `home`: we are the wrong user.
    """
    left = {} if hanging is None else hanging
    findings = [(name, _found(name, probe, home, limit_s, left)) for name, probe in probes.items()]
    return Diagnosis(at=at, home=home, software_version=software_version, findings=findings)


def _found(
    name: str, probe: Probe, home: str, limit_s: float, hanging: MutableMapping[str, threading.Thread]
) -> Finding:
    before = hanging.pop(name, None)
    came: list[Finding | PermissionError] = []
    looking = before or threading.Thread(target=partial(_look, probe, home, came), name=f"look at {name}", daemon=True)
    if before is None:
        looking.start()
        looking.join(limit_s)
    if looking.is_alive():
        hanging[name] = looking
        return broken(words.PART_HANGS, words.PART_HANGS_CURE, seconds=f"{limit_s:g}")
    if before is not None:  # it has come to its end meanwhile
        return _found(name, probe, home, limit_s, hanging)
    (found,) = came
    if isinstance(found, PermissionError):
        raise found
    return found


def _look(probe: Probe, home: str, came: list[Finding | PermissionError]) -> None:
    """A thread's whole life."""
    try:
        came.append(probe())
    except Exception as error:  # the thread's entry: a light
        if isinstance(error, PermissionError) and Path(str(error.filename)).is_relative_to(home):
            came.append(error)
            return
        if not isinstance(error, PengposError | OSError):
            log.exception("a probe broke")
        why = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        came.append(broken(words.PART_UNSEEN, words.PART_UNSEEN_CURE, why=why))


def _on_a_line(said: str) -> str:
    """What a device or a library says of itself moves no cursor and begins no line."""
    return "".join(one if one.isprintable() else " " for one in said)


def _named(name: str, language: Language) -> str:
    message = words.NAMES.get(name)
    return name if message is None else message.in_language(language)
