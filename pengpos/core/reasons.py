# SPDX-License-Identifier: Apache-2.0
"""The numbers phones, terminals and backends give for "no" (tap protocol §1, table of reasons).

The sentences for shopper and cashier live with the other words of each program; here are only the numbers.
"""

from enum import IntEnum


class Reason(IntEnum):
    """Why nothing was paid: 0-7 said by the wallet, 16-24 by the terminal or the backend."""

    DECLINED_BY_SHOPPER = 0
    NOT_ENOUGH_MONEY = 1
    OVER_A_LIMIT = 2
    NOT_TRUSTED = 3
    PHONE_CLOCK = 4
    UNSUPPORTED = 5
    BLOCKED_BY_OWNER = 6
    BEGUN_ANOTHER_WAY = 7
    NOT_A_WALLET = 16
    CREDENTIAL_EXPIRED = 17
    WRONG_TOTAL = 18
    ALREADY_USED = 19
    OFFLINE_NOT_POSSIBLE = 20
    ALREADY_PAID = 21
    EXPIRED = 22
    DECLINED_BY_BACKEND = 23
    HELD = 24

    @classmethod
    def from_wallet(cls, number: int) -> "Reason":
        """The wallet's number; one we do not know is read as 0 (§1)."""
        return cls(number) if 0 <= number <= 7 else cls.DECLINED_BY_SHOPPER

    @classmethod
    def from_backend(cls, number: int) -> "Reason":
        """The backend's number; one we do not know is read as 23 (§1)."""
        return cls(number) if 16 <= number <= 24 else cls.DECLINED_BY_BACKEND
