# SPDX-License-Identifier: Apache-2.0
"""`scripts/device`: what it asks of pip, by a stand-in for Python. tests/test_installs.py shows that a device works."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INPUTS = ("requirements-device.lock", "scripts/build-tools.lock", "scripts/device")
PYTHON = """#!/usr/bin/env bash
echo "$*" >>"$CALLS"
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin"; touch "$3/pyvenv.cfg"; cp "$0" "$3/bin/python" ;;
  "-m pip") [ -z "${FAILS_AT:-}" ] || [[ "$*" != *"$FAILS_AT"* ]] ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    checkout = tmp_path / "with space" / "pengpos"
    for name in INPUTS:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, checkout / name)
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return checkout


def device(checkout: Path, *arguments: str, **environment: str) -> tuple[int, str, list[str]]:
    """Exit code, what it said, and the calls of Python."""
    calls = checkout / "calls"
    done = subprocess.run(
        [checkout / "scripts" / "device", *arguments],
        cwd=checkout.parent,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHON": str(checkout.parents[1] / "python"),
            "CALLS": str(calls),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=20,
        check=False,
    )
    return done.returncode, done.stdout, calls.read_text().splitlines() if calls.exists() else []


@pytest.mark.parametrize("place", ["device", "not/there yet"])
def test_a_device_is_what_was_locked_and_pengpos_and_no_tools(checkout: Path, place: str) -> None:
    target = checkout.parent / place
    code, said, calls = device(checkout, place)
    assert (code, said) == (0, f"pengpos is installed: {target}/bin/pengpos\n")
    assert calls[0] == f"-m venv {target}"
    tools, packages, ours, away = calls[1:]
    assert tools.endswith("--require-hashes --requirement scripts/build-tools.lock")
    assert packages.endswith("--require-hashes --no-build-isolation --requirement requirements-device.lock")
    assert ours.endswith("--no-deps --no-build-isolation --force-reinstall .")
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "scripts/build-tools.lock").read_text(), re.MULTILINE)
    assert {"pip", "setuptools", "hatchling", "swig"} <= set(locked)
    assert away.split() == ["-m", "pip", "uninstall", "--yes", "--quiet", *locked]


def test_it_brings_a_device_up_to_date(checkout: Path) -> None:
    device(checkout, "device")
    code, _, calls = device(checkout, "device")
    assert (code, len(calls)) == (0, 10)


@pytest.mark.parametrize("fails_at", ["build-tools.lock", "requirements-device.lock", "--force-reinstall", "uninstall"])
def test_a_step_that_fails_is_the_last(checkout: Path, fails_at: str) -> None:
    code, said, calls = device(checkout, "device", FAILS_AT=fails_at)
    assert code != 0
    assert "is installed" not in said
    assert fails_at in calls[-1]


def test_a_directory_of_other_things_is_left_alone(checkout: Path) -> None:
    (checkout.parent / "photos").mkdir()
    (checkout.parent / "photos" / "cat.png").touch()
    code, said, calls = device(checkout, "photos")
    assert (code, calls) == (1, [])
    assert "name an empty directory" in said


@pytest.mark.parametrize("arguments", [(), ("--help",), ("a", "b")])
def test_usage(checkout: Path, arguments: tuple[str, ...]) -> None:
    assert device(checkout, *arguments) == (2, "usage: scripts/device DIRECTORY\n", [])
