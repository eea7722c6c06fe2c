# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the counter; other rooms' tests import them."""

from tests.support.counter_fixtures import (
    counter,
    hasty,
    loop,
    phone,
    phones,
    sandbox,
    signs_no_whole_answers,
    two_readers,
)

__all__ = ["counter", "hasty", "loop", "phone", "phones", "sandbox", "signs_no_whole_answers", "two_readers"]
