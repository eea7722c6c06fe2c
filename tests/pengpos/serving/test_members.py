# SPDX-License-Identifier: Apache-2.0
"""JSON whose objects have each member once."""

import pytest

from pengpos.serving.members import SaidTwiceError, read_json


@pytest.mark.parametrize(
    "raw", [b'{"a": 1, "a": 1}', b'{"b": 2, "a": 1, "a": 2}', b'[{"x": {"a": 1, "\\u0061": 2}}]'],
    ids=["the same value", "another value", "written otherwise, further in"],
)  # fmt: skip
def test_a_member_is_not_said_twice(raw: bytes) -> None:
    with pytest.raises(SaidTwiceError) as raised:
        read_json(raw)
    assert raised.value.name == "a"


def test_one_name_in_two_objects_is_two_members() -> None:
    assert read_json(b'{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}') == {"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}


def test_what_is_no_json_is_said_as_json_does() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        read_json(b'{"a": ')
