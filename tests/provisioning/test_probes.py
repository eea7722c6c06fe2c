# SPDX-License-Identifier: Apache-2.0
"""Each look, well and not well: what it says and which cure it names."""

import errno
import os
import re
import socket
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import click
import httpx
import pytest

from pengpos.core.errors import ConfigError
from pengpos.home import Home
from pengpos.keys.file import FileKey
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Credential
from provisioning import probes
from provisioning.finding import Finding, Light
from terminal.cli import main
from tests.provisioning.stand_in import DAY_S, NOW, ORIGIN, Present, clock, credential
from tests.support.dripping import answer, dripping, listening_on_tcp, origin_of
from tests.vectors import ISSUERS, TERMINAL

GREEN, YELLOW, RED = Light.GREEN, Light.YELLOW, Light.RED
MIB = 2**20


@pytest.fixture
def home(tmp_path: Path) -> Home:
    root = tmp_path / "pengpos"
    root.mkdir(mode=0o700)
    return Home(root)


def expect(found: Finding, light: Light, says: str, cure: str = "") -> None:
    assert (found.light, says in found.says, cure in found.cure) == (light, True, True), found
    assert bool(found.cure) is (light is not GREEN), "a cure exactly where something is not well"


def enrolled(life_s: int = 30 * DAY_S, at: str = ORIGIN) -> Callable[[], Present | None]:
    read = Credential.read(credential(PublicKey.of(TERMINAL), life_s=life_s), ISSUERS)
    return lambda: Present(at, read)


def damaged() -> Present | None:
    raise ConfigError("terminal.json", "not JSON", "Restore it from a backup")


@pytest.mark.parametrize(
    ("version", "bits", "light", "says"),
    [
        ((3, 11, 2), 64, GREEN, "3.11.2, 64-bit"),
        ((3, 13, 0), 64, GREEN, "3.13.0"),
        ((3, 9, 2), 64, RED, "not tested"),
        ((3, 14, 0), 64, RED, "not tested"),
        ((3, 11, 2), 32, RED, "64-bit only"),
    ],
)
def test_python(version: tuple[int, ...], bits: int, light: Light, says: str) -> None:
    expect(probes.look_at_python(version, bits), light, says)


def test_packages_of_this_installation_are_there() -> None:
    expect(probes.look_at_packages(), GREEN, "pengpos")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            ["click>=8", "no-such-package>=1", "nor.this_one[extra]~=2 ; python_version > '3'"],
            "no-such-package, nor.this",
        ),
        (["click", "only-for-tests>=1 ; extra == 'dev'"], "1 of 1"),
    ],
)
def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, asked: list[str], says: str) -> None:
    monkeypatch.setattr(metadata, "requires", lambda name: asked)
    expect(probes.look_at_packages(), RED if "no-such" in says else GREEN, says)


def test_a_package_that_is_not_installed_is_said() -> None:
    expect(probes.look_at_packages("pengpos-of-elsewhere"), RED, "not installed", "make run")


@pytest.mark.parametrize(("mode", "light"), [(0o700, GREEN), (0o750, YELLOW), (0o777, YELLOW)])
def test_home_by_its_mode(home: Home, mode: int, light: Light) -> None:
    home.root.chmod(mode)
    expect(probes.look_at_home(home), light, str(home.root), "chmod 700" if light is YELLOW else "")


def test_home_that_is_not_there_or_no_directory(home: Home) -> None:
    expect(probes.look_at_home(Home(home.root / "none")), YELLOW, "not there yet")
    (home.root / "file").write_text("")
    expect(probes.look_at_home(Home(home.root / "file")), RED, "no directory", "PENGPOS_HOME")
    expect(probes.look_at_home(Home(home.root / "file" / "below")), RED, "cannot be looked at")


def test_home_that_cannot_be_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    expect(probes.look_at_home(home), RED, "cannot be written", "as the user")


@pytest.mark.parametrize(
    ("free", "light", "says"),
    [
        (20 * 1024 * MIB, GREEN, "20 GiB free"),
        (600 * MIB, GREEN, "600 MiB free"),
        (511 * MIB, YELLOW, "511 MiB free"),
        (63 * MIB, RED, "63 MiB free"),
        (0, RED, "0 MiB free"),
    ],
)
def test_disk_by_its_room(home: Home, monkeypatch: pytest.MonkeyPatch, free: int, light: Light, says: str) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=0, f_frsize=4096, f_bavail=free // 4096))
    expect(probes.look_at_disk(home.root / "not" / "there" / "yet"), light, says)


def test_a_disk_that_turned_read_only(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    status = SimpleNamespace(f_flag=os.ST_RDONLY, f_frsize=4096, f_bavail=2**30)
    monkeypatch.setattr(os, "statvfs", lambda path: status)
    expect(probes.look_at_disk(home.root), RED, "read-only", "replace")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO])
def test_a_disk_that_takes_no_writing_though_it_is_mounted_so(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_file: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    expect(probes.look_at_disk(home.root), RED, f"takes no writing ({os.strerror(number)})", "replace")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_with_room_that_takes_no_file_more(home: Home, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Out of inodes, it had 68 GiB free and a green light."""

    def refuse(**_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    expect(probes.look_at_disk(home.root), RED, "takes no file more, though", "too many small files")


def test_device_key(home: Home) -> None:
    expect(probes.look_at_key(home), YELLOW, "none yet")
    home.enrolment.write_text("{}")
    expect(probes.look_at_key(home), RED, "missing", "Restore")
    key = PublicKey.of(FileKey.load_or_create(home.device_key))
    expect(probes.look_at_key(home), GREEN, f"closed to others, fingerprint {key.fingerprint}")
    home.device_key.chmod(0o640)
    expect(probes.look_at_key(home), RED, "open to others (mode 0640)", "chmod 600")
    home.device_key.chmod(0o600)
    home.device_key.write_text("-----BEGIN NONSENSE-----")
    expect(probes.look_at_key(home), RED, "not a P-256 key")


def test_enrolment() -> None:
    expect(probes.look_at_enrolment(lambda: None), RED, "not enrolled", "pengpos enrol")
    expect(probes.look_at_enrolment(damaged), RED, "not JSON", "Restore")
    expect(probes.look_at_enrolment(enrolled()), GREEN, f"T-0001 of 晨光咖啡 Dawn Café at {ORIGIN}")


@pytest.mark.parametrize(
    ("life_s", "light", "says"),
    [
        (30 * DAY_S, GREEN, "29 days left, until 2026-01-30 00:00 UTC"),
        (int(1.3 * DAY_S), YELLOW, "7 hours left"),
        (DAY_S, RED, "over since 2026-01-01 00:00 UTC"),
    ],
)
def test_credential_by_its_days(life_s: int, light: Light, says: str) -> None:
    expect(probes.look_at_credential(enrolled(life_s), clock), light, says)


@pytest.mark.parametrize("absent", [lambda: None, damaged], ids=["none", "damaged"])
def test_without_an_enrolment_there_is_no_credential_and_no_backend(absent: Callable[[], Present | None]) -> None:
    expect(probes.look_at_credential(absent, clock), YELLOW, "none", "enrolment")
    expect(probes.look_at_backend(absent, clock), YELLOW, "none", "enrolment")


@pytest.mark.parametrize(
    ("response", "light", "says", "cure"),
    [
        (
            httpx.Response(200, json={"status": "ok"}, headers={"date": "Thu, 01 Jan 2026 00:00:00 GMT"}),
            GREEN,
            "clocks agree",
            "",
        ),
        (httpx.Response(200, json={"status": "ok"}), GREEN, "clocks agree", ""),
        (
            httpx.Response(200, json={"status": "ok"}, headers={"date": "Thu, 01 Jan 2026 00:02:00 GMT"}),
            YELLOW,
            "115 s",
            "timedatectl",
        ),
        (
            httpx.Response(200, json={"status": "ok"}, headers={"date": "Thu, 01 Jan 2026 01:00:00 GMT"}),
            RED,
            "3595 s",
            "timedatectl",
        ),
        (httpx.Response(200, html="<html>"), RED, "not as a payment backend", "sign-in page"),
        (httpx.Response(503, json={}), RED, "status 503", "proxy"),
        (httpx.ConnectError("Connection refused"), RED, "Connection refused", "cable"),
        (httpx.ReadTimeout(""), RED, "ReadTimeout", "cable"),
    ],
    ids=["well", "no date", "two minutes", "an hour", "HTML", "in trouble", "refused", "silent"],
)
def test_backend(response: httpx.Response | Exception, light: Light, says: str, cure: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == f"{ORIGIN}/v1/health"
        if isinstance(response, Exception):
            raise response
        return response

    expect(probes.look_at_backend(enrolled(), clock, httpx.MockTransport(handle)), light, says, cure)


def test_a_backend_whose_answer_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes soon; the last one would after four seconds."""
    monkeypatch.setattr(probes, "DEADLINE_S", 0.5)
    with listening_on_tcp() as listening, dripping(listening, answer(b'{"status": "ok"}')):
        expect(probes.look_at_backend(enrolled(at=origin_of(listening)), clock), RED, "no answer within 0.5 s", "cable")


def test_terminal_by_its_socket(home: Home) -> None:
    expect(probes.look_at_terminal(home), YELLOW, "not running", "pengpos run")
    home.socket.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(home.socket))
        listening.listen()
        expect(probes.look_at_terminal(home), GREEN, "running")
    expect(probes.look_at_terminal(home), YELLOW, "not running")


def test_a_terminal_that_is_not_running_is_started_by_what_there_is(home: Home) -> None:
    cure = probes.look_at_terminal(home).cure
    advised = set(re.findall(r"pengpos (\w+)", cure))
    assert advised
    assert advised <= set(main.list_commands(click.Context(main)))
    assert "systemctl" not in cure  # a unit of ours there is none yet


def test_own_probes_have_each_a_name_and_a_finding(home: Home) -> None:
    found = {name: look() for name, look in probes.own_probes(home, lambda: None, lambda: float(NOW)).items()}
    assert list(found)[:3] == ["Python", "Packages", "Directory"]
    assert {name for name, finding in found.items() if finding.light is RED} == {"Enrolment"}


def test_a_disk_that_takes_seconds_is_worth_a_look(tmp_path: Path) -> None:
    seconds = iter([0.0, 2.5])
    expect(probes.look_at_disk(tmp_path, lambda: next(seconds)), YELLOW, "2.5 s", "worn out")
