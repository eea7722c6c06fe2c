# SPDX-License-Identifier: Apache-2.0
"""Modules joined into one script: it does what they do apart, and what is not understood is refused, not guessed."""

from pathlib import Path

import pytest

from sandbox.pages import STATIC
from sandbox.pages.bundle import NotBundledError, bundle
from tests.support.node import evaluated

MODULES = {
    "deep.js": """
// A line that says why.
/** What it is. */
export const same = "deep"; // https://example.com
const hidden = 1;
export class Torn extends Error {}
export async function later() { return hidden + 1; }
""",
    "middle.js": """
import { same, Torn } from "./deep.js";
const hidden = 10;
export function said() { return `${same} by ${hidden}`; }
export const torn = () => new Torn("torn");
""",
    "entry.js": """
import * as deep from "./deep.js";
import { said, torn } from "./middle.js";
const same = "entry";
deep.later().then((found) => console.log(JSON.stringify([same, said(), found, torn() instanceof deep.Torn])));
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in MODULES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_names_stay_their_modules_own_and_each_module_runs_once(folder: Path) -> None:
    joined = bundle(folder / "entry.js")
    assert evaluated(joined) == ["entry", "deep by 10", 2, True]
    assert joined.count("class Torn") == 1


def test_lines_that_are_only_a_comment_stay_behind(folder: Path) -> None:
    joined = bundle(folder / "entry.js")
    assert "says why" not in joined
    assert "What it is" not in joined
    assert 'const same = "deep"; // https://example.com' in joined


@pytest.mark.parametrize(
    "line",
    [
        'import deep from "./deep.js";',
        'import "./deep.js";',
        'import { same as other } from "./deep.js";',
        'import { same } from "./deep.js"; // a word',
        'import { same } from "https://elsewhere.example/deep.js";',
        "const late = await import(`./deep.js`);",
        "export default 1;",
        "export { hidden };",
        "export let changes = 1;",
        'export * from "./deep.js";',
        'import { said } from "./middle.js";',
    ],
)
def test_what_is_not_understood_is_refused(folder: Path, line: str) -> None:
    entry = folder / "entry.js"
    if "middle" in line:  # a circle
        entry = folder / "middle.js"
    entry.write_text(f"{line}\n{entry.read_text(encoding='utf-8')}", encoding="utf-8")
    with pytest.raises(NotBundledError, match=r"entry\.js|circle"):
        bundle(entry)


@pytest.mark.parametrize("name", ["pay", "receipt"])
def test_the_pages_scripts_are_joined_with_all_that_they_import(name: str) -> None:
    joined = bundle(STATIC / f"{name}.js")
    for module in ("dom", "frame", "sentences", "words", f"{name}"):
        assert joined.count(f"const ${module} = ") == 1
    assert "import" not in [line.split(" ")[0] for line in joined.splitlines()]
