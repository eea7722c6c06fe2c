# SPDX-License-Identifier: Apache-2.0
"""What a program's files ought to hold: its catalogues as the code asks for them, and what is compiled from those."""

from pathlib import Path

from workshop.words.catalogue import compiled, po, updated
from workshop.words.keys import template
from workshop.words.program import SpeakingProgram


def up_to_date(program: SpeakingProgram) -> dict[Path, bytes]:
    """Every file of a program that `make words` writes. Raises DamagedCatalogueError."""
    keys = template(program)
    catalogues = {language: updated(program, keys, language) for language in program.languages}
    files = {program.po(language): po(catalogue) for language, catalogue in catalogues.items()}
    return files | dict(compiled(program, catalogues))


def write(program: SpeakingProgram) -> None:
    """Bring the files up to date; those that are stay untouched."""
    for path, content in up_to_date(program).items():
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
