# SPDX-License-Identifier: Apache-2.0
"""Two installs: `pip install .` is a device, the extra `sandbox` the rest. The device is installed, and works.

Its environment holds the built wheel and what requirements-device.lock names, nothing else; the backend that it enrols
with is the checkout's own sandbox, in another environment.
"""

import ast
import re
import select
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pengpos import __version__
from pengpos.client import Home, LocalClient
from tests.support.device_install import ROOT, Installation, build_wheel, pip
from workshop.shop import Shop

pytestmark = pytest.mark.timeout(300)

DEVICE = ("drivers", "offline_queue", "pengpos", "provisioning", "terminal", "ui")
REST = ("sandbox", "workshop", "drivers/simulated")
ABSENT = (
    "sandbox", "workshop", "drivers.simulated", "tests", "scripts", "fastapi", "sqlalchemy", "alembic", "pydantic",
    "psycopg", "playwright", "babel", "sqlite_utils", "uuid6", "rich", "pytest", "hatchling", "setuptools", "pip",
)  # fmt: skip
READY_LIMIT_S = 60.0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("device-wheel"))


@pytest.fixture(scope="module")
def rest_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT / "sandbox", tmp_path_factory.mktemp("sandbox-wheel"))


@pytest.fixture(scope="module")
def device(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("device"))
    installation.copy_locked(ROOT / "requirements-device.lock")
    installation.install(wheel)
    return installation


def in_tree(*folders: str) -> set[str]:
    """Every file of these folders of the checkout, but for what running them leaves."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}


def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def requirements(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return re.findall(r"^Requires-Dist: (.+)$", archive.read(name).decode(), re.MULTILINE)


# --- the wheels -------------------------------------------------------------------------------------------------------


def test_the_two_hold_the_whole_house_and_nothing_twice(wheel: Path, rest_wheel: Path) -> None:
    assert in_wheel(rest_wheel) == in_tree(*REST)
    assert in_wheel(wheel) == in_tree(*DEVICE) - in_tree(*REST)


def test_the_extra_brings_the_rest_from_the_checkout_and_asks_no_registry_for_it(wheel: Path, rest_wheel: Path) -> None:
    place = (ROOT / "sandbox").as_uri()
    ours = [one for one in requirements(wheel) if one.startswith("pengpos")]
    assert ours == [f"pengpos-sandbox @ {place} ; extra == 'sandbox'"]
    assert requirements(rest_wheel) == [f"pengpos[sandbox]=={__version__}"]


def test_a_reproducible_build_names_no_place(tmp_path: Path) -> None:
    built = build_wheel(ROOT, tmp_path, SOURCE_DATE_EPOCH="1800000000")
    assert [one for one in requirements(built) if "file:" in one or one.startswith("pengpos")] == []


# --- the device -------------------------------------------------------------------------------------------------------


def test_a_device_has_all_that_its_wheel_asks_for(device: Installation) -> None:
    assert "No broken requirements found" in pip("--python", str(device.python), "check")


def test_a_device_has_nothing_to_develop_with(device: Installation) -> None:
    code = f"""
from importlib.util import find_spec
print([name for name in {ABSENT} if find_spec(name) is not None])"""
    assert device.run("python", "-I", "-c", code).stdout == "[]\n"


def test_each_module_of_a_device_imports(device: Installation) -> None:
    code = f"""
import importlib, pkgutil
rooms = [importlib.import_module(room) for room in {DEVICE}]
names = [one.name for room in rooms for one in pkgutil.walk_packages(room.__path__, room.__name__ + ".")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(*(room.__name__ for room in rooms), *names)"""
    done = device.run("python", "-I", "-c", code)
    assert done.returncode == 0, done.stderr
    modules = {name for name in in_tree(*DEVICE) - in_tree(*REST) if name.endswith(".py")}
    assert set(done.stdout.splitlines()[-1].split()) == {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in modules
    }


def imported_by(files: set[str]) -> set[str]:
    """The modules that these files import, at their top or when a function runs."""
    nodes = [node for name in files for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))]
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module is not None}


def test_what_a_device_imports_later_is_there_too(device: Installation) -> None:
    names = imported_by({name for name in in_tree(*DEVICE) - in_tree(*REST) if name.endswith(".py")})
    code = f"""
from importlib.util import find_spec
print([name for name in {sorted(names)} if find_spec(name) is None])"""
    done = device.run("python", "-I", "-c", code)
    assert (done.stdout.splitlines()[-1:], done.stderr) == (["[]"], "")


def test_its_help_lists_what_a_device_can_do(device: Installation) -> None:
    done = device.run("pengpos", "--help")
    listed = re.findall(r"^  ([a-z]+)  ", done.stdout, re.MULTILINE)
    assert (done.returncode, listed) == (0, ["daemon", "ui", "enrol", "doctor", "queue"]), done.stdout + done.stderr


def test_a_command_that_is_not_installed_says_how_to_get_it(device: Installation) -> None:
    done = device.run("pengpos", "run")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "pip install '.[sandbox]'" in done.stderr


def test_it_enrols_and_its_daemon_is_ready_to_sell(device: Installation, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with closing(Shop(Home(tmp_path / "shop"))) as shop:
        shop.open_sandbox()
        shop.open_readers(private=True)
        environment = {**shop.environment, "PENGPOS_HOME": str(home.root)}
        done = device.run("pengpos", "enrol", "--backend", shop.backend, stdin=shop.activation_code, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        with daemon(device, environment) as process, LocalClient(home.socket) as client:
            status = client.status()
            assert status.terminal is not None
            assert status.terminal.software_version == __version__
            process.terminate()
            assert process.wait(READY_LIMIT_S) == 0


@contextmanager
def daemon(device: Installation, environment: dict[str, str]) -> "Iterator[subprocess.Popen[str]]":
    """The device's daemon, once it has said that it can sell; ended with the block."""
    with subprocess.Popen(
        [device.root / "bin" / "pengpos", "daemon", "--log-level", "warning"],
        cwd=device.root,
        env=device.environment(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None  # asked for above
            said, _, _ = select.select([process.stdout], [], [], READY_LIMIT_S)
            assert said, "it said nothing in time"
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()
