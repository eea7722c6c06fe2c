# SPDX-License-Identifier: Apache-2.0
"""What a screen knows when it starts, and which of it can be seen."""

from dataclasses import FrozenInstanceError, replace

import pytest

from tests.ui.scenes import scene_of
from ui.actions import AddItem, Do, Key, Press
from ui.state.calls import StartSale
from ui.state.entry import Entry
from ui.state.local import Daemon, Left, LocalState, Page, Trouble
from workshop.samples.screens import IDLE, ITEMS, NOW, Sample, local

TYPED = local(entry=Entry(currency="CNY", typed="18.80"), items=ITEMS)


def test_a_screen_starts_without_a_daemon_and_with_nothing_typed() -> None:
    fresh = LocalState(now=NOW, size=(800, 480))
    assert (fresh.daemon, fresh.page, fresh.entry.minor, fresh.code) == (Daemon.STARTING, Page.SALE, 0, "")
    assert (fresh.sale_key, fresh.calling, fresh.trouble, fresh.left, fresh.focus) == ("", None, None, None, None)
    assert fresh == LocalState(now=NOW, size=(800, 480))


def test_a_state_is_never_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        TYPED.code = "1"  # type: ignore[misc]  # that it cannot be is what is tested


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("now", NOW.replace(hour=15)),
        ("size", (480, 320)),
        ("language", "en"),
        ("daemon", Daemon.AWAY),
        ("page", Page.QUEUE),
        ("entry", Entry(currency="CNY", typed="18.8")),
        ("first_row", 4),
        ("items", ITEMS[:2]),
        ("calling", StartSale(1880, "CNY", "k")),
        ("trouble", Trouble("busy", "")),
        ("pressed", Press(Key.D1)),
        ("pressed", AddItem(0)),
    ],
    ids=str,
)
def test_what_is_seen(field: str, value: object) -> None:
    changed = replace(TYPED, **{field: value})  # type: ignore[arg-type]  # the table names real fields
    assert scene_of(Sample(IDLE, changed)) != scene_of(Sample(IDLE, TYPED))


@pytest.mark.parametrize(
    ("field", "value"),
    [("sale_key", "key-1"), ("code", "12"), ("left", Left("z", "approved")), ("theme", "dark"),
     ("now", NOW.replace(second=59)), ("pressed", Do.SYNC)],
    ids=str,
)  # fmt: skip
def test_what_is_not_seen_while_an_amount_is_typed(field: str, value: object) -> None:
    changed = replace(TYPED, **{field: value})  # type: ignore[arg-type]  # the table names real fields
    assert scene_of(Sample(IDLE, changed)) == scene_of(Sample(IDLE, TYPED))
