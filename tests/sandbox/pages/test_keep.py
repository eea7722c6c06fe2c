# SPDX-License-Identifier: Apache-2.0
"""What a tab has sent it knows, whether or not the browser keeps anything."""

import pytest

from sandbox.pages import STATIC
from tests.support.node import evaluated

KEEPS = "{ getItem: (key) => kept[key] ?? null, setItem: (key, value) => { kept[key] = value; } }"
FULL = "{ getItem: (key) => kept[key] ?? null, setItem() { throw new Error('QuotaExceededError'); } }"
LOCKED = "{ getItem() { throw new Error('SecurityError'); }, setItem() { throw new Error('SecurityError'); } }"
OLD = """{ "pengpos.sent": JSON.stringify([{ address: "old", intent: { merchant: { name: "x" } } }]) }"""


@pytest.mark.parametrize("before", ["{}", OLD], ids=["empty", "with an older payment"])
@pytest.mark.parametrize("storage", [KEEPS, FULL, LOCKED], ids=["keeps", "full", "locked"])
def test_what_was_sent_is_known_until_it_is_forgotten(storage: str, before: str) -> None:
    script = f"""
      const kept = {before};
      globalThis.localStorage = {storage};
      const {{ account, sent }} = await import("{(STATIC / "keep.js").as_uri()}");
      const intent = {{ intent_id: "1", merchant: {{ name: "晨光" }}, amount: 1880, currency: "CNY" }};
      account.write({{ name: "周明", token: "t" }});
      sent.write("here", intent);
      const known = [account.read()?.token, sent.read("here")?.amount, sent.read("elsewhere")];
      sent.forget("here");
      console.log(JSON.stringify([...known, sent.read("here"), sent.read("old") !== null]));
    """
    keeps_old = before == OLD and storage != LOCKED
    assert evaluated(script) == ["t", 1880, None, None, keeps_old]
