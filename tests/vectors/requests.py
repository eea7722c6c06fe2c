# SPDX-License-Identifier: Apache-2.0
"""Requests that say what a terminal knows, and what a backend makes of each; from RFC 9421 and the page alone.

`python -m tests.vectors.requests` writes them into vectors.json. The terminal of the vectors sends a payment, of which
only the bytes matter here.
"""

import json
from base64 import standard_b64encode
from typing import Any

from tests.vectors import SPEC, VECTORS
from tests.vectors.answers import KEYS, NONCE, ORIGIN, kid, text
from tests.vectors.encoder import digest, es256

SECTION = "requests"
CREATED = 1_800_000_000
METHOD, TARGET, BODY = "POST", f"{ORIGIN}/v1/payments", '{"accepted_offline":true}'
BEFORE_1_3 = ("@method", "@target-uri", "content-digest")
COVERED = (*BEFORE_1_3, "pengpos-knows")

Headers = list[list[str]]


def _base64(raw: bytes) -> str:
    return standard_b64encode(raw).decode()


def _signed(components: tuple[str, ...], said: str | None) -> Headers:
    """The headers of this request as its terminal sends it; `said`: what it knows, None where it says nothing."""
    values = {
        "@method": METHOD,
        "@target-uri": TARGET,
        "content-digest": f"sha-256=:{_base64(digest(BODY.encode()))}:",
        "pengpos-knows": said,
    }
    named = " ".join(f'"{name}"' for name in components)
    parameters = f'({named});created={CREATED};nonce="{text(NONCE)}";keyid="{kid("terminal")}"'
    parameters += ';alg="ecdsa-p256-sha256"'
    lines = [f'"{name}": {values[name]}' for name in components] + [f'"@signature-params": {parameters}']
    signature = es256(KEYS["terminal"]["d"], "\n".join(lines).encode())
    beside = [] if said is None else [["pengpos-knows", said]]
    return [
        *beside,
        ["content-digest", str(values["content-digest"])],
        ["signature-input", f"pp={parameters}"],
        ["signature", f"pp=:{_base64(signature)}:"],
    ]


def _without(headers: Headers) -> Headers:
    return [header for header in headers if header[0] != "pengpos-knows"]


def _case(name: str, headers: Headers, knows: list[str] | None) -> dict[str, Any]:
    """`knows`: the words that count, sorted; None: the request is refused."""
    return {"name": name, "headers": headers, "taken": knows is not None, "knows": knows or []}


def section() -> dict[str, Any]:
    """What stands in vectors.json."""
    covered = _signed(COVERED, "dues")
    before = _signed(BEFORE_1_3, "dues")
    other_order = ("@method", "@target-uri", "pengpos-knows", "content-digest")
    return {
        "note": "Pengpos-Knows in a request of the terminal's key: `headers` came with `request`; where they are "
        "taken, `knows` has the words that count",
        "request": {"method": METHOD, "target": TARGET, "body": BODY, "created": CREATED},
        "cases": [
            _case("covered", covered, ["dues"]),
            _case("covered, among other words", _signed(COVERED, "tides, dues"), ["dues", "tides"]),
            _case("covered, another word", _signed(COVERED, "tides"), ["tides"]),
            _case("covered, no word", _signed(COVERED, ""), []),
            _case("covered, and taken off", _without(covered), None),
            _case("covered, and changed", [["pengpos-knows", "tides"], *_without(covered)], None),
            _case("covered, and added to", [["pengpos-knows", "tides"], *covered], None),
            _case("covered, and emptied", [["pengpos-knows", ""], *_without(covered)], None),
            _case("no word covered, and one added", [*_signed(COVERED, ""), ["pengpos-knows", "dues"]], None),
            _case("covered before the digest", _signed(other_order, "dues"), None),
            _case("covered without the digest", _signed(("@method", "@target-uri", "pengpos-knows"), "dues"), None),
            _case("beside the signature, as before 1.3", before, ["dues"]),
            _case("beside it, and taken off", _without(before), []),
            _case("not at all", _signed(BEFORE_1_3, None), []),
        ],
    }


if __name__ == "__main__":
    content = json.dumps({**VECTORS, SECTION: section()}, indent=1, ensure_ascii=False) + "\n"
    (SPEC / "vectors.json").write_text(content, encoding="utf-8")
