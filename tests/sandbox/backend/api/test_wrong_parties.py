# SPDX-License-Identifier: Apache-2.0
"""Each call of the backend by each party: the table of `docs/security.md` says who may, and everybody else is refused.

By enumeration over that table, which has a row for every call of the contract (tests/contracts): a new call whose cell
says something that is not known here fails.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from pengpos.keys.software import SoftwareKey
from sandbox.backend.records.tables import BackendRole
from tests.support.backend import Shop
from tests.support.contract_page import cells, section
from tests.support.request_signing import Signing

PAGE = (Path(__file__).parents[4] / "docs" / "security.md").read_text(encoding="utf-8")
_CALL = re.compile(r"`([A-Z]+) (/[^`?]*)`")
REFUSALS: Final = {(401, "token"), (401, "signature"), (403, "revoked"), (403, "role_needed")}
VALUES: Final = {
    "intent_id": "019b76da-a800-7000-8000-000000000002",
    "business_date": "2026-01-01",
    "review_id": "1",
    "alarm_id": "1",
    "level": "stores",
}
EVERYBODY: Final = "everybody"
WHO_MAY: Final[dict[str, frozenset[str]]] = {
    "anybody": frozenset({EVERYBODY}),
    "who knows the address": frozenset({EVERYBODY}),
    "who knows the id": frozenset(
        {"stranger", "stranger's key", "terminal", "revoked terminal", "shopper"}
    ),  # no token
    "a fresh key": frozenset({EVERYBODY}),  # its key and its code are in the body: test_enrolment.py
    "any terminal": frozenset({"terminal", "revoked terminal"}),
    "trading terminal": frozenset({"terminal"}),
    "shopper": frozenset({"shopper"}),
    "member": frozenset({"shopper"}),
    "the friend asked": frozenset({"shopper"}),
    "support": frozenset({"support", "risk", "admin"}),
    "risk": frozenset({"risk", "admin"}),
    "admin": frozenset({"admin"}),
}
"""By how the cell begins: the parties of this test that are let in."""
KEPT_OPEN: Final = "GET /v1/terminal/events"
"""Its answer does not end: who may is looked at by tests/sandbox/backend/kernel/test_events.py."""

Send = Callable[[httpx.Request], httpx.Request]


def rows() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Method and path of each call, with values put in, and who may."""
    for line in section(PAGE, "## Calls of the backend's API").splitlines():
        row = cells(line)
        match = _CALL.fullmatch(row[0]) if row else None
        if match is None:
            continue
        who = [may for word, may in WHO_MAY.items() if re.match(rf"{word}\b", row[1])]
        assert len(who) == 1, f"{row[0]}: {row[1]}"
        path = re.sub(r"\{(\w+)\}", lambda name: VALUES.get(name[1], "x"), match[2])
        yield match[1], path, who[0]


def by_token(token: str) -> Send:
    def send(request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return send


def by_key(key: SoftwareKey, now: int) -> Send:
    def send(request: httpx.Request) -> httpx.Request:
        Signing(signer=key, created=now).apply(request)
        return request

    return send


def nothing(request: httpx.Request) -> httpx.Request:
    return request


def ways_of(shop: Shop) -> dict[str, Send]:
    """How each party makes a call its own."""
    now, till, revoked = shop.clock.now(), shop.till(), shop.till()
    assert shop.operator.call("POST", f"/terminals/{revoked.terminal_id}/revoke").status_code == 204
    return {
        "stranger": nothing,
        "false token": by_token("guessed"),
        "stranger's key": by_key(SoftwareKey.generate(), now),
        "terminal": by_key(till.key, now),
        "revoked terminal": by_key(revoked.key, now),
        "shopper": by_token(shop.wallet().token),
        **{role.value: by_token(shop.colleague(role.value).token) for role in BackendRole},
    }


PARTIES = (
    "stranger", "false token", "stranger's key", "terminal", "revoked terminal", "shopper", "support", "risk", "admin",
)  # fmt: skip


@pytest.mark.parametrize("party", PARTIES)
def test_each_call_lets_in_who_may_and_nobody_else(shop: Shop, party: str) -> None:
    ways = ways_of(shop)
    assert set(ways) == set(PARTIES)
    wrong: dict[str, object] = {}
    asked = 0
    for method, path, who in rows():
        may = party in who or EVERYBODY in who
        if may and f"{method} {path}" == KEPT_OPEN:
            continue
        content = None if method in {"GET", "DELETE"} else b"{}"
        headers = None if content is None else {"Content-Type": "application/json"}
        request = shop.http.build_request(method, path, content=content, headers=headers)
        answer = shop.http.send(ways[party](request))
        problem = answer.headers["content-type"] == "application/problem+json" and answer.json()["code"]
        if ((answer.status_code, problem) in REFUSALS) == may:
            wrong[f"{method} {path}"] = (answer.status_code, problem)
        asked += 1
    assert wrong == {}
    assert asked > 60
