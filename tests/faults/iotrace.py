# SPDX-License-Identifier: Apache-2.0
"""Builds `iotrace.c`, runs a program under it, and reads the record it makes of the program's file calls."""

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_SOURCE = Path(__file__).with_name("iotrace.c")
_HEADER = struct.Struct("<cHQI")


class Op(Enum):
    """What a program did to a file."""

    WRITE = b"w"
    TRUNCATE = b"t"
    SYNC = b"s"
    RENAME = b"r"
    UNLINK = b"u"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that succeeded. `data`: what was written, or the new name of a rename."""

    op: Op
    path: str
    offset: int
    data: bytes


def build(directory: Path) -> Path:
    """Compile the shim with the system's C compiler."""
    library = directory / "iotrace.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl", "-lpthread"], check=True)
    return library


def run(library: Path, watched: Path, *arguments: str, log: Path | None = None, timeout_s: float = 100) -> str:
    """Run `python -m …` with its file calls under `watched` recorded; returns its standard output.

    Raises CalledProcessError with the program's own words if it fails.
    """
    environment = os.environ | {"LD_PRELOAD": str(library), "IOTRACE_DIR": str(watched)}
    if log is not None:
        environment["IOTRACE_LOG"] = str(log)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, cwd=root, capture_output=True, text=True, timeout=timeout_s
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def read(log: Path) -> Iterator[Call]:
    """The calls in the order in which they happened."""
    record = log.read_bytes()
    at = 0
    while at < len(record):
        op, path_size, offset, data_size = _HEADER.unpack_from(record, at)
        at += _HEADER.size
        path = record[at : at + path_size].decode()
        at += path_size
        yield Call(Op(op), path, offset, record[at : at + data_size])
        at += data_size
