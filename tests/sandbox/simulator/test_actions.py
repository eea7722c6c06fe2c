# SPDX-License-Identifier: Apache-2.0
"""What the page may send: each action by its exact JSON, and everything else refused, unknown fields too."""

import json
from typing import Any, get_args
from uuid import UUID

import pytest
from pydantic import ValidationError

from sandbox.simulator.actions import ACTION, Action, Bring, Decide, Due, Scan, Switch, Take, Wipe, Wish
from sandbox.simulator.moments import Moment

INTENT = "01a202f9-2a00-7000-8000-000000000001"
LIN: dict[str, Any] = {"phone": "Lin"}
ACTIONS: list[tuple[dict[str, Any], Action]] = [
    ({"do": "bring", **LIN}, Bring(do="bring", phone="Lin")),
    ({"do": "take", **LIN}, Take(do="take", phone="Lin")),
    ({"do": "wipe", **LIN}, Wipe(do="wipe", phone="Lin")),
    ({"do": "scan", **LIN}, Scan(do="scan", phone="Lin")),
    ({"do": "wish", **LIN}, Wish(do="wish", phone="Lin")),
    ({"do": "decide", **LIN, "agrees": True}, Decide(do="decide", phone="Lin", agrees=True)),
    (
        {"do": "due", **LIN, "intent": INTENT, "pays": False},
        Due(do="due", phone="Lin", intent=UUID(INTENT), pays=False),
    ),
    ({"do": "switch", "what": "link", "to": "breaks"}, Switch(do="switch", what="link", to="breaks")),
]


def test_each_action_has_an_example_here() -> None:
    assert {type(action) for _, action in ACTIONS} == set(get_args(Action))


@pytest.mark.parametrize(("sent", "action"), ACTIONS, ids=lambda value: getattr(value, "do", ""))
def test_each_action_is_read(sent: dict[str, Any], action: Action) -> None:
    assert ACTION.validate_json(json.dumps(sent)) == action


@pytest.mark.parametrize("sent", [sent for sent, _ in ACTIONS], ids=lambda sent: sent["do"])
def test_an_unknown_field_is_refused(sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="balance"):
        ACTION.validate_json(json.dumps({**sent, "balance": 9}))


@pytest.mark.parametrize(
    ("sent", "left_out"),
    [
        pytest.param(sent, name, id=f"{sent['do']} without {name}")
        for sent, action in ACTIONS
        for name, field in type(action).model_fields.items()
        if field.is_required()
    ],
)
def test_no_field_may_be_left_out(sent: dict[str, Any], left_out: str) -> None:
    with pytest.raises(ValidationError):
        ACTION.validate_json(json.dumps({name: value for name, value in sent.items() if name != left_out}))


@pytest.mark.parametrize(
    "changes",
    [
        {"locked": True}, {"asks_first": False}, {"says_no": True}, {"network": False}, {"lies": True},
        {"tip_minor": 0}, {"tip_minor": 100_000}, {"locked": None},
        *({"moment": moment.value} for moment in Moment),
    ],
    ids=str,
)  # fmt: skip
def test_a_wish_changes_what_it_names(changes: dict[str, Any]) -> None:
    wish = ACTION.validate_json(json.dumps({"do": "wish", **LIN, **changes}))
    kept = {name: value for name, value in changes.items() if value is not None}
    assert wish.model_dump(exclude={"do", "phone"}, exclude_none=True) == kept


@pytest.mark.parametrize(
    "sent",
    [
        None, [], "bring", {}, {"do": "fly", **LIN}, {"do": None, **LIN}, {"do": "Bring", **LIN},
        {"do": "bring", "phone": 1}, {"do": "bring", "phone": "x" * 33}, {"do": "bring", "phone": None},
        {"do": "decide", **LIN, "agrees": 1}, {"do": "decide", **LIN, "agrees": "true"},
        {"do": "due", **LIN, "intent": "1", "pays": True}, {"do": "due", **LIN, "intent": INTENT, "pays": "yes"},
        {"do": "wish", **LIN, "tip_minor": -1}, {"do": "wish", **LIN, "tip_minor": 100_001},
        {"do": "wish", **LIN, "tip_minor": 0.88}, {"do": "wish", **LIN, "tip_minor": "88"},
        {"do": "wish", **LIN, "tip_minor": True}, {"do": "wish", **LIN, "moment": "later"},
        {"do": "wish", **LIN, "locked": 0},
        {"do": "switch", "what": "power", "to": "off"}, {"do": "switch", "what": "link", "to": True},
        {"do": "switch", "what": "link", "to": "on", **LIN},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_what_is_no_action_is_refused(sent: object) -> None:
    with pytest.raises(ValidationError):
        ACTION.validate_json(json.dumps(sent))


@pytest.mark.parametrize("text", [b"", b"{", b'{"do": "take", "phone": "\xff"}'], ids=["empty", "cut", "no UTF-8"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValidationError):
        ACTION.validate_json(text)
