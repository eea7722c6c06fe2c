# SPDX-License-Identifier: Apache-2.0
"""Every sample screen can be drawn, and between them they show every page, every state of a sale and every link."""

import pytest

from pengpos.core.money import Money
from pengpos.core.sale import SaleState
from pengpos.core.times import rfc3339
from tests.ui.scenes import scene_of
from ui.drawing.scene import Text
from ui.state.local import Daemon, Page
from workshop.samples.screens import IDLE, NOW, OFFLINE, SAMPLES, Sample, ago, local, offline, online, sale

NOT_ON_A_SCREEN = {SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING, SaleState.SETTLED}
"""Shown by a screen that is another's too: stored, stored, approved."""


@pytest.mark.parametrize("name", SAMPLES)
def test_each_projects_to_a_scene_with_words(name: str) -> None:
    assert any(isinstance(node, Text) and node.text for node in scene_of(SAMPLES[name]).nodes)


def shown_states() -> set[str]:
    return {sample.status.sale.state for sample in SAMPLES.values() if sample.status and sample.status.sale}


def test_every_state_of_a_sale_is_a_states_name() -> None:
    assert shown_states() <= set(SaleState)


def test_every_state_of_a_sale_has_a_screen() -> None:
    assert set(SaleState) - NOT_ON_A_SCREEN <= shown_states()


@pytest.mark.parametrize("page", Page)
def test_every_page_is_there(page: Page) -> None:
    assert [name for name, sample in SAMPLES.items() if sample.local.page is page]


@pytest.mark.parametrize("daemon", Daemon)
def test_every_link_to_the_daemon_is_there(daemon: Daemon) -> None:
    assert [name for name, sample in SAMPLES.items() if sample.local.daemon is daemon]


def test_a_sample_sale_adds_up() -> None:
    for name, sample in SAMPLES.items():
        for one in (sample.status.sale,) if sample.status and sample.status.sale else ():
            assert Money(one.total, one.currency).minor == one.total, name
            assert one.lines == [] or sum(line.amount for line in one.lines if line.kind != "points") == one.total, name


def test_time_counts_back_from_the_samples_now() -> None:
    assert ago(0) == rfc3339(int(NOW.timestamp()))
    assert ago(60) < ago(0) < ago(-60)


def test_changes_reach_what_they_name() -> None:
    one = sale("declined", "again", number="0001-0007")
    assert (one.state, one.can, one.number) == ("declined", ["again"], "0001-0007")
    assert (online(one).link.online, offline(one).link.online) == (True, False)
    assert (online(one).sale, offline(one, alarms=[]).sale, IDLE.sale, OFFLINE.sale) == (one, one, None, None)
    assert Sample(None, local(page=Page.QUEUE)).local.page is Page.QUEUE
