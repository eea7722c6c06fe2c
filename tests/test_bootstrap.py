# SPDX-License-Identifier: Apache-2.0
"""`scripts/bootstrap` on machines that lack this or that: what it says, and that it goes on where it stopped.

The machine around it is made of stand-ins for dpkg, apt-get, sudo, Python and pip; the real ones install on each fresh
clone that runs `make test`.
"""

import os
import select
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INPUTS = (
    "pyproject.toml",
    "requirements-run.lock",
    "scripts/bootstrap",
    "scripts/build-tools.lock",
    "scripts/debian-packages",
)
"""What an installation to run follows from."""
FOR_TESTS = "requirements.lock"
TOOLS: tuple[str, ...] = (
    "bash",
    "env",
    "cat",
    "sed",
    "awk",
    "grep",
    "head",
    "tail",
    "wc",
    "cut",
    "sha256sum",
    "mkdir",
    "rm",
    "touch",
)
TOOLS += ("flock", "sleep", "dirname", "cp", "chmod")
WAIT_S = 20
STAND_INS = {
    "id": "echo ${UID_HERE:-0}",
    "dpkg": "echo ${ARCHITECTURE:-amd64}",
    "dpkg-query": """
        awk '!/^#/ { print "installed " $1 }' scripts/debian-packages | grep -vxF "installed $MISSING"
        true""",
    "sudo": "exit 1",
    "apt-get": """
        echo "apt-get $*" >>"$CALLS"
        case "$*" in
          *update*) touch lists-are-new ;;
          *install*) [ -e lists-are-new ] || { echo 'E: 404  Not Found'; exit 100; } ;;
        esac""",
    "python": """
        case "$1 $2" in
          "-c import"*) echo 3.11 ;;
          "-m venv")
            echo venv >>"$CALLS"
            rm -rf "$4"; mkdir -p "$4/bin"
            cp "$0" "$4/bin/python"; echo "#!$4/bin/python" >"$4/bin/pip" ;;
          "-m pip")
            echo "pip $*" >>"$CALLS"
            case "$*" in
              *requirements*.lock) eval "${PIP_DOES:-true}" ;;
              *--editable*) touch "${0%/*}/pengpos"; chmod +x "${0%/*}/pengpos" ;;
            esac ;;
        esac""",
}


@dataclass
class Machine:
    """A checkout on a machine of stand-ins."""

    checkout: Path
    environment: dict[str, str]

    def start(self, purpose: str = "run", **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            # Tests that run in the background of a shell ignore SIGINT, and so would what they start.
            ["env", "--default-signal=INT", self.checkout / "scripts" / "bootstrap", purpose],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def bootstrap(self, purpose: str = "run", **environment: str) -> tuple[int, str]:
        process = self.start(purpose, **environment)
        said, _ = process.communicate(timeout=WAIT_S)
        return process.returncode, said

    def calls(self) -> list[str]:
        """What was asked of the stand-ins since the last look."""
        path = self.checkout / "calls"
        calls = path.read_text().splitlines() if path.exists() else []
        path.write_text("")
        return calls


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    checkout, programs = tmp_path / "with space" / "pengpos", tmp_path / "bin"
    programs.mkdir()
    for name in (*INPUTS, FOR_TESTS):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, checkout / name)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (programs / tool).symlink_to(found)
    for name, body in STAND_INS.items():
        (programs / name).write_text(f"#!{shutil.which('bash')}\n{body}\n")
        (programs / name).chmod(0o755)
    return Machine(
        checkout, {"PATH": str(programs), "PYTHON": str(programs / "python"), "CALLS": str(checkout / "calls")}
    )


def test_the_first_time_says_what_it_does_and_the_second_nothing(machine: Machine) -> None:
    code, said = machine.bootstrap()
    assert code == 0, said
    labels = [line.split("  done in ")[0].strip() for line in said.splitlines()]
    assert labels[0].startswith("Getting this machine ready.")
    assert labels[1:5] == ["Python 3.11 environment", "pip and build tools", labels[3], "pengpos"]
    assert labels[3].startswith("Python packages (")
    assert labels[5].startswith("Ready after ")
    assert machine.calls()[0] == "venv"
    assert (machine.bootstrap(), machine.calls()) == ((0, ""), [])


def test_everything_from_the_network_is_checked_against_its_hash(machine: Machine) -> None:
    machine.bootstrap()
    installs = [call for call in machine.calls() if call.startswith("pip")]
    assert len(installs) == 3
    assert all("--require-hashes" in call for call in installs if "--editable" not in call)
    assert [("--no-build-isolation" in call) for call in installs] == [False, True, True]
    assert "--no-deps" in installs[-1]


def packages(machine: Machine) -> list[str]:
    """The lock files that Python packages were installed from since the last look."""
    return [call.split()[-1] for call in machine.calls() if call.split()[-1] in {"requirements-run.lock", FOR_TESTS}]


def test_a_checkout_that_can_test_can_run(machine: Machine) -> None:
    machine.bootstrap("test")
    assert packages(machine) == [FOR_TESTS]
    assert (machine.bootstrap("run"), machine.bootstrap("test"), machine.calls()) == ((0, ""), (0, ""), [])


def test_one_that_can_run_gets_the_rest_for_tests_into_the_same_environment(machine: Machine) -> None:
    machine.bootstrap("run")
    assert packages(machine) == ["requirements-run.lock"]
    assert machine.bootstrap("test")[0] == 0
    calls = machine.calls()
    assert "venv" not in calls
    assert any(call.endswith(FOR_TESTS) for call in calls)
    assert (machine.bootstrap("run"), machine.bootstrap("test"), machine.calls()) == ((0, ""), (0, ""), [])


def test_what_only_tests_need_installs_nothing_for_a_run(machine: Machine) -> None:
    machine.bootstrap("test")
    with (machine.checkout / FOR_TESTS).open("a") as file:
        file.write("\n# changed\n")
    machine.calls()
    assert (machine.bootstrap("run"), machine.calls()) == ((0, ""), [])
    machine.bootstrap("test")
    assert packages(machine) == [FOR_TESTS]


def locked(name: str) -> dict[str, set[str]]:
    """Each package of a lock file, with its version and hashes."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            package = line.split("==")[0]
            found[package] = {line.split(" ;")[0].rstrip(" \\")}
        elif "--hash=" in line:
            found[package].add(line.strip(" \\"))
    return found


@pytest.mark.parametrize(
    "part",
    ["requirements-device.lock", "requirements-run.lock", "scripts/build-tools.lock", "scripts/ha-packages.lock"],
)
def test_what_is_locked_twice_is_the_same_version(part: str) -> None:
    everything, some = locked("requirements.lock"), locked(part)
    assert {name: some[name] for name in some if name in everything and some[name] != everything[name]} == {}
    if not part.startswith("scripts/"):
        assert set(some) - set(everything) == set()


def test_each_lock_holds_what_it_is_for() -> None:
    device, run, tests = (
        locked("requirements-device.lock"),
        locked("requirements-run.lock"),
        locked("requirements.lock"),
    )
    assert set(device) < set(run) < set(tests)
    assert {"fastapi", "sqlalchemy", "alembic"} <= set(run) - set(device)
    assert {"pytest", "playwright", "babel", "mypy"} <= set(tests) - set(run)


@pytest.mark.parametrize("name", INPUTS)
def test_a_changed_input_is_installed_anew_into_the_same_environment(machine: Machine, name: str) -> None:
    machine.bootstrap()
    machine.calls()
    with (machine.checkout / name).open("a") as file:
        file.write("\n# changed\n")
    code, said = machine.bootstrap()
    assert (code, "Ready after" in said) == (0, True)
    assert [call.split()[0] for call in machine.calls()] == ["pip", "pip", "pip"]


def test_a_moved_checkout_gets_a_new_environment(machine: Machine) -> None:
    machine.bootstrap()
    moved = machine.checkout.with_name("elsewhere")
    machine.checkout.rename(moved)
    machine.checkout = moved
    machine.environment["CALLS"] = str(moved / "calls")
    machine.calls()
    machine.bootstrap()
    assert machine.calls()[0] == "venv"


def test_a_missing_package_is_installed_after_its_lists_are_refreshed(machine: Machine) -> None:
    code, said = machine.bootstrap(MISSING="gcc")
    assert (code, "Debian packages (1)" in said) == (0, True), said
    asked = [call for call in machine.calls() if call.startswith("apt-get")]
    assert [("update" in call, call.endswith(" gcc")) for call in asked][-2:] == [(True, False), (False, True)]
    assert all("--no-install-recommends" in call for call in asked if "install" in call)


def test_packages_of_tests_are_not_asked_for_to_run(machine: Machine) -> None:
    assert machine.bootstrap("run", MISSING="opensc")[0] == 0
    assert [call for call in machine.calls() if "apt-get" in call] == []
    assert machine.bootstrap("test", MISSING="opensc")[0] == 0
    assert any(call.endswith(" opensc") for call in machine.calls())


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (
            {"MISSING": "gcc", "UID_HERE": "1000"},
            "    apt-get update && apt-get install -y --no-install-recommends gcc\n",
        ),
        ({"ARCHITECTURE": "armhf"}, "32-bit; pengpos needs a 64-bit one"),
        ({"PIP_DOES": "echo 'NewConnectionError: …'; exit 1"}, "This machine seems to be offline."),
        ({"PIP_DOES": "echo 'No space left on device'; exit 1"}, "The disk is full"),
        ({"PIP_DOES": "echo 'DO NOT MATCH THE HASHES'; exit 1"}, "not the one that was locked"),
        ({"PIP_DOES": "echo 'error: swig exploded'; exit 1"}, "    error: swig exploded"),
    ],
    ids=["neither root nor sudo", "32-bit", "offline", "disk full", "forged package", "compiler"],
)
def test_each_trouble_has_its_sentence(machine: Machine, environment: dict[str, str], says: str) -> None:
    code, said = machine.bootstrap(**environment)
    assert code == 1
    assert says in said
    assert "Traceback" not in said


def test_no_debian_is_said_and_can_be_overruled(machine: Machine) -> None:
    (Path(machine.environment["PATH"]) / "dpkg-query").unlink()
    code, said = machine.bootstrap()
    assert (code, "PENGPOS_NO_APT=1 make run" in said) == (1, True)
    assert machine.bootstrap(PENGPOS_NO_APT="1")[0] == 0


def test_after_a_failure_it_starts_from_an_empty_environment(machine: Machine) -> None:
    assert machine.bootstrap(PIP_DOES="exit 1")[0] == 1
    machine.calls()
    assert machine.bootstrap()[0] == 0
    assert machine.calls()[0] == "venv", "what pip left half installed is not trusted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_being_stopped_leaves_nothing_running(machine: Machine, number: signal.Signals) -> None:
    telling = machine.checkout / "pid"
    os.mkfifo(telling)
    process = machine.start(PIP_DOES=f'echo $$ >"{telling}"; while :; do sleep 1; done')
    pip = os.pidfd_open(int(telling.read_text()))
    os.kill(process.pid, number)
    said, _ = process.communicate(timeout=WAIT_S)
    assert (process.returncode, "Stopped." in said) == (130, True)
    ended, _, _ = select.select([pip], [], [], WAIT_S)
    os.close(pip)
    assert ended, "pip runs on"
    assert machine.bootstrap()[0] == 0


def test_each_package_is_named_once_with_its_reason() -> None:
    lines = (ROOT / "scripts" / "debian-packages").read_text(encoding="utf-8").splitlines()
    rows = [line.split(maxsplit=2) for line in lines if not line.startswith("#")]
    names = [row[0] for row in rows]
    assert sorted(names) == sorted(set(names))
    assert {row[1] for row in rows} == {"run", "drm", "test", "ha"}
    assert all(len(row) == 3 for row in rows)


def test_usage() -> None:
    said = subprocess.run([ROOT / "scripts" / "bootstrap", "fly"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (2, "usage: scripts/bootstrap run|test|ha\n")
