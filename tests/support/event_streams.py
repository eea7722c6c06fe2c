# SPDX-License-Identifier: Apache-2.0
"""A terminal's event stream at the backend, as a test reads it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from httpx_sse import ServerSentEvent, connect_sse

from tests.support.request_signing import Signing
from tests.support.shop import Till


@contextmanager
def stream(
    till: Till, last_event_id: str | None = None, process: str | None = None
) -> Iterator[Iterator[ServerSentEvent]]:
    """What is told from here on, or behind an event; comments are left out."""
    given = {"Last-Event-ID": last_event_id, "Pengpos-Process": process}
    headers = {name: value for name, value in given.items() if value is not None}
    request = till.request("GET", "/terminal/events")
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    signed = {name: request.headers[name] for name in ("Signature", "Signature-Input")}
    with connect_sse(till.http, "GET", "/v1/terminal/events", headers={**headers, **signed}) as source:
        yield (event for event in source.iter_sse() if event.data)


def take(source: Iterator[ServerSentEvent], count: int) -> list[tuple[str, dict[str, Any]]]:
    """So many events: kind and data."""
    return [(event.event, json.loads(event.data)) for event in islice(source, count)]
