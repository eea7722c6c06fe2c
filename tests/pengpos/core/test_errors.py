# SPDX-License-Identifier: Apache-2.0
"""The tree of errors is whole: each error of ours is in it, is drawn where it hangs, and is raised somewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pengpos.core import errors

ROOT = Path(__file__).parents[3]
PACKAGES = ("pengpos", "drivers", "ui", "offline_queue", "provisioning", "terminal", "sandbox", "workshop")
HOME = "pengpos.core.errors"
INTERRUPTS = frozenset({"KeyboardInterrupt", "BaseException"})
RAISED_BY_ITS_USER = frozenset({"CorruptError", "LeftError"})
"""What a simulated card raises where it garbles an answer or leaves the field; tests give it one."""
_LINE = re.compile(r"^([│ ]*)[├└]── (\w+) +\S.*?(?: \[([\w.]+)\])?$")


class Known(NamedTuple):
    """One class: its name, the module it is in, and the name of the class above it."""

    name: str
    module: str
    above: str


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product with its syntax tree."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield module.removesuffix(".__init__"), ast.parse(path.read_text())


def name_of(node: ast.expr | None) -> str:
    """The last word of `a.b.Name` or `Name`; empty for anything else."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def is_builtin_error(name: str) -> bool:
    found = getattr(__import__("builtins"), name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def defined() -> list[Known]:
    """Every class of ours that descends, however far, from an exception; interrupts are none."""
    classes = [
        Known(node.name, module, name_of(base))
        for module, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
    ]
    ours = {known.name for known in classes if is_builtin_error(known.above)}
    while more := {known.name for known in classes if known.above in ours} - ours:
        ours |= more
    known_above = (known for known in classes if known.above in ours or is_builtin_error(known.above))
    return [known for known in known_above if known.above not in INTERRUPTS]


def drawn() -> list[Known]:
    """The drawing at the top of `pengpos.core.errors`."""
    lines = [match for line in (errors.__doc__ or "").splitlines() if (match := _LINE.match(line))]
    above = {0: "PengposError"}
    found = []
    for indent, name, module in (match.groups() for match in lines):
        depth = len(indent) // 4
        found.append(Known(name, module or HOME, above[depth]))
        above[depth + 1] = name
    return found


def made_somewhere() -> set[str]:
    """Every name that is raised, or called as a class to be raised by another."""
    found = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            match node:
                case ast.Raise(exc=exc) if exc is not None:
                    found.add(name_of(exc))
                case ast.Call(func=func):
                    found.add(name_of(func))
                case _:
                    pass
    return found


def test_every_error_of_ours_hangs_where_the_drawing_has_it() -> None:
    root = Known("PengposError", HOME, "Exception")
    assert sorted(defined()) == sorted([root, *drawn()])


def test_every_leaf_is_raised() -> None:
    known = defined()
    leaves = {one.name for one in known} - {one.above for one in known}
    assert leaves - made_somewhere() == RAISED_BY_ITS_USER


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (errors.ReaderLostError("ACR122U", "it is gone", "Plug it in"), "Plug it in"),
        (errors.JournalMediumError("read-only", "Replace the card"), "Replace the card"),
        (errors.JournalDamagedError("journal.db", "cut short", "Keep it"), "Keep it"),
        (errors.JournalForeignError("journal.db", "another's", "Move it aside"), "Move it aside"),
        (errors.ConfigError("pengpos.toml", "not TOML", "Mend it"), "Mend it"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_a_person_can_mend_ends_with_the_cure(error: errors.PengposError, cure: str) -> None:
    assert str(error).endswith(f". {cure}")
