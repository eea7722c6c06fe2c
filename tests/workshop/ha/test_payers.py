# SPDX-License-Identifier: Apache-2.0
"""A terminal that pays without a pause sends the same payment until it is answered for good, and then no more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest

from workshop.bench.backend_parties import PayingTerminal, PayingWallet
from workshop.ha.payers import GIVEN_UP_S, Payer

APPROVED = httpx.Response(200, json={"intent_id": "a", "status": "approved"})
DECLINED = httpx.Response(200, json={"intent_id": "a", "status": "declined", "code": "insufficient_funds"})
HELD = httpx.Response(200, json={"intent_id": "a", "status": "held"})
BUSY = httpx.Response(503, json={"code": "unavailable"})
LOST = httpx.ReadError("gone")


@dataclass
class Script:
    """Answers one after the other, the last one for ever; each call takes `takes_s`."""

    answers: Sequence[httpx.Response | Exception]
    takes_s: float = 1.0
    now_s: float = 0.0
    sent: list[Any] = field(default_factory=list)

    def payment(self, _wallet: PayingWallet) -> dict[str, str]:
        return {"presentation": "the same"}

    def call(self, _method: str, _path: str, body: Any) -> httpx.Response:
        answer = self.answers[min(len(self.sent), len(self.answers) - 1)]
        self.sent.append(body)
        self.now_s += self.takes_s
        if isinstance(answer, Exception):
            raise answer
        return answer


def paid(script: Script) -> Payer:
    payer = Payer("payer", cast("PayingTerminal", script), [], now_s=lambda: script.now_s, pause_s=0.0)
    payer.pay(cast("PayingWallet", None))
    return payer


@pytest.mark.parametrize(
    ("answers", "sent", "acknowledged", "declined"),
    [
        ([APPROVED], 1, [1.0], {}),
        ([BUSY, LOST, HELD, APPROVED], 4, [4.0], {}),
        ([LOST, DECLINED], 2, [], {"a": "insufficient_funds"}),
    ],
    ids=["at once", "after trouble", "declined"],
)
def test_until_it_is_answered_for_good(
    answers: list[httpx.Response | Exception], sent: int, acknowledged: list[float], declined: dict[str, str]
) -> None:
    script = Script(answers)
    payer = paid(script)
    assert script.sent == [{"presentation": "the same"}] * sent
    assert [one.at_s for one in payer.acknowledged] == acknowledged
    assert (payer.declined, payer.sent_again, payer.unanswered) == (declined, sent - 1, 0)


def test_what_is_never_answered_is_given_up_and_counted() -> None:
    script = Script([BUSY], takes_s=10.0)
    assert paid(script).unanswered == 1
    assert len(script.sent) == GIVEN_UP_S / 10.0
