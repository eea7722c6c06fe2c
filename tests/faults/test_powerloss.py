# SPDX-License-Identifier: Apache-2.0
"""The power fails at any point: what was acknowledged is there, the chain is whole, the next sale can be taken.

The mutants show that the judge can fail.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.disk import Disk
from tests.faults.iotrace import Call, Op
from tests.faults.powerloss import campaign, record


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_cut_loses_what_was_acknowledged(
    tmp_path: Path, shim: Path, record_property: Callable[[str, object], None], seed: int, *, everywhere: bool
) -> None:
    sales, images = (60, 3_000) if everywhere else (12, 120)
    verdicts = campaign(record(tmp_path, shim, sales=sales), tmp_path, images=images, seed=seed)
    record_property("faults", {"power lost": verdicts.images})
    record_property("wrong", {"lost": verdicts.wrong.total()})
    assert verdicts.examples == []
    assert verdicts.images >= images - 1


@pytest.mark.parametrize(
    ("setting", "says"),
    [("synchronous=NORMAL", {"lost"}), ("synchronous=OFF", {"lost", "JournalForeignError"})],
    ids=["NORMAL", "OFF"],
)
def test_the_judge_sees_a_wrong_setting(tmp_path: Path, shim: Path, setting: str, says: set[str]) -> None:
    verdicts = campaign(record(tmp_path, shim, sales=12, settings=(setting,)), tmp_path, images=60)
    assert set(verdicts.wrong) >= says
    assert verdicts.wrong.total() >= 10


def test_an_acknowledgement_costs_one_sync(tmp_path: Path, shim: Path) -> None:
    syncs, folding, counted = 0, False, []
    for call in record(tmp_path, shim, sales=12):
        if call.path.endswith("acknowledged"):
            counted.append(0 if folding else syncs)
            syncs, folding = 0, False
        syncs += call.op is Op.SYNC
        # Making a journal, folding its log and beginning the log anew have syncs of their own.
        begins_log = call.path.endswith("-wal") and call.op is Op.WRITE and call.offset == 0
        folding = folding or begins_log or not call.path.endswith(("-wal", ".head", "acknowledged"))
    # Fewer syncs than acknowledgements: what waited together was synced together.
    assert len(counted) / 4 < sum(counted) <= len(counted)


def images(*calls: Call, tries: int = 200) -> list[dict[str, bytes]]:
    """What `tries` cuts after these calls leave."""
    found: list[dict[str, bytes]] = []
    disk, chance = Disk(), random.Random(1)
    for call in calls:
        disk.follow(call)
    for _ in range(tries):
        image = disk.image(chance)
        if image not in found:
            found.append(image)
    return found


def write(name: str, offset: int, data: bytes) -> Call:
    return Call(Op.WRITE, f"/d/{name}", offset, data)


SYNC_A, SYNC_DIR = Call(Op.SYNC, "/d/a", 0, b""), Call(Op.SYNC, "/d", 0, b"")
TWO_SECTORS = b"1" * 512 + b"2" * 512


@pytest.mark.parametrize(
    ("calls", "possible"),
    [
        ([write("a", 0, b"x")], [{}, {"a": b""}, {"a": b"x"}]),
        ([write("a", 0, b"x"), SYNC_A], [{}, {"a": b"x"}]),
        ([write("a", 0, b"x"), SYNC_A, SYNC_DIR], [{"a": b"x"}]),
        ([write("a", 0, b"x"), SYNC_A, SYNC_DIR, write("a", 0, b"y")], [{"a": b"x"}, {"a": b"y"}]),
        (
            [write("a", 0, b"x"), SYNC_A, SYNC_DIR, Call(Op.RENAME, "/d/a", 0, b"/d/b")],
            [{"a": b"x"}, {"b": b"x"}],
        ),
        ([write("a", 0, b"x"), SYNC_A, SYNC_DIR, Call(Op.UNLINK, "/d/a", 0, b"")], [{"a": b"x"}, {}]),
        (
            [write("a", 0, b"xy"), SYNC_A, SYNC_DIR, Call(Op.TRUNCATE, "/d/a", 1, b"")],
            [{"a": b"xy"}, {"a": b"x"}],
        ),
        (
            [write("a", 0, b""), SYNC_A, SYNC_DIR, write("a", 0, TWO_SECTORS)],
            [{"a": b""}, {"a": TWO_SECTORS}, {"a": b"1" * 512}, {"a": bytes(512) + b"2" * 512}],
        ),
    ],
    ids=["new", "synced", "name synced too", "overwritten", "renamed", "unlinked", "truncated", "torn"],
)
def test_the_model_of_the_disk(calls: list[Call], possible: list[dict[str, bytes]]) -> None:
    found = images(*calls)
    assert all(image in possible for image in found)
    assert all(image in found for image in possible)
