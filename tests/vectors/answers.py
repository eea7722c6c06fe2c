# SPDX-License-Identifier: Apache-2.0
"""Answers signed over their question, and what a terminal makes of each; by `encoder` and `json` from the page alone.

`python -m tests.vectors.answers` writes them into vectors.json. The terminal of the vectors has asked to cancel case 0.
"""

import json
from base64 import urlsafe_b64encode
from typing import Any

from tests.vectors import SPEC, VECTORS
from tests.vectors.encoder import digest, sign_payload

SECTION = "answers"
KEYS = VECTORS["keys"]
NONCE = bytes(range(16))
OTHER_NONCE = bytes(range(1, 17))
ORIGIN = "https://pay.example"
GIVEN_BACK = '{"status":"cancelled","given_back":1880,"intent":{"status":"cancelled"}}'


def text(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def kid(name: str) -> str:
    """The kid of one of the vectors' keys, in base64url."""
    return text(bytes.fromhex(KEYS[name]["kid"]))


ASKED = {
    "keyid": kid("terminal"),
    "nonce": text(NONCE),
    "method": "POST",
    "target": f"{ORIGIN}/v1/intents/019b7a6e-0000-7000-8000-000000000001/cancel",
}


def _header(payload: bytes, *, by: str = "issuer", context: str = "answer", named: bool = True) -> str:
    return text(sign_payload(KEYS[by]["d"], context, payload, kid=KEYS[by]["kid"] if named else None))


def _case(name: str, taken: bool, *, status: int = 200, body: str = GIVEN_BACK, **other: Any) -> dict[str, Any]:
    """`said`: members of the payload that are other ones, or None to leave them out; the rest says how it is signed."""
    said = {**ASKED, "status": status, "body": text(digest(body.encode()))} | other.pop("said", {})
    payload = json.dumps({key: value for key, value in said.items() if value is not None}).encode()
    header = other.pop("header", None) or _header(payload, **other)
    return {"name": name, "status": status, "body": body, "header": header, "taken": taken}


def section() -> dict[str, Any]:
    """What stands in vectors.json."""
    problem = '{"type":"about:blank","title":"Conflict","status":409,"detail":"…","code":"exceeds_captured"}'
    whole = _case("what was answered", True)
    return {
        "note": "`request` is what was asked, under the terminal's key; an answer is taken where `header`, the value "
        "of Pengpos-Answer, is good for it, by an issuer of the vectors",
        "request": ASKED,
        "cases": [
            whole,
            _case("an error, in other letters than ASCII", True, status=409, body=problem),
            _case("nothing in it", True, status=304, body=""),
            _case("with a member of a later page", True, said={"later": [1]}),
            _case("to another request of this key", False, said={"nonce": text(OTHER_NONCE)}),
            _case("to another key's request", False, said={"keyid": kid("stranger")}),
            _case("by another method", False, said={"method": "GET"}),
            _case("of another address", False, said={"target": ASKED["target"].removesuffix("/cancel")}),
            _case("of another backend", False, said={"target": ASKED["target"].replace("pay.", "play.")}),
            _case("with another status", False, said={"status": 409}),
            _case("with a status in letters", False, said={"status": "200"}),
            _case("with another body", False, said={"body": text(digest(GIVEN_BACK.replace("1880", "0").encode()))}),
            _case("without the body's digest", False, said={"body": None}),
            _case("without the key", False, said={"keyid": None}),
            _case("by a stranger", False, by="stranger"),
            _case("by the terminal itself", False, by="terminal"),
            _case("without an issuer's kid", False, named=False),
            _case("signed as a settlement", False, context="settlement"),
            _case("signed as the time", False, context="clock"),
            _case("padded", False, header=whole["header"] + "=" * (-len(whole["header"]) % 4 or 4)),
            _case("no signed object", False, header="AAAA"),
            _case("two of them", False, header=f"{whole['header']}, {whole['header']}"),
        ],
    }


if __name__ == "__main__":
    content = json.dumps({**VECTORS, SECTION: section()}, indent=1, ensure_ascii=False) + "\n"
    (SPEC / "vectors.json").write_text(content, encoding="utf-8")
