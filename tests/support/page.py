# SPDX-License-Identifier: Apache-2.0
"""A shopper with a phone's browser: follows the URL of a tag or a code, and claims, releases or pays."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.live_sandbox import LiveSandbox


@dataclass(frozen=True, slots=True)
class Visitor:
    """One shopper by the page, with 1,000.00 of play money."""

    sandbox: LiveSandbox
    token: str

    @classmethod
    def new(cls, sandbox: LiveSandbox) -> "Visitor":
        """Sign a shopper up."""
        body = {"name": "小王", "languages": ["zh-Hans"]}
        return cls(sandbox, sandbox.http.post("/wallet/v1/accounts", json=body).json()["token"])

    @property
    def balance(self) -> int:
        """What is left of the money."""
        answer = self.sandbox.http.get("/wallet/v1/balance", headers=self._headers).json()
        return int(next(entry["amount"] for entry in answer["balances"] if entry["currency"] == "CNY"))

    def claim(self, url: str) -> dict[str, Any]:
        """Press "pay" the first time: from here on no other can by the page."""
        return self._must("claim", url)

    def release(self, url: str) -> dict[str, Any]:
        """Go back."""
        return self._must("release", url)

    def pay(self, url: str, **more: object) -> dict[str, Any]:
        """Pay; the payment, with its receipt and, of an offline terminal, its code."""
        return self._must("pay", url, **more)

    def tries(self, what: str, url: str, **more: object) -> httpx.Response:
        """The same, whatever is answered."""
        before, _, presentation = url.partition("#")
        reference = presentation or before.rpartition("/")[2]
        return self.sandbox.http.post(f"/wallet/v1/intents/{reference}/{what}", headers=self._headers, json=more)

    def _must(self, what: str, url: str, **more: object) -> dict[str, Any]:
        answer = self.tries(what, url, **more)
        assert answer.is_success, answer.text
        intent: dict[str, Any] = answer.json()
        return intent

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
