# SPDX-License-Identifier: Apache-2.0
"""One target under atheris, guided by what of ours an input reaches: `python -m tests.fuzz.guided TARGET -runs=N`."""

import importlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

atheris = importlib.import_module("atheris")  # installed by whoever wants it, and known to no linter

with atheris.instrument_imports(include=["pengpos", "terminal", "drivers"]):
    from tests.fuzz.targets import targets


def main() -> None:
    """Ends the process with 0 after so many runs, with another number at a fault."""
    target = targets()[sys.argv[1]]
    with TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *sys.argv[2:], corpus], target.feed)
        atheris.Fuzz()


main()
