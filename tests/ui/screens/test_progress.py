# SPDX-License-Identifier: Apache-2.0
"""What the screen says while a phone pays by the page."""

from typing import Any

import pytest

from tests.ui.scenes import scene_of, texts
from workshop.samples.screens import Sample, ago, local, online, sale


@pytest.mark.parametrize(
    ("left_s", "says"),
    [(43, "剩余43秒"), (600, "剩余10分0秒"), (0, "剩余0秒"), (-5, "剩余0秒")],
    ids=["a minute, begun a while ago", "as long as the backend likes", "over", "over, and not heard of yet"],
)
def test_the_claims_end_is_what_the_snapshot_says(left_s: int, says: str) -> None:
    paying = sale("pending", "cancel", since_s=17, claimed_until=ago(-left_s))
    assert says in [node.text for node in texts(scene_of(Sample(online(paying), local())))]


@pytest.mark.parametrize(
    ("changes", "invites"),
    [
        ({}, True),
        ({"ways": ["qr"]}, False),
        ({"expires_at": ago(1)}, False),
        ({"parked": True, "claimed_until": None}, False),
    ],
    ids=["claimed", "no reader is asked", "no phone may begin any more", "parked"],
)
def test_while_a_page_is_paying_a_phone_at_the_reader_is_invited_too(changes: dict[str, Any], invites: bool) -> None:
    paying = sale("pending", "cancel", **({"claimed_until": ago(-50)} | changes))
    parked = [paying] if paying.parked else []
    scene = scene_of(Sample(online(paying, parked=parked), local(focus=paying.id)))
    assert any("碰一碰" in node.text for node in texts(scene)) is invites
