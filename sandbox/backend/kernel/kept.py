# SPDX-License-Identifier: Apache-2.0
"""Keeps in memory what nearly every request asks for and what hardly ever changes, so that it is not read each time.

Two kinds. What never changes: a key under its kid (and, with the issuer, a credential under its bytes). And rows that
carry a version: what uses them must find the same version in the transaction that acts on them, else read them anew;
so another process, too, may change them at any time.

Tests: tests/sandbox/backend/payments/test_straight_through.py
"""

from dataclasses import dataclass, field
from typing import Any

from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.bill.campaigns import Campaign
from sandbox.backend.records.shelf import Shelf
from sandbox.backend.records.tables import MerchantRow


@dataclass(frozen=True, slots=True)
class SignedRisk:
    """The risk part of one signed policy, and when that was valid."""

    issued_at: int
    not_after: int
    risk: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shop:
    """Of a terminal: its merchant, no longer in any session, the campaigns there, what policies of late let it take.

    True as long as the merchant's row has `merchant.version` and the newest policy is `policy_version`.
    """

    merchant: MerchantRow
    store_id: str
    policy_version: int
    risks: tuple[SignedRisk, ...]
    campaigns: tuple[Campaign, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """All that one process keeps."""

    device_keys: Shelf[str, PublicKey] = field(default_factory=Shelf)
    """By kid: of terminals, not retired when it was read. Whether it is still so, the request's transaction says."""
    shops: Shelf[str, Shop] = field(default_factory=Shelf)
    """By terminal id."""
    used_up: Shelf[str, int] = field(default_factory=Shelf)
    """By a campaign's key: until when it is taken for one whose budget is used up. It only saves asking."""
