# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a request, in words for its author: no type of Python, no text of an exception."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from pengpos.client import NewSale
from terminal.api.validation import QUOTED_MOST, listed, quoted, what_is_wrong


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A body with one member of each kind."""

    amount: int
    ways: list[str] = []
    note: str | None = None
    parked: bool = False
    side: Literal["left", "right"] = "left"
    tip: Annotated[int, msgspec.Meta(ge=0)] = 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[]", "the request must be an object, not a list"),
        ("{}", "amount is missing"),
        ('{"amount": "18.80"}', "amount must be a whole number, not text"),
        ('{"amount": 18.8}', "amount must be a whole number, not a number with a fraction"),
        ('{"amount": null}', "amount must be a whole number, not null"),
        ('{"amount": 1, "parked": 1}', "parked must be true or false, not a whole number"),
        ('{"amount": 1, "note": []}', "note must be text or null, not a list"),
        ('{"amount": 1, "ways": [7]}', "a member of ways must be text, not a whole number"),
        ('{"amount": 1, "ways": {}}', "ways must be a list, not an object"),
        (
            '{"amount": 1, "amuont": 2}',
            "“amuont” is no member of this request: it has amount, ways, note, parked, side, tip",
        ),
        ('{"amount": 1, "side": "up"}', "side cannot be “up”"),
        ('{"amount": 1, "tip": -1}', "a member has a value that it cannot have"),
    ],
)
def test_what_is_wrong_is_said_in_words(body: str, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Asked)
    assert what_is_wrong(caught.value, Asked) == said


@pytest.mark.parametrize("body", ['{"amount": "x"}', '{"amount": {}}', "{}", "[]", "7", '{"nonsense": 1}'])
def test_no_sentence_about_a_sale_speaks_python(body: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=NewSale)
    said = what_is_wrong(caught.value, NewSale)
    assert not any(word in said for word in ("`", "int", "str", "Expected", "Object", "$"))


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "“”"), ("a", "“a”"), ("a" * QUOTED_MOST, f"“{'a' * QUOTED_MOST}”"), ("b" * 5_000, f"“{'b' * QUOTED_MOST}…”")],
    ids=["empty", "short", "just fits", "long"],
)
def test_what_was_sent_is_cut_before_it_is_said_back(text: str, said: str) -> None:
    assert quoted(text) == said


def test_words_in_their_order() -> None:
    words: Any = iter(["day", "state"])
    assert listed(words) == "day, state"
