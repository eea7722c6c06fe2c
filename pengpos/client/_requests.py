# SPDX-License-Identifier: Apache-2.0
"""What is asked of the local API: bodies that the daemon takes, without a field that it does not know.

Tests: tests/pengpos/client/test_http.py, tests/contracts/test_pages_and_calls.py.
"""

from typing import Literal

from pengpos.client._models import Object


class ScreenReport(Object, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/screen`: a screen program says, every ten seconds, that it draws."""

    pid: int
    software_version: str
    size: str
    """As ``800x480``."""
    panel: str
    """What it draws on, by SDL's name: x11, wayland, kmsdrm; dummy is a browser's view alone."""


class NewSale(Object, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/sales`."""

    idempotency_key: str
    amount: int
    currency: str
    reference: str | None = None
    ways: list[Literal["reader", "tag", "qr"]] | None = None


class NewSession(Object, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/operators/session`; without `operator_id` the PIN says who it is."""

    pin: str
    operator_id: str | None = None

    def __repr__(self) -> str:
        """Without the PIN: what is shown or logged has none."""
        return f"NewSession(operator_id={self.operator_id!r})"
