# SPDX-License-Identifier: Apache-2.0
"""The limits that a signed policy names. Source: backend API, *Limits in the policy*."""

import logging
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from pengpos.core.authority.limits import NO_LIMITS, NOTHING_ALLOWED, Limits

log = logging.getLogger(__name__)

LIMIT_MOST: Final = 10**12

_Minor = Annotated[int, msgspec.Meta(ge=0, le=LIMIT_MOST)]


class LimitsMessage(msgspec.Struct, kw_only=True, frozen=True):
    """The member `limits`; what is left out has no limit."""

    per_refund: _Minor | None = None
    refunds_per_day: _Minor | None = None
    per_code: _Minor | None = None
    codes_unconfirmed: _Minor | None = None
    sale_asks_above: _Minor | None = None


def limits_in(policy: Mapping[str, Any]) -> Limits:
    """The limits of a policy document. Without the member there are none; one that cannot be read allows nothing."""
    if (said := policy.get("limits")) is None:
        return NO_LIMITS
    try:
        read = msgspec.convert(said, LimitsMessage)
    except msgspec.ValidationError as error:
        log.error("policy: limits cannot be read, nothing is given back and no code taken: %s", error)
        return NOTHING_ALLOWED
    return Limits(
        per_refund_minor=read.per_refund,
        refunds_per_day_minor=read.refunds_per_day,
        per_code_minor=read.per_code,
        codes_unconfirmed_minor=read.codes_unconfirmed,
        sale_asks_above_minor=read.sale_asks_above,
    )
