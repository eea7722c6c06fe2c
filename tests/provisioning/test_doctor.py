# SPDX-License-Identifier: Apache-2.0
"""What a technician reads, and what a program does."""

import pytest

from provisioning.doctor import examine
from provisioning.finding import Finding, broken, well, worth_a_look
from tests.provisioning.stand_in import NOW

WELL, LOOK = well("3.11.2"), worth_a_look("5 days left", "Connect to the backend")
BAD = broken("not enrolled", "Enrol it")


def diagnose(**findings: Finding) -> list[str]:
    probes = {name: (lambda found=found: found) for name, found in findings.items()}
    return list(examine(probes, at=NOW, home="/var/lib/pengpos", software_version="0.1.0").as_lines(colour=False))


def test_people_read_one_line_each_and_the_cure_below() -> None:
    assert diagnose(Python=WELL, Credential=LOOK, Enrolment=BAD) == [
        "pengpos 0.1.0, state in /var/lib/pengpos",
        "",
        "ok    Python      3.11.2",
        "look  Credential  5 days left",
        "                  → Connect to the backend",
        "FIX   Enrolment   not enrolled",
        "                  → Enrol it",
        "",
        "One thing keeps this terminal from selling as it should.",
    ]


@pytest.mark.parametrize(
    ("findings", "closing"),
    [
        ({}, "All is well."),
        ({"a": WELL}, "All is well."),
        ({"a": LOOK}, "It can sell, but one thing deserves a look."),
        ({"a": LOOK, "b": LOOK}, "It can sell, but 2 things deserve a look."),
        ({"a": BAD, "b": BAD, "c": LOOK}, "2 things keep this terminal from selling as it should."),
    ],
)
def test_the_closing_line_says_how_it_stands(findings: dict[str, Finding], closing: str) -> None:
    assert diagnose(**findings)[-1] == closing


def test_colour_adds_nothing_that_is_not_also_a_word() -> None:
    diagnosis = examine({"Python": lambda: BAD}, at=NOW, home="/h", software_version="1")
    coloured = "\n".join(diagnosis.as_lines(colour=True))
    assert "\033[1;31mFIX \033[0m" in coloured
    assert coloured.replace("\033[1;31m", "").replace("\033[0m", "") == "\n".join(diagnosis.as_lines(colour=False))


def test_programs_read_the_same() -> None:
    diagnosis = examine({"A": lambda: WELL, "B": lambda: BAD}, at=NOW, home="/h", software_version="0.1.0")
    assert diagnosis.as_json() == {
        "at": "2026-01-01T00:00:05Z",
        "home": "/h",
        "software_version": "0.1.0",
        "healthy": False,
        "findings": [
            {"name": "A", "light": "green", "says": "3.11.2", "cure": None},
            {"name": "B", "light": "red", "says": "not enrolled", "cure": "Enrol it"},
        ],
    }
