# SPDX-License-Identifier: Apache-2.0
"""A device's installation beside the checkout: an empty environment, the built wheel, and what its lock file names.

Nothing comes from the network. Other people's packages are copied from the environment that runs the tests, where they
were installed from the same lock file with the same hashes.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT_S = 120.0
_LOCKED = re.compile(r"^([a-z0-9-]+)==\S+( ;)?", re.MULTILINE)


class Installation:
    """A virtual environment; its programs see nothing of ours but what they are given."""

    def __init__(self, root: Path) -> None:
        """Make an empty one: neither pip nor setuptools is in it."""
        self.root = root
        venv.EnvBuilder(symlinks=True).create(root)
        self.python = root / "bin" / "python"
        (self.packages,) = root.glob("lib/python3.*/site-packages")

    def copy_locked(self, lock: Path) -> None:
        """Put every package of a lock file into it."""
        for name, marked in _LOCKED.findall(lock.read_text(encoding="utf-8")):
            try:
                distribution = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                assert marked, f"{name} is locked for every platform, and not installed here"
                continue
            self._copy(distribution)

    def _copy(self, distribution: metadata.Distribution) -> None:
        for file in distribution.files or ():
            if file.parts[0] != "..":  # a command of theirs, in bin
                target = self.packages / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), target)

    def install(self, wheel: Path) -> None:
        """Install one wheel and nothing that it names."""
        pip("--python", str(self.python), "install", "--no-deps", "--no-index", str(wheel))

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run one of its programs to its end, in a directory without our packages."""
        return subprocess.run(
            [self.root / "bin" / arguments[0], *arguments[1:]],
            cwd=self.root,
            env=self.environment(environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Ours without what would lead Python elsewhere."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return {**ours, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", **more}


def pip(*arguments: str, **environment: str) -> str:
    """Run the checkout's pip; what it said. Raises AssertionError with it when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments],
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def build_wheel(project: Path, into: Path, **environment: str) -> Path:
    """Build a distribution of the checkout with its own build tools. Returns the wheel."""
    pip(
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(into),
        str(project),
        **environment,
    )
    (wheel,) = into.glob("*.whl")
    return wheel
