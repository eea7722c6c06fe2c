# SPDX-License-Identifier: Apache-2.0
"""Joins ES modules into one, so that a page asks for one script, while each source stays a module that is read and
tested by itself.

Each module becomes a function that is called once and returns what the module exports; an import becomes a constant
with the importer's name for it. That holds for modules that form no circle and export what they never assign again,
with imports and exports in the forms below, one a line. All else is refused. Lines that are only a comment stay behind:
a phone need not load them.

Tests: tests/sandbox/pages/test_bundle.py
"""

import re
from dataclasses import dataclass
from pathlib import Path

from pengpos.core.errors import PengposError

_IMPORT = re.compile(
    r'^import (?:\* as (?P<all>\w+)|(?P<some>\{ \w+(?:, \w+)* \})) from "\./(?P<name>\w+)\.js";$', re.MULTILINE
)
_EXPORT = re.compile(r"^export (?=(?:const|function|async function|class) (\w+))", re.MULTILINE)
_COMMENT = re.compile(r"^ *(?://.*|/\*\*.*\*/)\n", re.MULTILINE)
_OTHER = re.compile(r"^\s*(?:import|export)\b.*|.*\bimport\(.*", re.MULTILINE)


@dataclass(eq=False)
class NotBundledError(PengposError):
    """A module has an import or an export in a form that is not understood, or imports in a circle."""

    module: str
    detail: str

    def __str__(self) -> str:
        return f"{self.module}.js: {self.detail}"


def bundle(entry: Path) -> str:
    """The script of `entry` and of all that it imports; raises NotBundledError."""
    done: dict[str, str] = {}
    _add(entry, done, ())
    return "".join(["// SPDX-License-Identifier: Apache-2.0\n", *done.values()])


def _add(path: Path, done: dict[str, str], above: tuple[str, ...]) -> None:
    name = path.stem
    if name in above:
        raise NotBundledError(name, f"imports in a circle: {' > '.join([*above, name])}")
    if name in done:
        return
    text = path.read_text(encoding="utf-8")
    for needed in _IMPORT.finditer(text):
        _add(path.with_name(f"{needed['name']}.js"), done, (*above, name))
    body = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub(_constant, text)))
    if left := _OTHER.search(body):
        raise NotBundledError(name, f"in no form that is understood: {left[0].strip()}")
    exports = ", ".join(_EXPORT.findall(text))
    done[name] = f"const ${name} = (() => {{\n{body}return {{ {exports} }};\n}})();\n"


def _constant(needed: re.Match[str]) -> str:
    return f"const {needed['all'] or needed['some']} = ${needed['name']};"
