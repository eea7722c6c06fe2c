# SPDX-License-Identifier: Apache-2.0
"""How many of what an account, a terminal, a store or an address may have: the one table of limits.

Durable, counted in the tables, where money or another's patience hangs on it. In memory, and bounded there, where it
only protects the machine: those begin anew with the process. Source: backend API, *Limits*; the page has this table.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from sandbox.backend.errors import TooManyError
from sandbox.backend.records.tables import AccountRow

DAY_S = 86_400
KEYS_MOST = 10_000
"""Addresses, keys or accounts that one rate remembers; the one that came longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` of `what`, within `within_s` where it is a rate; else at once, or ever."""

    what: str
    most: int
    within_s: int | None = None

    def check(self, there: int, *, retry_after_s: int) -> None:
        """Raise TooManyError if so many are there already that one more would be too many."""
        if there >= self.most:
            raise TooManyError(f"at most {self.most} {self.what}", retry_after_s)


CLAIMS_OF_INTENT = Limit("claims of one intent by one account", 5)
CLAIMANTS = Limit("accounts that claim one intent", 10)
CLAIMED_INTENTS = Limit("intents that one account claims", 20, 600)
CREDENTIALS = Limit("new wallet credentials of one account", 60, DAY_S)
CREDENTIALS_IN_ALL = Limit("new wallet credentials of one account, with those blocked as a stranger's", 240, DAY_S)
REQUESTS_BY_ASKER = Limit("payment requests of one account", 30, DAY_S)
FRIENDS_ASKED = Limit("friends asked to pay one intent by one account", 5)
REQUESTS_TO_FRIEND = Limit("open payment requests to one account", 10)
REQUESTS_BY_STRANGERS = Limit("open payment requests to one account by strangers", 3)
REQUESTS_BY_STRANGER = Limit("open payment requests to one account by one stranger", 1)
PURSES_MADE = Limit("purses made by one account", 10, DAY_S)
PURSES = Limit("purses of one account", 20)
INVITATIONS = Limit("open invitations to one account", 10)
INVITATIONS_BY_STRANGER = Limit("open invitations to one account by one stranger", 1)
INVITATIONS_BY_STRANGERS = Limit("open invitations to one account by strangers", 3)
HELD_REFUNDS = Limit("refunds of one sale that wait for a person", 8)
ACTIVATION_CODES = Limit("open activation codes of one store", 20)
OPERATORS = Limit("operators", 50)
OPERATORS_MADE = Limit("operators made", 50, DAY_S)

ENROLMENTS_OF_ADDRESS = Limit("enrolments asked for from one address", 120, 60)
SIGN_UPS_OF_ADDRESS = Limit("sign-ups from one address", 100, 3_600)
SIGN_UPS = Limit("sign-ups", 2_000, 3_600)
LOOKS_OF_ADDRESS = Limit("looks without a token from one address", 1_200, 60)
SIGNED_REQUESTS = Limit("requests signed by one device key, from one address", 1_200, 60)
PLACES_OF_KEY = Limit("addresses of one device key that are counted apart", 4, 3_600)
FLOODS_NOTED = Limit("alarms that one device key has reached this limit", 1, 600)
UNADMITTED_ANSWERS = Limit("signed answers to one address or key for requests that were not let in", 1_200, 60)
WALLET_REQUESTS = Limit("requests of one account", 600, 60)
OPERATOR_CHANGES = Limit("changing calls of one operator", 1_200, 60)
STREAMS_OF_TERMINAL = Limit("event streams of one terminal", 4)
STREAMS = Limit("event streams", 1_000)
IMPORTS = Limit("imports", 1)
CONNECTIONS = Limit("connections", 2_048)

DURABLE = (
    CLAIMS_OF_INTENT, CLAIMANTS, CLAIMED_INTENTS, CREDENTIALS, CREDENTIALS_IN_ALL, REQUESTS_BY_ASKER, FRIENDS_ASKED,
    REQUESTS_TO_FRIEND, REQUESTS_BY_STRANGER, REQUESTS_BY_STRANGERS, PURSES_MADE, PURSES, INVITATIONS,
    INVITATIONS_BY_STRANGER, INVITATIONS_BY_STRANGERS, HELD_REFUNDS, ACTIVATION_CODES, OPERATORS, OPERATORS_MADE,
)  # fmt: skip
IN_MEMORY = (
    ENROLMENTS_OF_ADDRESS, SIGN_UPS_OF_ADDRESS, SIGN_UPS, LOOKS_OF_ADDRESS, SIGNED_REQUESTS, PLACES_OF_KEY,
    FLOODS_NOTED, UNADMITTED_ANSWERS, WALLET_REQUESTS, OPERATOR_CHANGES, STREAMS_OF_TERMINAL, STREAMS, IMPORTS,
    CONNECTIONS,
)  # fmt: skip


def lock_accounts(session: Session, account_ids: set[str]) -> None:
    """Let what is counted of these accounts be counted one after the other, until the transaction ends.

    In one order, so that no two transactions wait for each other. An id of no account locks nothing.
    """
    for account_id in sorted(account_ids):
        session.get(AccountRow, account_id, with_for_update={"key_share": True}, populate_existing=True)


class Rate:
    """One limit for any number of keys, in memory; from any thread.

    A leaky bucket (GCRA): `most` may come at once, each one leaves after `within_s / most`.
    """

    def __init__(self, limit: Limit, monotonic: Callable[[], float] = time.monotonic) -> None:
        assert limit.within_s is not None
        self._limit = limit
        self._each_s = limit.within_s / limit.most
        self._within_s = limit.within_s
        self._monotonic = monotonic
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        """When each key's bucket will be empty, the one that came last at the end."""
        self._lock = threading.Lock()

    def has_room(self, key: str) -> bool:
        """Count one where that is allowed; False: it was not, and nothing is counted."""
        try:
            self.take(key)
        except TooManyError:
            return False
        return True

    def look(self, key: str) -> None:
        """Raise TooManyError if one more would be too many; counts nothing."""
        with self._lock:
            self._empty_after_one_more(key)

    def take(self, key: str) -> None:
        """Count one; raises TooManyError, and then counts nothing."""
        with self._lock:
            self._empty_at[key] = self._empty_after_one_more(key)
            self._empty_at.move_to_end(key)
            if len(self._empty_at) > KEYS_MOST:
                self._empty_at.popitem(last=False)

    def _empty_after_one_more(self, key: str) -> float:
        now_s = self._monotonic()
        empty_at_s = max(self._empty_at.get(key, now_s), now_s) + self._each_s
        if empty_at_s - now_s > self._within_s:
            wait_s = empty_at_s - now_s - self._within_s
            raise TooManyError(f"at most {self._limit.most} {self._limit.what}", int(wait_s) + 1)
        return empty_at_s


class Places:
    """Which addresses of a key are counted apart: those that came first, as long as they come again within the time.

    So who has copied a terminal's key uses up no more than its own share, wherever else it sends from, as long as the
    terminal keeps its address. What comes from further addresses is counted together: a terminal that comes from a new
    one, too, where a copy has all places. From any thread; of `KEYS_MOST` keys, those that were heard last.
    """

    def __init__(self, limit: Limit = PLACES_OF_KEY, monotonic: Callable[[], float] = time.monotonic) -> None:
        assert limit.within_s is not None
        self._most, self._within_s = limit.most, limit.within_s
        self._monotonic = monotonic
        self._heard_at: OrderedDict[str, dict[str, float]] = OrderedDict()
        """By key and address."""
        self._lock = threading.Lock()

    def share_of(self, kid: str, address: str) -> str:
        """What a request of a key counts under."""
        with self._lock:
            return self._share(kid, address, self._lasting(kid))

    def keep(self, kid: str, address: str) -> str:
        """The same, for a request that the key did sign: its address has a place from now on, if there is one."""
        with self._lock:
            lasting = self._lasting(kid)
            share = self._share(kid, address, lasting)
            if address in lasting or len(lasting) < self._most:
                lasting[address] = self._monotonic()
            self._heard_at[kid] = lasting
            self._heard_at.move_to_end(kid)
            if len(self._heard_at) > KEYS_MOST:
                self._heard_at.popitem(last=False)
            return share

    def _lasting(self, kid: str) -> dict[str, float]:
        since_s = self._monotonic() - self._within_s
        return {address: at_s for address, at_s in self._heard_at.get(kid, {}).items() if at_s > since_s}

    def _share(self, kid: str, address: str, lasting: dict[str, float]) -> str:
        return f"{kid} {address}" if address in lasting or len(lasting) < self._most else f"{kid} elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rates of one process."""

    enrolments_of_address: Rate = field(default_factory=lambda: Rate(ENROLMENTS_OF_ADDRESS))
    sign_ups_of_address: Rate = field(default_factory=lambda: Rate(SIGN_UPS_OF_ADDRESS))
    sign_ups: Rate = field(default_factory=lambda: Rate(SIGN_UPS))
    looks_of_address: Rate = field(default_factory=lambda: Rate(LOOKS_OF_ADDRESS))
    signed_requests: Rate = field(default_factory=lambda: Rate(SIGNED_REQUESTS))
    places_of_key: Places = field(default_factory=Places)
    floods_noted: Rate = field(default_factory=lambda: Rate(FLOODS_NOTED))
    unadmitted_answers: Rate = field(default_factory=lambda: Rate(UNADMITTED_ANSWERS))
    wallet_requests: Rate = field(default_factory=lambda: Rate(WALLET_REQUESTS))
    operator_changes: Rate = field(default_factory=lambda: Rate(OPERATOR_CHANGES))
    importing: threading.Lock = field(default_factory=threading.Lock)
    """Held by the one import that is under way."""
