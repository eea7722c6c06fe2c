# SPDX-License-Identifier: Apache-2.0
"""PINs of operators: 4 to 8 digits, kept as salted scrypt hashes (RFC 7914). Computing one takes time by intent.

A PIN of four digits is found by whoever has its hash and some minutes: what the hash is for is that nobody reads it in
passing. What guards the counter is that tries are limited (`terminal.operators.tries`).
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from pengpos.core.authority.roles import Operator, PinHash

PIN_DIGITS: Final = range(4, 9)
SALT_SIZE: Final = 16
DIGEST_SIZE: Final = 32
COST_N: Final = 1 << 14
COST_R: Final = 8
COST_P: Final = 1
"""16 MiB and a tenth of a second on a Raspberry Pi 4."""
COST_N_MOST: Final = 1 << 15
COST_R_MOST: Final = 8
COST_P_MOST: Final = 2
_MEMORY_MOST: Final = 128 * COST_N_MOST * COST_R_MOST + (1 << 20)


def is_pin(text: str) -> bool:
    """Whether it has the form of a PIN: 4 to 8 digits from 0 to 9."""
    return len(text) in PIN_DIGITS and text.isascii() and text.isdecimal()


def hash_pin(pin: str, salt: bytes) -> PinHash:
    """The hash to keep of a PIN."""
    digest = _scrypt(pin, salt, COST_N, COST_R, COST_P)
    return PinHash(salt=salt, digest=digest, n=COST_N, r=COST_R, p=COST_P)


def costs_are_bearable(pin: PinHash) -> bool:
    """Whether a terminal can compute it: more would stop a small machine."""
    is_power = pin.n > 1 and pin.n & (pin.n - 1) == 0
    return is_power and pin.n <= COST_N_MOST and 1 <= pin.r <= COST_R_MOST and 1 <= pin.p <= COST_P_MOST


def find_by_pin(operators: Iterable[Operator], pin: str) -> Operator | None:
    """Whose PIN it is; None: of none, or of more than one. Takes one scrypt for each salt; not on the loop.

    Every operator is compared, so that the time says nothing.
    """
    computed: dict[tuple[bytes, int, int, int], bytes] = {}
    found: list[Operator] = []
    for operator in operators:
        kept = operator.pin
        costs = (kept.salt, kept.n, kept.r, kept.p)
        if costs not in computed:
            computed[costs] = _scrypt(pin, *costs)
        if hmac.compare_digest(computed[costs], kept.digest):
            found.append(operator)
    return found[0] if len(found) == 1 else None


def _scrypt(pin: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY_MOST, dklen=DIGEST_SIZE)
