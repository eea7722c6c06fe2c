# SPDX-License-Identifier: Apache-2.0
"""The contract pages say what is served, both ways: calls, fields, words. Codes: `test_pages_and_codes.py`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.routing import Route

from pengpos.client import (
    AlarmView,
    DayReport,
    DayView,
    NewSale,
    NewSession,
    QueueView,
    ReasonView,
    RefundView,
    SaleView,
    ScreenReport,
    SessionView,
    Status,
)
from pengpos.core.authority.roles import DEFAULT_ROLES
from pengpos.core.effects import AlarmKind
from pengpos.core.risk import Cap
from pengpos.core.sale import DueState, Notice, Prompt, SaleState
from pengpos.wire.encoding.cose import Context
from sandbox.backend.intents.trial_amounts import Ending
from sandbox.backend.records.tables import AlarmKind as BackendAlarmKind
from sandbox.backend.records.tables import EventKind
from sandbox.backend.terminals.policy import DEFAULT_RISK
from terminal.api.local_api import SEARCHED_BY, CancelCall, CodeCall, DayCall, LocalApi, RefundCall
from tests.support.backend import the_contract
from tests.support.contract_page import (
    NOT_BUILT,
    Choice,
    Fields,
    Word,
    calls,
    rows_of_words,
    section,
    shapes,
    variables_blank,
)
from tests.support.contract_schema import Comparison, Schema, Side

ROOT = Path(__file__).parents[2]
SPEC = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "spec").glob("*.md"))}
BACKEND, LOCAL, TAP = SPEC["backend-api.md"], SPEC["local-api.md"], SPEC["tap-protocol.md"]

BACKEND_CALLS = {row.call: row for row in calls(BACKEND)}
LOCAL_CALLS = {row.call: row for row in calls(LOCAL)}
PAGES_OF_PHONES = frozenset({"GET /t/ID", "GET /t#P", "GET /r/TOKEN"})
"""Addresses of documents, which no OpenAPI has."""

LOCAL_BODIES: Mapping[str, type[msgspec.Struct]] = {
    "POST /v1/sales": NewSale,
    "POST /v1/sales/{}/cancel": CancelCall,
    "POST /v1/sales/{}/confirmation-code": CodeCall,
    "POST /v1/sales/{}/refunds": RefundCall,
    "POST /v1/day/close": DayCall,
    "POST /v1/operators/session": NewSession,
    "POST /v1/screen": ScreenReport,
}
LOCAL_ANSWERS: Mapping[str, type[msgspec.Struct]] = {
    "GET /v1/status": Status,
    "POST /v1/sales": SaleView,
    "GET /v1/sales/{}": SaleView,
    "POST /v1/sales/{}/again": SaleView,
    "POST /v1/sales/{}/park": SaleView,
    "POST /v1/sales/{}/cancel": SaleView,
    "POST /v1/sales/{}/accept-offline": SaleView,
    "POST /v1/sales/{}/confirmation-code": SaleView,
    "POST /v1/sales/{}/refunds": RefundView,
    "GET /v1/day": DayView,
    "POST /v1/day/close": DayReport,
    "POST /v1/operators/session": SessionView,
    "POST /v1/alarms/{}/seen": Status,
}
LOCAL_QUERIES = {"GET /v1/events": {"only"}, "GET /v1/sales": set(SEARCHED_BY)}

# --- what is served ---------------------------------------------------------------------------------------------------


def operations() -> dict[str, dict[str, Any]]:
    """The backend's OpenAPI document by call."""
    return {
        f"{method.upper()} {variables_blank(path)}": operation
        for path, found in the_contract().document["paths"].items()
        for method, operation in found.items()
    }


def routes() -> set[str]:
    """The local API's calls."""
    return {
        f"{method} {variables_blank(route.path)}"
        for route in LocalApi.__new__(LocalApi).app().routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def content(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Media types of a body or an answer, with their schemas."""
    found: Mapping[str, Any] = said.get("content", {})
    return {media: each.get("schema", {}) for media, each in found.items()}


def good_answers(operation: Mapping[str, Any]) -> dict[str, Any]:
    return {status: said for status, said in operation["responses"].items() if status.startswith("2")}


def parameters(operation: Mapping[str, Any], place: str) -> set[str]:
    return {found["name"].lower() for found in operation.get("parameters", []) if found["in"] == place}


OPERATIONS, ROUTES = operations(), routes()
SERVED = [pytest.param(call, id=call) for call in OPERATIONS]


def backend_comparison(side: Side) -> Comparison:
    definitions = the_contract().document["components"]["schemas"]
    return Comparison(shapes=shapes(BACKEND), definitions=definitions, side=side)


def local_comparison(struct: type[msgspec.Struct], side: Side) -> tuple[Comparison, Schema]:
    (schema,), definitions = msgspec.json.schema_components([struct])
    return Comparison(shapes=shapes(LOCAL), definitions=definitions, side=side), schema


# --- calls, both ways -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "served"), [(BACKEND, set(OPERATIONS)), (LOCAL, ROUTES)], ids=["backend", "local"])
def test_a_page_has_exactly_the_calls_that_are_served(page: str, served: set[str]) -> None:
    rows = calls(page)
    assert len(rows) == len({row.call for row in rows})
    assert {row.call for row in rows if row.built} == served
    assert {row.call for row in rows if not row.built} & served == set()


@pytest.mark.parametrize("name", [*SPEC, "../wallet-implementers.md", "../till-implementers.md", "../technicians.md"])
def test_every_call_that_prose_names_is_a_row(name: str) -> None:
    page = (ROOT / "docs" / "spec" / name).read_text(encoding="utf-8")
    named = {
        f"{method} {variables_blank(path)}"
        for method, path in re.findall(r"`(GET|POST|PUT|DELETE)\s+(/[^`?\s]*)[^`]*`", page)
    }
    assert named - set(BACKEND_CALLS) - set(LOCAL_CALLS) - PAGES_OF_PHONES == set()


@pytest.mark.parametrize("call", SERVED)
def test_who_may_call_what_is_asked_beside_the_body_and_which_status_comes(call: str) -> None:
    operation, row = OPERATIONS[call], BACKEND_CALLS[call]
    assert row.query == parameters(operation, "query")
    assert row.headers == parameters(operation, "header")
    assert (row.statuses or {"200"}) == set(good_answers(operation))
    open_to_all = "security" not in operation
    assert open_to_all is (row.note in {"(no token)", "(no signature)"})


@pytest.mark.parametrize("call", sorted(ROUTES))
def test_what_the_local_api_is_asked_beside_the_body(call: str) -> None:
    assert LOCAL_CALLS[call].query == LOCAL_QUERIES.get(call, set())


# --- fields, both ways ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", SERVED)
def test_the_page_has_exactly_the_fields_of_a_body(call: str) -> None:
    body, written = content(OPERATIONS[call].get("requestBody", {})), BACKEND_CALLS[call].body
    assert (written is None) is (body == {})
    if written is not None:
        compared = backend_comparison(Side.REQUEST).differences(written, body["application/json"], "body")
        assert list(compared) == []


@pytest.mark.parametrize("call", SERVED)
def test_the_page_has_exactly_the_fields_of_an_answer(call: str) -> None:
    (answer,), written = good_answers(OPERATIONS[call]).values(), BACKEND_CALLS[call].answer
    told = content(answer)
    assert (written is None) is (told == {})
    if isinstance(written, Word) and "/" in written.name:
        assert written.name in told
    elif written is not None:
        side = Side.MIXED_ANSWER if "/admin/" in call else Side.TERSE_ANSWER
        assert list(backend_comparison(side).differences(written, told["application/json"], "answer")) == []


@pytest.mark.parametrize("call", LOCAL_BODIES)
def test_the_page_has_exactly_the_fields_of_a_local_body(call: str) -> None:
    comparison, schema = local_comparison(LOCAL_BODIES[call], Side.REQUEST)
    written = LOCAL_CALLS[call].body
    assert written is not None
    assert list(comparison.differences(written, schema, "body")) == []


def test_no_other_local_call_has_a_body() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "terminal").rglob("*.py")]
    read = {name for source in sources for name in re.findall(r"read_body\(request, (\w+)\)", source)}
    assert read == {struct.__name__ for struct in LOCAL_BODIES.values()}
    assert {call for call, row in LOCAL_CALLS.items() if row.body is not None} == set(LOCAL_BODIES)


@pytest.mark.parametrize("call", LOCAL_ANSWERS)
def test_the_page_has_exactly_the_fields_of_a_local_answer(call: str) -> None:
    comparison, schema = local_comparison(LOCAL_ANSWERS[call], Side.FULL_ANSWER)
    written = LOCAL_CALLS[call].answer
    assert written is not None
    assert list(comparison.differences(written, schema, "answer")) == []


def shapes_with_a_currency(definitions: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Each shape that names a currency, but for what only a request says (a change, a new one, a report)."""
    asked = re.compile(r"^(New\w+|\w*(Request|Report|TopUp|Campaign|RiskPolicy|Deposit))$")
    return {
        name: found["properties"]
        for name, found in definitions.items()
        if "currency" in found.get("properties", {}) and not asked.match(name)
    }


@pytest.mark.parametrize("side", ["backend", "local"])
def test_digits_stand_beside_every_currency_that_is_answered(side: str) -> None:
    structs = list(LOCAL_ANSWERS.values())
    definitions = (
        the_contract().document["components"]["schemas"]
        if side == "backend"
        else msgspec.json.schema_components(structs)[1]
    )
    found = shapes_with_a_currency(definitions)
    assert len(found) >= (16 if side == "backend" else 5)
    assert [name for name, fields in found.items() if fields.get("currency_digits", {}).get("type") != "integer"] == []


@pytest.mark.parametrize(("name", "struct"), [("Queue", QueueView), ("Alarm", AlarmView)])
def test_shapes_that_stand_inside_answers(name: str, struct: type[msgspec.Struct]) -> None:
    comparison, schema = local_comparison(struct, Side.FULL_ANSWER)
    assert list(comparison.differences(Word(name), schema, name)) == []


def first_words(text: str) -> set[str]:
    return {name for names, _ in rows_of_words(text) for name in names}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([found.name for found in msgspec.structs.fields(SaleView)], id="a sale"),
        pytest.param([found.name for found in msgspec.structs.fields(ReasonView)], id="a reason"),
        pytest.param([prompt.value for prompt in Prompt], id="prompts"),
        pytest.param([notice.value for notice in Notice], id="notices"),
        pytest.param([cap.value for cap in Cap], id="caps"),
        pytest.param([state.value for state in DueState], id="dues"),
    ],
)
def test_the_local_page_says_what_each_field_and_word_of_a_sale_means(names: list[str]) -> None:
    assert sorted(set(names) - first_words(section(LOCAL, "## A sale"))) == []


def test_every_state_of_a_sale_is_in_the_table() -> None:
    assert set(SaleState) - set(re.findall(r"`([a-z_]+)`", section(LOCAL, "### States"))) == set()


def test_the_local_page_says_what_there_is_to_search_by() -> None:
    searching = LOCAL.partition("- **Search**")[2].partition("\n- ")[0]
    assert set(re.findall(r"`([a-z]+)`", searching)) - {"next"} == set(SEARCHED_BY)


def test_the_local_page_says_which_role_each_action_needs() -> None:
    written = {
        name: set(re.findall(r"`([a-z_]+)`", needs)) or None
        for names, (_call, needs) in rows_of_words(section(LOCAL, "### Operators"))
        for name in names
    }
    assert written == {action.value: needed and set(needed) for action, needed in DEFAULT_ROLES.items()}


# --- words, both ways -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "words"),
    [
        pytest.param(first_words(section(BACKEND, "### Enrolment and documents")), set(EventKind), id="events"),
        pytest.param(first_words(section(BACKEND, "### Risk policy")) - {"Risk"}, {*DEFAULT_RISK, "apdu_turnaround_ms"},
                     id="risk policy"),
        pytest.param(set(re.findall(r"`\.(\d\d)`", BACKEND)), {f"{ending:02d}" for ending in Ending}, id="endings"),
        pytest.param(set(re.findall(r"`([a-z-]+)`", TAP.partition("`external_aad` is")[2].partition(", so that")[0])),
                     set(Context), id="contexts"),
    ],
)  # fmt: skip
def test_the_page_has_exactly_these_words(told: set[str], words: set[str]) -> None:
    assert {word for word in told if not word.startswith(("GET ", "POST "))} == words


def test_the_shape_of_a_risk_policy_is_what_may_be_set_of_it() -> None:
    risk, change = shapes(BACKEND)["Risk"], shapes(BACKEND)["RiskChange"]
    assert isinstance(risk, Fields)
    assert isinstance(change, Fields)
    assert {name for name, member in risk.members.items() if not member.optional} == set(DEFAULT_RISK)
    assert {name: member.type for name, member in risk.members.items()} == {
        name: member.type for name, member in change.members.items()
    }


_UNITS = {"h": 3_600, "days": 86_400}


def plain(written: str) -> int | str:
    """A number of the page in minor units or seconds: ``2,000.00``, ``24 h``, ``10``; words stay."""
    number, _, unit = written.replace(",", "").partition(" ")
    if not number[0].isdigit():
        return written
    return int(number.replace(".", "")) * _UNITS.get(unit, 1)


def test_the_page_says_what_a_risk_policy_is_unless_set() -> None:
    written = {
        name: plain(value)
        for names, cells in rows_of_words(section(BACKEND, "### Risk policy"))
        for name, value in zip(names, cells[-1].split(", "), strict=False)
    }
    assert {name: value for name, value in written.items() if name in DEFAULT_RISK} == DEFAULT_RISK


def test_every_posting_is_explained() -> None:
    kinds = shapes(BACKEND)["PostingKind"]
    assert isinstance(kinds, Choice)
    explained = {names[0] for names, _ in rows_of_words(section(BACKEND, "## Operator side, `/admin/v1`"))}
    assert set(kinds.words) - explained == set()


@pytest.mark.parametrize(
    ("page", "kinds"), [(BACKEND, set(BackendAlarmKind)), (LOCAL, set(AlarmKind))], ids=["backend", "local"]
)
def test_every_alarm_is_on_the_page(page: str, kinds: set[str]) -> None:
    assert kinds - set(re.findall(r"`([a-z_]+)`", page)) == set()


# --- versions and marks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPEC)
def test_a_page_has_a_version_and_says_last_what_changed_in_it(name: str) -> None:
    page = SPEC[name]
    version = re.search(r"\AVersion (\d+\.\d+, \d{4}-\d\d-\d\d)\. ", "\n".join(page.splitlines()[2:]))
    assert version is not None
    changes = section(page, "## Changes")
    assert re.findall(r"^### (.+)$", changes, re.MULTILINE)[0] == version[1]
    assert "works unchanged" in changes
    assert page.rstrip().endswith(changes.rstrip())


@pytest.mark.parametrize("name", SPEC)
def test_a_page_explains_its_mark_and_lists_what_is_not_built(name: str) -> None:
    page = SPEC[name]
    assert f"**{NOT_BUILT}**" in page.partition("\n## ")[0]
    listed = section(page, "## Not built")
    assert len(listed.splitlines()) > 4
    assert [
        row.call for row in calls(page) if not row.built and row.call.split()[1].split("/{}")[0] not in listed
    ] == []
