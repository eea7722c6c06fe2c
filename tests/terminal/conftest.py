# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the counter, where a whole terminal says more than its parts."""

from tests.support.counter_fixtures import blank, counter, daemon, enrolled, hasty, loop, phone, phones, sandbox

__all__ = ["blank", "counter", "daemon", "enrolled", "hasty", "loop", "phone", "phones", "sandbox"]
