# SPDX-License-Identifier: Apache-2.0
"""What the shapes of the three APIs are made of: the contract page's notation as types, and their base.

Tests: tests/sandbox/backend/contract/test_terminal_shapes.py, tests/contracts/test_pages_and_calls.py
"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StringConstraints, computed_field
from pydantic_core import PydanticCustomError

from pengpos.core.currencies.currency import digits, is_listed
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.names import unfit


def _fit(text: str) -> str:
    if text and (found := unfit(text)):
        raise PydanticCustomError("name", "{says}", {"says": found.says})
    return text


def _listed(code: str) -> str:
    if not is_listed(code):
        raise PydanticCustomError("currency", "{code} is no currency of ISO 4217 with a minor unit", {"code": code})
    return code


FitName = AfterValidator(_fit)
"""What people call something, judged where it first comes in (*Names*). In requests only: what stands, stands."""

Base64url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]*$", max_length=8_192)]
SignedDocument = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=32 * 1_048_576)]
"""A document of ours: what it lists grows with shops and shoppers, to a million keys and more."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
ListedCurrency = Annotated[Currency, AfterValidator(_listed)]
"""In what is asked: a currency of `docs/spec/currencies.json`."""
Amount = Annotated[StrictInt, Field(ge=0, le=AMOUNT_LIMIT_MINOR)]
Sum = Annotated[StrictInt, Field(ge=0, le=2**53)]
"""Of amounts, in answers: what came in is counted, however much it is."""
PositiveAmount = Annotated[StrictInt, Field(gt=0, le=AMOUNT_LIMIT_MINOR)]
Rfc3339 = Annotated[str, StringConstraints(min_length=20, max_length=40)]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$", to_lower=True)]


class Shape(BaseModel):
    """Base of all: members we do not know are ignored, so that clients may be newer."""

    model_config = ConfigDict(extra="ignore")


class Exact(Shape):
    """Base of what an operator sends: a member we do not know is refused, for it may be what the rest hangs on."""

    model_config = ConfigDict(extra="forbid")


class InCurrency(Shape):
    """An answer with amounts: minor units of `currency`, of which the last `currency_digits` digits are decimals."""

    currency: Currency

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to write it, which mypy does not know
    @property
    def currency_digits(self) -> int:
        """As ISO 4217 has them."""
        return digits(self.currency)
