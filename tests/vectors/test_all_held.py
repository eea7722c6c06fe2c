# SPDX-License-Identifier: Apache-2.0
"""No case of vectors.json stands there without a test of the terminal's or, of a wallet's own, the phone's."""

from tests.vectors import every_id, test_answers, test_requests, test_vectors, test_wallet_words

HOLDING = (test_vectors, test_answers, test_requests, test_wallet_words)


def test_every_case_of_the_file_is_held() -> None:
    tests = [test for module in HOLDING for test in vars(module).values()]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", ())]
    held = {str(param.id) for mark in marks if mark.args[0] == "case" for param in mark.args[1]}
    assert held == every_id()
    assert len(held) > 100
