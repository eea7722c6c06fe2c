# SPDX-License-Identifier: Apache-2.0
"""Each sample is a state that the pages' scripts know, and each state they know has a sample.

That each is drawn, and can be read and hit: `tests/sandbox/pages/test_layout.py`.
"""

import json
import re
from typing import Any

import pytest

from pengpos.core.times import parse_rfc3339
from sandbox.pages import STATIC
from workshop.samples.pages import PAY, RECEIPT

ALL = PAY | RECEIPT


def known(script: str) -> set[str]:
    """The kinds that a script has a screen for: the keys of its table SCREENS."""
    text = (STATIC / script).read_text(encoding="utf-8")
    table = re.search(r"SCREENS = \{(.*?)\n\};", text, re.DOTALL)
    assert table is not None, script
    return set(re.findall(r"^  (\w+)[:,(]", table[1], re.MULTILINE))


@pytest.mark.parametrize(("script", "samples"), [("screens.js", PAY), ("receipt_screens.js", RECEIPT)])
def test_samples_and_screens_are_the_same_kinds(script: str, samples: dict[str, dict[str, Any]]) -> None:
    assert {sample["kind"] for sample in samples.values()} == known(script)


def test_no_sample_of_one_page_has_the_name_of_another() -> None:
    assert len(ALL) == len(PAY) + len(RECEIPT)


@pytest.mark.parametrize("name", ALL)
def test_each_can_be_handed_to_a_browser(name: str) -> None:
    assert json.loads(json.dumps(ALL[name])) == ALL[name]


@pytest.mark.parametrize("name", [name for name, sample in PAY.items() if "intent" in sample])
def test_an_intent_is_shown_within_its_life(name: str) -> None:
    intent = PAY[name]["intent"]
    now, claimed, expires = (parse_rfc3339(intent[key]) for key in ("now", "claimed_until", "expires_at"))
    assert now < claimed <= expires
