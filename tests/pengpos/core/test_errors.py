# SPDX-License-Identifier: Apache-2.0
"""The tree of errors is drawn as it is."""

import importlib
import pkgutil
import re

import drivers
import offline_queue
import pengpos
import provisioning
import terminal
import ui
import workshop
from pengpos.core import errors
from pengpos.core.errors import PengposError

ROOMS = (pengpos, terminal, offline_queue, drivers, ui, provisioning, workshop)
_BRANCH = re.compile(r"(?P<indent>[│ ]*)[├└]── (?P<name>\w+)(?: .*?)??(?:\[(?P<module>[\w.]+)\])?$")


def drawn() -> dict[str, tuple[str, str]]:
    """Each error of the drawing: its parent, and the module it is in."""
    found: dict[str, tuple[str, str]] = {}
    path = [PengposError.__name__]
    for line in (errors.__doc__ or "").splitlines():
        if branch := _BRANCH.fullmatch(line):
            depth = len(branch["indent"]) // 4 + 1
            path[depth:] = [branch["name"]]
            found[branch["name"]] = (path[depth - 1], branch["module"] or errors.__name__)
    return found


def real(of: type[PengposError] = PengposError) -> dict[str, tuple[str, str]]:
    """The same of the classes themselves."""
    found: dict[str, tuple[str, str]] = {}
    for child in of.__subclasses__():
        if child.__module__.partition(".")[0] in {room.__name__ for room in ROOMS}:
            found |= {child.__name__: (of.__name__, child.__module__)} | real(child)
    return found


def test_the_drawn_tree_is_the_tree() -> None:
    for room in ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    assert drawn() == real()
