# SPDX-License-Identifier: Apache-2.0
"""`python -m workshop.words`: bring every catalogue up to date with the code, compile it, and say what is still wrong.

With `--check` nothing is written: what is out of date is said instead. Ends with 1 if anything is wrong.
"""

import sys
from collections.abc import Callable
from contextlib import suppress

from terminal.console import write_anything
from workshop.words.catalogue import DamagedCatalogueError
from workshop.words.check import complaints
from workshop.words.program import PROGRAMS, SpeakingProgram
from workshop.words.update import write


def main(arguments: list[str], programs: tuple[SpeakingProgram, ...], say: Callable[[str], object]) -> int:
    """The command; its exit status."""
    wrong: list[str] = []
    for program in programs:
        if "--check" not in arguments:
            with suppress(DamagedCatalogueError):  # which is the first of the complaints
                write(program)
        wrong += complaints(program)
    for complaint in wrong:
        say(complaint)
    return 1 if wrong else 0


if __name__ == "__main__":
    write_anything()
    sys.exit(main(sys.argv[1:], PROGRAMS, lambda complaint: sys.stdout.write(f"{complaint}\n")))
