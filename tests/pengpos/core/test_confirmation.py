# SPDX-License-Identifier: Apache-2.0
"""What could be a confirmation code."""

import pytest

from pengpos.core.confirmation import CODE_DIGITS, is_code
from pengpos.wire.confirmation_code import confirmation_code


@pytest.mark.parametrize(
    ("text", "could_be"),
    [
        ("01234567", True),
        ("0123456", False),
        ("012345678", False),
        ("", False),
        ("0123 567", False),
        ("0123456a", False),
        ("01234567\n", False),
        ("０１２３４５６７", False),
    ],
)
def test_what_could_be_a_code(text: str, could_be: bool) -> None:
    assert is_code(text) is could_be


@pytest.mark.parametrize("total_minor", range(0, 2_000, 100))
def test_every_code_is_as_long(total_minor: int) -> None:
    code = confirmation_code(bytes(32), bytes(16), total_minor)
    assert is_code(code)
    assert len(code) == CODE_DIGITS
