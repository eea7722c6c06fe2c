# SPDX-License-Identifier: Apache-2.0
"""The probe waits for a PC/SC service to offer the readers it was asked for, and says what it saw instead."""

import os
import subprocess
import sys
from pathlib import Path

from sandbox.phone.field.reader_service import ReaderService


def probe(environment: dict[str, str], deadline_s: float, *names: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "sandbox.phone.field.reader_probe", str(deadline_s), *names]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_ends_when_the_readers_are_offered(reader_service: ReaderService) -> None:
    names = [reader.name for reader in reader_service.readers]
    assert probe(reader_service.environment, 30, *names).returncode == 0


def test_it_says_what_is_offered_instead(reader_service: ReaderService) -> None:
    done = probe(reader_service.environment, 0, "another reader")
    assert done.returncode == 1
    assert all(reader.name in done.stderr for reader in reader_service.readers)


def test_it_says_that_no_service_answers(tmp_path: Path) -> None:
    done = probe({"PCSCLITE_CSOCK_NAME": str(tmp_path / "nothing")}, 0, "a reader")
    assert (done.returncode, done.stderr) == (1, "readers offered: none\n")
