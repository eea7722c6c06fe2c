# SPDX-License-Identifier: Apache-2.0
"""Which readers the technician wants, by a part of their names."""

import pytest

from drivers.readers.choice import Choice

NAME = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00"


@pytest.mark.parametrize(
    ("include", "exclude", "includes", "excludes"),
    [
        ((), (), False, False),
        (("acr1252",), (), True, False),
        (("[ACR1252 Dual Reader PICC]",), (), True, False),
        (("ACR122",), (), False, False),
        ((), ("PICC",), False, True),
        (("ACR1252",), ("picc] 00",), False, True),
        (("other", "dual"), ("another",), True, False),
    ],
)
def test_a_part_of_the_name_is_enough(
    include: tuple[str, ...], exclude: tuple[str, ...], includes: bool, excludes: bool
) -> None:
    choice = Choice(include=include, exclude=exclude)
    assert (choice.includes(NAME), choice.excludes(NAME)) == (includes, excludes)
