# SPDX-License-Identifier: Apache-2.0
"""What issuers sign for one wallet, and which of it a wallet takes; by `encoder` and `json` from the page alone.

`python -m tests.vectors.wallet_words` writes it into vectors.json.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tests.vectors import SPEC, VECTORS
from tests.vectors.encoder import digest, sign_payload

KEYS = VECTORS["keys"]
CASE = 0
ACCOUNT, TOKEN = "A-0001", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def text(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


STRANGERS = text(bytes.fromhex(KEYS["stranger"]["kid"]))


def word(said: Mapping[str, object], *, by: str = "issuer", context: str, named: bool = True) -> str:
    """COSE_Sign1 over the members that are not None, in base64url."""
    payload = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
    return text(sign_payload(KEYS[by]["d"], context, payload, kid=KEYS[by]["kid"] if named else None))


def _token(name: str, taken: bool, said: Mapping[str, object] | None = None, **how: Any) -> dict[str, Any]:
    whole = {"account_id": ACCOUNT, "token_hash": text(digest(TOKEN.encode())), "blocked": [], **(said or {})}
    return {"name": name, "signed": word(whole, **{"context": "account-token", **how}), "taken": taken}


def account_tokens() -> dict[str, Any]:
    """The answers of `POST /wallet/v1/token`."""
    return {
        "note": "a wallet has asked for `token` to be the token of `account_id`; it forgets the one before only where "
        "`signed` is taken, and tells its owner of the keys in `blocked`",
        "account_id": ACCOUNT,
        "token": TOKEN,
        "cases": [
            _token("it is the token now", True),
            _token("with a member of a later page", True, {"later": [1]}),
            _token("a stranger's key was blocked", True, {"blocked": [STRANGERS]}),
            _token("of a backend that blocks none", True, {"blocked": None}),
            _token("another token", False, {"token_hash": text(digest(TOKEN[:-1].encode()))}),
            _token("the token itself, not its hash", False, {"token_hash": TOKEN}),
            _token("another account's", False, {"account_id": "A-0002"}),
            _token("no account", False, {"account_id": None}),
            _token("no hash", False, {"token_hash": None}),
            _token("an account that is a number", False, {"account_id": 1}),
            _token("by a stranger", False, by="stranger"),
            _token("by the wallet itself", False, by="wallet"),
            _token("without an issuer's kid", False, named=False),
            _token("signed as the wallet's own proof", False, context="token"),
            _token("signed as an answer", False, context="answer"),
        ],
    }


def _promise(name: str, taken: bool | None, said: Mapping[str, object] | None = None, **how: Any) -> dict[str, Any]:
    """`taken`: what the wallet believes of case 0; None: nothing new."""
    case = VECTORS["cases"][CASE]
    whole = {
        "kid": text(bytes.fromhex(KEYS["wallet"]["kid"])),
        "terminal_id": "T-0001",
        "intent_id": str(UUID(hex=case["intent_id"])),
        "taken": False,
        "from_set_aside": 0,
        **(said or {}),
    }
    return {"name": name, "signed": word(whole, **{"context": "promise", **how}), "taken": taken}


def promises() -> dict[str, Any]:
    """`promise` in what a backend says of a payment, and of an intent for which nothing was delivered."""
    other = str(UUID(hex=VECTORS["cases"][CASE + 1]["intent_id"]))
    return {
        "note": "the wallet has signed case 0; `taken` is what it believes then: false frees the promise, true counts "
        "`from_set_aside` of it, null is nothing new",
        "to_case": CASE,
        "cases": [
            _promise("nothing was taken", False),
            _promise("taken, from what was set aside", True, {"taken": True, "from_set_aside": 880}),
            _promise("taken, from free money", True, {"taken": True}),
            _promise("with a member of a later page", False, {"later": [1]}),
            _promise("of another key", None, {"kid": STRANGERS}),
            _promise("of another terminal's intent of this id", None, {"terminal_id": "T-0002"}),
            _promise("of another intent", None, {"intent_id": other}),
            _promise("of the intent in other letters", None, {"intent_id": VECTORS["cases"][CASE]["intent_id"]}),
            _promise("no key", None, {"kid": None}),
            _promise("no terminal", None, {"terminal_id": None}),
            _promise("not whether", None, {"taken": None}),
            _promise("not how much", None, {"from_set_aside": None}),
            _promise("less than nothing", None, {"taken": True, "from_set_aside": -1}),
            _promise("nothing, and yet something", None, {"from_set_aside": 1}),
            _promise("a number that is true", None, {"taken": 1}),
            _promise("by a stranger", None, by="stranger"),
            _promise("by the terminal", None, by="terminal"),
            _promise("without an issuer's kid", None, named=False),
            _promise("signed as a refund", None, context="refund"),
            _promise("signed as a token", None, context="account-token"),
        ],
    }


SECTIONS = {"account_tokens": account_tokens, "promises": promises}

if __name__ == "__main__":
    content = json.dumps({**VECTORS, **{name: made() for name, made in SECTIONS.items()}}, indent=1, ensure_ascii=False)
    (SPEC / "vectors.json").write_text(content + "\n", encoding="utf-8")
