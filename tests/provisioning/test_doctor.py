# SPDX-License-Identifier: Apache-2.0
"""What a technician reads, and what a program does."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast
from unittest.mock import patch

import pytest

from pengpos.core.errors import ConfigError
from pengpos.home import Home
from pengpos.i18n import LANGUAGES, Language, Said
from provisioning import words
from provisioning.doctor import examine
from provisioning.finding import Finding, Light, broken, well, worth_a_look
from provisioning.probes import own_probes
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


def test_the_name_that_a_device_gives_itself_moves_no_cursor_and_begins_no_line() -> None:
    named = well("ACR\x1b[2J\x1b[1;1H\nFIX   Disk\u2028\u202e 1252")
    assert diagnose(Readers=named)[2] == "ok    Readers  ACR [2J [1;1H FIX   Disk   1252"


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


IN_CHINESE: dict[Language, list[str]] = {
    "zh-Hans": [
        "pengpos 0.1.0，数据在/h",
        "",
        "正常  Python  3.11.2，64位",
        "注意  存储    仅剩9 MiB",
        "              → 请在用完前腾出空间：journalctl --vacuum-size=100M",
        "故障  Other   尚未激活，不能收款",
        "              → Enrol it",
        "",
        "有1项故障，影响正常收款。",
    ],
    "zh-Hant": [
        "pengpos 0.1.0，資料在/h",
        "",
        "正常  Python  3.11.2，64位元",
        "注意  儲存    僅剩9 MiB",
        "              → 請在用完前騰出空間：journalctl --vacuum-size=100M",
        "故障  Other   尚未啟用，不能收款",
        "              → Enrol it",
        "",
        "有1項故障，影響正常收款。",
    ],
}


@pytest.mark.parametrize("language", IN_CHINESE)
def test_people_read_it_in_their_language_and_in_columns(language: Language) -> None:
    """What another part says stays as that says it."""
    probes = {
        "Python": lambda: well(words.PYTHON_IS, version="3.11.2", bits=64),
        "Disk": lambda: worth_a_look(words.DISK_LOW, words.DISK_FREE_SOON, mib=9),
        "Other": lambda: broken(words.NOT_ENROLLED, "Enrol it"),
    }
    diagnosis = examine(probes, at=NOW, home="/h", software_version="0.1.0")
    assert list(diagnosis.as_lines(language, colour=False)) == IN_CHINESE[language]


def test_values_that_are_sentences_are_in_the_same_language() -> None:
    rest: dict[Language, str] = {"zh-Hans": "一", "zh-Hant": "二", "en": "three"}
    said = Said(words.BACKEND_SETTING, {"where": rest, "detail": words.NOT_ENROLLED})
    found = worth_a_look(said, words.HOME_CLOSE, path=said)
    assert (found.says, found.code) == ("three not enrolled: it cannot sell", "")
    assert found.in_language("zh-Hans") == ("一：尚未激活，不能收款", "运行：chmod 700 一：尚未激活，不能收款")


def test_each_light_of_the_doctor_has_a_name_in_each_language(tmp_path: Path) -> None:
    home = Home(tmp_path)
    shown = {*own_probes(home, lambda: None, lambda: 0.0)}
    assert shown <= {*words.NAMES}
    for language in LANGUAGES:
        names = [message.in_language(language) for message in words.NAMES.values()]
        assert len(names) == len({*names})


def test_programs_read_what_is_said_by_its_code() -> None:
    diagnosis = examine(
        {"Disk": lambda: worth_a_look(words.DISK_LOW, "-", mib=9)}, at=NOW, home="/h", software_version="1"
    )
    (found,) = cast("list[dict[str, str]]", diagnosis.as_json()["findings"])
    assert (found["code"], found["says"]) == ("disk.low", "9 MiB free")


def test_programs_read_the_same() -> None:
    diagnosis = examine({"A": lambda: WELL, "B": lambda: BAD}, at=NOW, home="/h", software_version="0.1.0")
    assert diagnosis.as_json() == {
        "at": "2026-01-01T00:00:05Z",
        "home": "/h",
        "software_version": "0.1.0",
        "healthy": False,
        "findings": [
            {"name": "A", "light": "green", "says": "3.11.2", "cure": None, "code": None},
            {"name": "B", "light": "red", "says": "not enrolled", "cure": "Enrol it", "code": None},
        ],
    }


def refused(number: int, path: str) -> Callable[[], Finding]:
    def probe() -> Finding:
        raise OSError(number, os.strerror(number), path)

    return probe


def odd() -> Finding:
    raise ConfigError("pengpos.toml", "it is odd", "Mend it")


def broken_software() -> Finding:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("probe", "says"),
    [
        (refused(errno.ENAMETOOLONG, "x" * 5_000), "cannot be looked at: File name too long"),
        (refused(errno.EIO, "/media/copy"), "cannot be looked at: Input/output error"),
        (refused(errno.EACCES, "/media/copy"), "cannot be looked at: Permission denied"),
        (odd, "cannot be looked at: pengpos.toml: it is odd. Mend it"),
        (broken_software, "cannot be looked at: ZeroDivisionError"),
    ],
)
def test_what_a_probe_raises_is_its_own_light_and_no_others(probe: Callable[[], Finding], says: str) -> None:
    diagnosis = examine({"A": probe, "B": lambda: WELL}, at=NOW, home="/h", software_version="1")
    assert [(name, found.light, found.says) for name, found in diagnosis.findings] == [
        ("A", Light.RED, says),
        ("B", Light.GREEN, "3.11.2"),
    ]


def test_a_file_of_the_terminals_own_that_is_another_users_is_raised() -> None:
    with pytest.raises(PermissionError):
        examine({"A": refused(errno.EACCES, "/h/terminal.json")}, at=NOW, home="/h", software_version="1")


def test_a_probe_that_hangs_is_a_light_and_is_joined_by_no_second_one() -> None:
    goes_on, begun = threading.Event(), []

    def hangs() -> Finding:
        begun.append(threading.current_thread())
        goes_on.wait()
        return WELL

    hanging: dict[str, threading.Thread] = {}

    def light_of_a() -> str:
        probes = {"A": hangs, "B": lambda: WELL}
        seen = examine(probes, at=NOW, home="/h", software_version="1", limit_s=30, hanging=hanging)
        assert seen.findings[1] == ("B", WELL)
        return seen.findings[0][1].says

    whole_join = threading.Thread.join

    def join(thread: threading.Thread, _limit_s: float) -> None:
        if thread.name != "look at A":  # its time is over at once
            whole_join(thread)

    with patch("provisioning.doctor.threading.Thread.join", join):
        assert [light_of_a(), light_of_a()] == ["no answer within 30 s"] * 2
    assert len(begun) == 1
    goes_on.set()
    begun[0].join()
    assert light_of_a() == "3.11.2"
    assert hanging == {}
