# SPDX-License-Identifier: Apache-2.0
"""The import contracts of `pyproject.toml` cover every package, and each fails for an import that runs back up."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
_LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
ROOTS: tuple[str, ...] = tuple(_LINTER["root_packages"])
LAYERED: list[dict[str, Any]] = [one for one in _LINTER["contracts"] if one["type"] == "layers"]


def layers_of(contract: dict[str, Any]) -> list[list[str]]:
    """The contract's layers from top to bottom, each with its siblings as full names."""
    container = contract.get("containers", [""])[0]
    prefix = f"{container}." if container else ""
    return [[f"{prefix}{name.strip()}" for name in layer.split("|")] for layer in contract["layers"]]


def file_of(module: str) -> Path:
    """The source file of a module or package, relative to the tree."""
    path = Path(*module.split("."))
    package = path / "__init__.py"
    return package if (ROOT / package).exists() else path.with_suffix(".py")


def forbidden_imports() -> Iterator[tuple[str, str]]:
    """(importer, imported) for each pair of neighbouring layers, upwards, and for all siblings, both ways."""
    for contract in LAYERED:
        layers = layers_of(contract)
        for above, below in pairwise(layers):
            yield below[0], above[0]
        for siblings in layers:
            yield from permutations(siblings, 2)


def packages() -> Iterator[Path]:
    """Every package of the product, relative to the tree."""
    for root in ROOTS:
        yield from (path.parent.relative_to(ROOT) for path in (ROOT / root).rglob("__init__.py"))


def test_every_root_is_a_layer_of_the_house() -> None:
    assert {name for layer in layers_of(LAYERED[0]) for name in layer} == set(ROOTS)


@pytest.mark.parametrize("package", sorted(map(str, packages())))
def test_every_package_with_packages_in_it_is_layered_whole(package: str) -> None:
    inner = [path for path in (ROOT / package).iterdir() if (path / "__init__.py").exists()]
    mine = [one for one in LAYERED if one.get("containers") == [package.replace("/", ".")]]
    if inner or package in ROOTS:
        assert [one.get("exhaustive") for one in mine] == [True]


def test_every_layer_fails_for_an_import_that_runs_back_up(tmp_path: Path) -> None:
    for root in ROOTS:
        shutil.copytree(ROOT / root, tmp_path / root, ignore=lambda _, names: [n for n in names if _is_no_code(n)])
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    probes = sorted(set(forbidden_imports()))
    for importer, imported in probes:
        with (tmp_path / file_of(importer)).open("a", encoding="utf-8") as source:
            source.write(f"\nimport {imported}\n")
    said = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path), "COLUMNS": "200"},  # a long pair must not be wrapped
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    found = set(re.findall(r"^(\S+) is not allowed to import (\S+):$", said.stdout, re.MULTILINE))
    assert said.returncode == 1, said.stderr
    assert len(probes) > 60
    assert set(probes) - found == set()


def _is_no_code(name: str) -> bool:
    return name == "__pycache__" or ("." in name and not name.endswith(".py"))
