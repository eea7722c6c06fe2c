# SPDX-License-Identifier: Apache-2.0
"""Holds what every part of the backend is given: database, issuer, clock, public origin, the waking of streams.

Tests: tests/sandbox/backend/serving/test_server.py
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pengpos.core.ports import Clock
from sandbox.backend.kernel.hub import Hub
from sandbox.backend.kernel.kept import Kept
from sandbox.backend.kernel.limits import Rates
from sandbox.backend.kernel.nonces import Nonces
from sandbox.backend.kernel.threads import Threads
from sandbox.backend.records.database import Database
from sandbox.backend.trust.issuer import Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The backend's means. `origin`: scheme, host and port as clients see them, without a slash at the end."""

    db: Database
    issuer: Issuer
    clock: Clock
    origin: str
    hub: Hub
    admin_token: str
    magic_amounts: bool = False
    threads: Threads = field(default_factory=Threads)
    rates: Rates = field(default_factory=Rates)
    kept: Kept = field(default_factory=Kept)
    nonces: Nonces = field(default_factory=Nonces)
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)
    """How slow answers wait (money for testing); tests put their own in."""
