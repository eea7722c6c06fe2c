# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench backend`: every round is measured against a true backend, and one that refuses is no figure."""

from pathlib import Path

import pytest

from workshop.bench import backend


def test_every_round_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TERMINALS": 1, "WALLETS": 1, "WARM_UP": 1, "BATCH": 2, "FLOOR_ROUNDS": 2}.items():
        monkeypatch.setattr(backend, name, value)
    lines = list(backend.run(tmp_path, payments=2, database=None))
    rounds = ["the floor", "1 at a time", "8 at a time", "32 at a time", "a batch of 2", "goals"]
    assert [line.strip().startswith(one) for line, one in zip(lines, rounds, strict=True)] == [True] * len(rounds)
    assert all("KiB written to files" in line for line in lines[1:-1])
