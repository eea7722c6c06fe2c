# SPDX-License-Identifier: Apache-2.0
"""What is asked of the operator's side, and how a fault's outcome reads. The rehearsal itself: `make ha`."""

import httpx
import pytest

from workshop.ha.faults import Fault, Kind
from workshop.ha.judging import Booked
from workshop.ha.rehearsal import Outcome, booked_payments

PAGES = {
    None: {"payments": [{"intent_id": "a", "state": "approved", "total": 1}], "next": "a"},
    "a": {
        "payments": [
            {"intent_id": "b", "state": "declined", "total": 2},
            {"intent_id": "c", "state": "approved", "total": 3},
        ],
        "next": None,
    },
}


def test_every_page_of_payments_is_read_and_only_what_was_taken_counts() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=PAGES[request.url.params.get("next")])

    with httpx.Client(base_url="http://operator", transport=httpx.MockTransport(answer)) as operator:
        found = list(booked_payments(operator))
    assert found == [Booked(intent_id="a", total_minor=1), Booked(intent_id="c", total_minor=3)]


@pytest.mark.parametrize(("gap_s", "says"), [(20.0, "within 20 s"), (20.1, "more than 20 s")])
def test_a_gap_stands_beside_its_goal(gap_s: float, says: str) -> None:
    fault = Fault(kind=Kind.KILL_LEADER, lasts_s=8.0, quiet_s=3.0)
    line = Outcome(fault=fault, whom="n2", gap_s=gap_s).line()
    assert line.endswith(f"{gap_s:.1f} s without service, {says}")
    assert "kill the leader" in line
