# SPDX-License-Identifier: Apache-2.0
"""Lets `pip install '.[sandbox]'` in a checkout bring the sandbox's code, which the device's wheel does not hold.

The wheel names the distribution in sandbox/ by its place, so that no registry is asked for a package of that name. Two
builds do without: an editable one, where the checkout itself is importable, and one with SOURCE_DATE_EPOCH, which must
come out the same wherever it is made.
"""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SandboxByPlace(BuildHookInterface):  # type: ignore[type-arg] # hatchling runs it, whatever its builder's config
    """Adds one requirement to the wheel's extra `sandbox`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds; `version` is `standard` or `editable`."""
        place = Path(self.root) / "sandbox"
        if version == "standard" and "SOURCE_DATE_EPOCH" not in os.environ and place.is_dir():
            build_data["dependencies"].append(f"pengpos-sandbox @ {place.as_uri()} ; extra == 'sandbox'")
