# SPDX-License-Identifier: Apache-2.0
"""Reads what `pengpos run` wrote of its parts, and names the directories of phones, below `pengpos.home.Home`.

`run/parts.json` is `{"backend": URL, "vpcd_ports": [first, second]}`; `phone/NAME/` is one phone's directory.
"""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pengpos.core.errors import ConfigError
from pengpos.home import Home

_PHONE_NAME = re.compile(r"[\w-]{1,32}\Z")

_BY_HAND = "give --backend and --port"


class Parts(BaseModel):
    """What a running terminal offers a phone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    backend: str = Field(min_length=1)
    vpcd_ports: tuple[int, ...]
    """Empty where the terminal has real readers."""


def read_parts(home: Home) -> Parts:
    """The parts of the terminal running over `home`. Raises ConfigError if none is, or the file is not readable."""
    path = home.parts
    try:
        return Parts.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(
            str(path), "no terminal is running here", "Start one with `pengpos run`, or give --backend and --port"
        ) from None
    except (OSError, ValidationError) as err:
        raise ConfigError(
            str(path), f"not readable: {err}", "Start the terminal again, or give --backend and --port"
        ) from err


def phone_directory(home: Home, name: str) -> Path:
    """The directory of the phone called `name`. Raises ConfigError for a name that could lead elsewhere."""
    if not _PHONE_NAME.match(name):
        raise ConfigError("--name", f"{name!r} is not a phone's name", "Use up to 32 letters, digits, - and _")
    return home.phones / name
