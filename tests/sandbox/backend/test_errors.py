# SPDX-License-Identifier: Apache-2.0
"""The backend's error tree is complete: every class in it is drawn, and every drawn one exists."""

import importlib
import pkgutil
import re

from pengpos.core.errors import PengposError
from sandbox import backend
from sandbox.backend import errors
from sandbox.backend.errors import BackendError, RefusedRequestError


def below(root: type[Exception]) -> set[type[Exception]]:
    return {root}.union(*(below(child) for child in root.__subclasses__()))


def test_every_error_is_drawn_where_it_is_and_none_that_is_not() -> None:
    for module in pkgutil.walk_packages(backend.__path__, f"{backend.__name__}."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or "")) | {"BackendError"}
    assert drawn == {found.__name__ for found in below(BackendError)}
    assert issubclass(BackendError, PengposError)


def test_what_is_known_to_one_room_names_its_module() -> None:
    elsewhere = {found.__name__: found.__module__ for found in below(BackendError)
                 if found.__module__ != errors.__name__}  # fmt: skip
    named = dict(re.findall(r"[├└]── (\w+) .*\[([\w.]+)\]", errors.__doc__ or ""))
    assert {name: f"{backend.__name__}.{room}" for name, room in named.items()} == elsewhere


def test_a_refusal_says_its_code_and_why() -> None:
    assert str(RefusedRequestError("claimed", "someone else is paying this")) == "claimed: someone else is paying this"
