# SPDX-License-Identifier: Apache-2.0
"""Follows the backend's ledger over its operator's API, for the page to show line by line."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from pengpos.whole_calls import LOST, WholeTransport, ends_within

LINES_MOST: Final = 60
LOOK_S: Final = 1.0
_ANSWER_LIMIT_S = 5.0
_ANSWER_MOST_BYTES = 4 * 1024 * 1024


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    account: str
    owner: str
    amount: int
    currency: str
    currency_digits: int


class _Posting(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    kind: str
    at: str
    intent_id: str | None
    entries: list[_Entry]


class _Postings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    postings: list[_Posting]


class LedgerFollower(threading.Thread):
    """Looks every `LOOK_S`; `tell` gets the newest `LINES_MOST` postings, oldest first, whenever there are new ones."""

    def __init__(self, backend: str, admin_token: str, tell: Callable[[list[dict[str, Any]]], None]) -> None:
        super().__init__(name="ledger", daemon=True)
        self._http = httpx.Client(
            base_url=backend,
            headers={"Authorization": f"Bearer {admin_token}"},
            timeout=_ANSWER_LIMIT_S,
            trust_env=False,
            transport=WholeTransport(),
        )
        self._tell = tell
        self._lines: deque[dict[str, Any]] = deque(maxlen=LINES_MOST)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`; a backend that does not answer is asked again."""
        with self._http:
            while True:
                self._look()
                if self._stopping.wait(LOOK_S):
                    return

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()

    def _look(self) -> None:
        query = {"limit": LINES_MOST} | ({"after": self._lines[-1]["number"]} if self._lines else {})
        try:
            with (
                ends_within(_ANSWER_LIMIT_S),
                self._http.stream("GET", "/admin/v1/ledger/postings", params=query) as answer,
            ):
                content = bytearray()
                for piece in answer.raise_for_status().iter_bytes():
                    content += piece
                    if len(content) > _ANSWER_MOST_BYTES:
                        return
            found = _Postings.model_validate_json(bytes(content)).postings
        except (httpx.HTTPError, *LOST, ValidationError):
            return
        if found:
            self._lines.extend(posting.model_dump() for posting in found)
            self._tell(list(self._lines))
