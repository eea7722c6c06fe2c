# SPDX-License-Identifier: Apache-2.0
"""Ids and tokens: what people read aloud has no letters that look alike, an intent id has two spellings."""

import re
from uuid import UUID

import pytest

from pengpos.core.errors import MalformedError
from sandbox.backend.records import ids

INTENT = UUID("01906000-0000-7000-8000-000000000001")


def test_what_is_read_aloud_has_no_look_alikes() -> None:
    said = "".join(ids.short_id("T", 60) + ids.activation_code() for _ in range(20)).replace("-", "").replace("T", "")
    assert set(said) <= set("23456789ABCDEFGHJKLMNPQRSUVWXYZ")


@pytest.mark.parametrize(
    ("made", "form"),
    [
        (ids.short_id("T"), r"T-\w{8}"),
        (ids.short_id("w", 12), r"w-\w{12}"),
        (ids.activation_code(), r"\w{4}-\w{4}-\w{4}"),
        (ids.token_128(), r"[\w-]{22}"),
        (ids.token_hash("a token"), r"[0-9a-f]{64}"),
    ],
    ids=["terminal", "pseudonym", "activation code", "token", "hash"],
)
def test_each_has_its_form(made: str, form: str) -> None:
    assert re.fullmatch(form, made)


@pytest.mark.parametrize("text", [str(INTENT), str(INTENT).upper(), "AZBgAAAAcACAAAAAAAAAAQ"])
def test_an_intent_id_is_read_in_both_spellings(text: str) -> None:
    assert ids.parse_intent_id(text) == INTENT


@pytest.mark.parametrize("text", ["", "AZBgAAAAcACAAAAAAAAA", str(INTENT)[:-1], f"{{{INTENT}}}", f"{INTENT}\n"])
def test_what_is_no_intent_id_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        ids.parse_intent_id(text)


@pytest.mark.parametrize("name", [str(INTENT), str(INTENT).upper(), "AZBgAAAAcACAAAAAAAAAAQ"])
def test_a_terminal_may_stand_behind_either_spelling(name: str) -> None:
    assert ids.parse_reference(name) == ids.IntentReference(str(INTENT), None)
    assert ids.parse_reference(f"{name}.T-23456789") == ids.IntentReference(str(INTENT), "T-23456789")


@pytest.mark.parametrize("terminal_id", ["", ".", "T-1.T-2", "T-2345678901A", "T 1", "T_1", "T-1\n", "碰"])
def test_what_is_no_terminal_id_is_refused(terminal_id: str) -> None:
    with pytest.raises(MalformedError):
        ids.parse_reference(f"{INTENT}.{terminal_id}")


def test_a_key_says_its_intent_id_and_is_never_another_ones() -> None:
    bare, beside = str(INTENT), ids.key_beside(str(INTENT), "T-234567890A")
    assert (ids.intent_id_of_key(bare), ids.intent_id_of_key(beside)) == (bare, bare)
    assert (ids.reference_beside(bare), ids.reference_beside(beside)) == (None, "AZBgAAAAcACAAAAAAAAAAQ.T-234567890A")
    assert len(beside) <= len(bare)  # the column's length
    with pytest.raises(MalformedError):
        ids.parse_intent_id(beside)
