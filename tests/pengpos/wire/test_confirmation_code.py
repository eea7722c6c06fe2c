# SPDX-License-Identifier: Apache-2.0
"""The confirmation code, digit by digit (tap protocol §3)."""

import pytest

from pengpos.wire.confirmation_code import confirmation_code

SECRET, INTENT_ID = b"\x11" * 32, bytes.fromhex("019b76df3be070008000000000000005")


def test_a_code_has_eight_digits_leading_zeros_kept() -> None:
    assert confirmation_code(SECRET, INTENT_ID, 50_00) == "05712408"


def test_a_code_belongs_to_secret_intent_and_total() -> None:
    codes = {
        confirmation_code(SECRET, INTENT_ID, 50_00),
        confirmation_code(SECRET, INTENT_ID, 50_01),
        confirmation_code(SECRET, INTENT_ID[::-1], 50_00),
        confirmation_code(b"\x12" * 32, INTENT_ID, 50_00),
    }
    assert len(codes) == 4


@pytest.mark.parametrize(
    ("secret", "intent_id"), [(SECRET[:-1], INTENT_ID), (SECRET, INTENT_ID[:-1]), (b"", INTENT_ID)]
)
def test_wrong_sizes_are_a_mistake_of_ours(secret: bytes, intent_id: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        confirmation_code(secret, intent_id, 1)
