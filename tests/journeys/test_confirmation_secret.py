# SPDX-License-Identifier: Apache-2.0
"""The confirmation secret is renewed without a shopper left with a code that is none. Source: backend API."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from offline_queue.journal.files import set_aside
from pengpos.client import SaleView
from pengpos.keys.software import SoftwareKey
from pengpos.keys.two_copies import copy_of
from pengpos.wire.confirmation_code import confirmation_code
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from terminal.backend.confirmation_secret import ASK_EVERY_S
from tests.support.counter import Counter
from tests.support.road import Obstacle, Pass, loses_the_answer, refuses, says

pytestmark = pytest.mark.usefixtures("signs_no_whole_answers")  # what comes is judged by what is in it

PATH = "/v1/terminal/confirmation-secret"
MONTH_S = 31 * 86_400


def stored(counter: Counter) -> bytes:
    return counter.terminal._backend.confirmation_secrets._stored.newest


def refresh(counter: Counter) -> None:
    counter._loop.run(counter.terminal._upkeep.refresh())


def code_by(secret: bytes, sale: SaleView) -> str:
    return confirmation_code(secret, UUID(sale.intents[-1].intent_id).bytes, sale.amount)


def loses_the_second_answer() -> Obstacle:
    """The new secret arrives; that the backend has been told of it is not heard."""
    lost = loses_the_answer()

    async def obstacle(request: httpx.Request, forward: Pass) -> httpx.Response:
        if request.content == b'{"version":0}':
            return await forward(request)
        return await lost(request, forward)

    return obstacle


def shown(counter: Counter) -> SaleView:
    counter.lose_the_backend()
    return counter.until(counter.present("18.80"), lambda seen: seen.url)


@pytest.fixture
def old(counter: Counter) -> bytes:
    return counter.terminal._device.identity().confirmation_secret


def test_who_read_the_old_secret_computes_nothing_once_it_is_renewed(counter: Counter, old: bytes) -> None:
    counter.pass_time(MONTH_S)
    refresh(counter)
    new = stored(counter)
    assert new != old
    counter.pass_time(1)  # what was signed in the second in which the backend answered may have either
    sale = shown(counter)
    path = f"/v1/sales/{sale.id}/confirmation-code"
    assert counter.refused("POST", path, {"code": code_by(old, sale)}).code == "wrong_code"
    counter.restart()
    assert stored(counter) == new
    assert counter.refused("POST", path, {"code": code_by(old, sale)}).code == "wrong_code"
    assert counter.tell(sale, "confirmation-code", {"code": code_by(new, sale)}).state == "approved"


def test_until_the_backend_has_been_told_either_is_taken(counter: Counter, old: bytes) -> None:
    """It shows codes of the old one, or of the new one if its answer to that was lost."""
    counter.pass_time(MONTH_S)
    counter.road.put(loses_the_second_answer(), "POST", PATH)
    refresh(counter)
    new = stored(counter)
    assert new != old
    for secret in (old, new):
        sale = shown(counter)
        assert counter.tell(sale, "confirmation-code", {"code": code_by(secret, sale)}).state == "approved"


def test_a_journal_set_aside_takes_no_renewed_secret_along(counter: Counter, old: bytes) -> None:
    counter.pass_time(MONTH_S)
    refresh(counter)
    new = stored(counter)
    assert new != old
    for file in (counter.home.last_heard, copy_of(counter.home.last_heard)):
        file.unlink()  # as a version before it left it: written anew at the next start
    counter.road.put(refuses())
    counter.restart()
    counter.close()
    set_aside(counter.home.journal, counter.sandbox.clock)
    counter.open()
    assert stored(counter) == new


def test_a_backend_of_page_1_1_renews_none(counter: Counter, old: bytes) -> None:
    counter.road.put(says(404), "POST", PATH)
    counter.pass_time(MONTH_S)
    refresh(counter)
    assert stored(counter) == old
    sale = shown(counter)
    assert counter.tell(sale, "confirmation-code", {"code": code_by(old, sale)}).state == "approved"


STRANGER = SoftwareKey.generate()


def offered(
    counter: Counter, signer: SoftwareKey | None = None, context: Context = Context.CONFIRMATION, **other: Any
) -> Obstacle:
    """Another server's answer with a document: this terminal's and an issuer's, but for what is said."""
    key = signer or counter.sandbox.backend.issuer.signer
    content = {"terminal_id": counter.terminal_id, "version": 9, "issued_at": "2027-01-15T08:00:00Z",
               "not_after": "2037-01-15T08:00:00Z", "secret": b64u(bytes(32))} | other  # fmt: skip
    raw = sign1(key, context, json.dumps(content).encode(), kid=PublicKey.of(key).kid)
    return says(200, json.dumps({"document": b64u(raw), "in_use": 0}).encode(), "application/json")


BAD: dict[str, dict[str, Any]] = {
    "by a stranger": {"signer": STRANGER},
    "for another terminal": {"terminal_id": "T-OTHER"},
    "signed as something else": {"context": Context.POLICY},
    "too short": {"secret": b64u(bytes(31))},
    "none": {"secret": None},
    "of the version that is stored": {"version": 0},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_secret_that_no_issuer_signed_for_us_is_not_stored(counter: Counter, old: bytes, bad: dict[str, Any]) -> None:
    """A TLS end brings one of its own, or another terminal's."""
    counter.road.put(offered(counter, **bad), "POST", PATH)
    counter.pass_time(ASK_EVERY_S)
    asked = counter.road.count("POST", PATH)
    refresh(counter)
    assert counter.road.count("POST", PATH) > asked
    assert stored(counter) == old


def test_a_good_one_is(counter: Counter) -> None:
    """What the table above is held against."""
    counter.road.put(offered(counter), "POST", PATH, times=1)
    counter.pass_time(ASK_EVERY_S)
    refresh(counter)
    assert stored(counter) == bytes(32)
