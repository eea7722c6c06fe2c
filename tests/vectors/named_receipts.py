# SPDX-License-Identifier: Apache-2.0
"""Receipts that name a key and a terminal, and what phone and terminal make of each; by `encoder` from the page alone.

`python -m tests.vectors.named_receipts` writes them into vectors.json. All are about the intent of case 0, which the
wallet of the vectors has signed: somebody hands it what another phone, another terminal or a cashier has got.
"""

import json
from typing import Any

from tests.vectors import SPEC, VECTORS
from tests.vectors.encoder import sign

SECTION = "named_receipts"
CASE = 0
PAID, ANOTHER, OFFLINE, DECLINED, NOTHING = "paid", "paid by another", "accepted offline", "declined", "nothing new"
OURS, ANOTHERS, UNSAID, REFUSED = "this key's", "not this key's", "not said", "refused"
KEYS = VECTORS["keys"]
THIS_KEY, OTHER_KEY = (bytes.fromhex(KEYS[name]["kid"]) for name in ("wallet", "stranger"))


DECLINE: dict[int, object] = {2: 2, 3: 0, 7: 23}
END: dict[int, object] = {3: 0, 7: 22, 8: None}


def _case(name: str, phone: str, terminal: str, changes: dict[int, object], *, by: str = "issuer") -> dict[str, Any]:
    case = VECTORS["cases"][CASE]
    taken = {1: bytes.fromhex(case["intent_id"]), 2: 0, 3: case["inputs"]["amount"], 4: "CNY", 5: case["clock"] + 2}
    claims = {**taken, 8: THIS_KEY, 10: "T-0001", **changes}
    said = {key: value for key, value in claims.items() if value is not None}
    kid = KEYS["issuer"]["kid"] if by == "issuer" else None
    receipt = sign(KEYS[by]["d"], "receipt", said, kid=kid).hex()
    return {"name": name, "receipt": receipt, "phone": phone, "terminal": terminal}


def section() -> dict[str, Any]:
    """What stands in vectors.json."""
    return {
        "note": "the phone has signed case 0 and has no receipt yet; `phone` is how its payment stands after this one, "
        "`terminal` whether it takes the receipt as the answer to that authorisation",
        "to_case": CASE,
        "cases": [
            _case("approved: this key", PAID, OURS, {}),
            _case("approved: another key", ANOTHER, ANOTHERS, {8: OTHER_KEY}),
            _case("approved: no key, so by the page", ANOTHER, ANOTHERS, {8: None, 3: 2080}),
            _case("approved: this key, at another terminal's intent of this id", NOTHING, REFUSED, {10: "T-0002"}),
            _case("approved: as of page 1.1", PAID, UNSAID, {8: None, 10: None}),
            _case("declined: this key", DECLINED, OURS, DECLINE),
            _case("declined: another key", NOTHING, ANOTHERS, DECLINE | {8: OTHER_KEY}),
            _case("accepted offline: this key", OFFLINE, REFUSED, {2: 1}, by="terminal"),
            _case("accepted offline: another key", NOTHING, REFUSED, {2: 1, 8: OTHER_KEY}, by="terminal"),
            _case("cancelled", NOTHING, ANOTHERS, END | {2: 3}),
            _case("expired", NOTHING, ANOTHERS, END | {2: 4}),
            _case("cancelled, by the terminal", NOTHING, REFUSED, END | {2: 3}, by="terminal"),
            _case("an outcome that is none", NOTHING, REFUSED, {2: 5}),
            _case("a kid of seven bytes", NOTHING, REFUSED, {8: THIS_KEY[:7]}),
            _case("a kid that is text", NOTHING, REFUSED, {8: "12345678"}),
            _case("a terminal of thirteen letters", NOTHING, REFUSED, {10: "T-00000000001"}),
        ],
    }


if __name__ == "__main__":
    whole = {**VECTORS, SECTION: section()}
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    (SPEC / "vectors.json").write_text(text, encoding="utf-8")
