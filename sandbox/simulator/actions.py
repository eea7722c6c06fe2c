# SPDX-License-Identifier: Apache-2.0
"""The actions that the page may send, as JSON: `{"do": …}`. An unknown field is refused."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter

from sandbox.simulator.moments import Moment


class _Action(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _OfPhone(_Action):
    phone: Annotated[str, Field(max_length=32)]


class Bring(_OfPhone):
    """Hold the phone to the reader."""

    do: Literal["bring"]


class Take(_OfPhone):
    """Take the phone from the reader, now."""

    do: Literal["take"]


class Wish(_OfPhone):
    """Change the phone's settings; what is left out stays."""

    do: Literal["wish"]
    locked: StrictBool | None = None
    asks_first: StrictBool | None = None
    says_no: StrictBool | None = None
    network: StrictBool | None = None
    lies: StrictBool | None = None
    tip_minor: Annotated[int, Field(strict=True, ge=0, le=100_000)] | None = None
    moment: Moment | None = None


class Decide(_OfPhone):
    """Answer what the phone asks."""

    do: Literal["decide"]
    agrees: StrictBool


class Wipe(_OfPhone):
    """Clear what the phone shows."""

    do: Literal["wipe"]


class Scan(_OfPhone):
    """Pay by the code that the terminal shows."""

    do: Literal["scan"]


class Due(_OfPhone):
    """Answer what a shop asks to be paid after all: an offline payment that was declined when it was sent."""

    do: Literal["due"]
    intent: UUID
    pays: StrictBool


class Switch(_Action):
    """Turn the terminal's line or its reader on or off; a line may also break in the next payment."""

    do: Literal["switch"]
    what: Literal["link", "reader"]
    to: Literal["on", "off", "breaks"]


Action = Bring | Take | Wish | Decide | Wipe | Scan | Due | Switch

ACTION: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="do")])
"""Reads an action from JSON; raises pydantic.ValidationError."""
