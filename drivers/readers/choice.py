# SPDX-License-Identifier: Apache-2.0
"""Which readers the technician wants used, and which left alone, by a part of their names."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Parts of readers' names, large and small letters being the same; what is excluded is not even probed."""

    include: Sequence[str] = ()
    """Used, whatever the name says of the slot."""
    exclude: Sequence[str] = ()
    """Left alone, though included."""

    def excludes(self, name: str) -> bool:
        """Whether that reader is to be left alone."""
        return _any_in(self.exclude, name)

    def includes(self, name: str) -> bool:
        """Whether that reader is named as one to use."""
        return not self.excludes(name) and _any_in(self.include, name)


def _any_in(parts: Sequence[str], name: str) -> bool:
    return any(part.casefold() in name.casefold() for part in parts)
