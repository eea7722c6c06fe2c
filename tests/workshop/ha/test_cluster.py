# SPDX-License-Identifier: Apache-2.0
"""Who leads and whether all follow, as Patroni says; which process is the database's. The cluster itself: `make ha`."""

import os
from pathlib import Path

import pytest

from workshop.ha.cluster import Machine, Members, is_whole, leaders
from workshop.ha.configuration import nodes

LEADS, FOLLOWS = ("leader", "running"), ("quorum_standby", "streaming")


@pytest.mark.parametrize(
    ("members", "lead", "whole"),
    [
        ({"n1": FOLLOWS, "n2": LEADS, "n3": ("replica", "streaming")}, ["n2"], True),
        ({"n1": FOLLOWS, "n2": LEADS, "n3": ("replica", "starting")}, ["n2"], False),
        ({"n1": FOLLOWS, "n2": LEADS}, ["n2"], False),
        ({"n1": FOLLOWS, "n2": ("leader", "stopped"), "n3": FOLLOWS}, [], False),
        ({"n1": FOLLOWS, "n2": FOLLOWS, "n3": FOLLOWS}, [], False),
        ({}, [], False),
    ],
    ids=["whole", "one comes up", "one is gone", "the leader has crashed", "no leader", "none answers"],
)
def test_what_the_members_say(members: Members, lead: list[str], whole: bool) -> None:  # a table's
    assert (leaders(members), is_whole(members, 3)) == (lead, whole)


@pytest.mark.parametrize(
    ("content", "found"),
    [(f"{os.getpid()}\n/data\n", os.getpid()), ("", None), ("none\n", None), ("4194999\n", None), (None, None)],
    ids=["running", "empty", "no number", "gone", "never started"],
)
def test_the_process_of_the_database(content: str | None, found: int | None, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    if content is not None:
        (tmp_path / "data" / "postmaster.pid").write_text(content)
    machine = Machine(nodes("10.0.0")[0], tmp_path)
    assert machine.postmaster() == found
    assert machine.pids() == ([] if found is None else [found])
