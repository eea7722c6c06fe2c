# SPDX-License-Identifier: Apache-2.0
"""Standard output and error that take every text: what the console's encoding lacks is written as a stand-in.

A closed stream takes everything and keeps nothing.
"""

import codecs
import io
import os
import sys
from typing import Final

STAND_INS: Final = {"…": "...", "⏎": "(Enter)", "✓": "ok", "✗": "no", "“": '"', "”": '"', "’": "'", "–": "-", "—": "-",
                    "−": "-", "×": "x", "·": ".", "→": "->", "¥": "CNY ", "÷": "/"}  # fmt: skip
"""All ASCII, which every encoding of a console has. Whatever else cannot be written is `?`."""

_STANDARD_ERROR: Final = 2
_ERRORS: Final = "pengpos_stand_in"
_ASCII: Final = "pengpos_ascii"


def write_anything() -> None:
    """Make this process's standard streams so; harmless when called again."""
    _take_the_standard_numbers()
    codecs.register_error(_ERRORS, _stand_in)
    codecs.register(_ascii)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 -- open until the end
        elif isinstance(stream, io.TextIOWrapper):
            plain = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII if plain else stream.encoding, errors=_ERRORS)


def _take_the_standard_numbers() -> None:
    """Open descriptors 0 to 2 where they are closed.

    A file or socket opened later would have one of these numbers, and what a library says to its standard error would
    stand in it: in the journal, say.
    """
    number = os.open(os.devnull, os.O_RDWR)
    while number <= _STANDARD_ERROR:
        number = os.dup(number)
    os.close(number)


def write_no_more() -> None:
    """Standard output takes nothing more: what of it waits in this process goes nowhere, or the end would fail, too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(STAND_INS.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def _ascii(name: str) -> codecs.CodecInfo | None:
    """ASCII by another name: click takes a stream that calls itself ASCII for a mistake, and writes UTF-8 to it."""
    if name != _ASCII:
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        name=_ASCII,
        encode=found.encode,
        decode=found.decode,
        incrementalencoder=found.incrementalencoder,
        incrementaldecoder=found.incrementaldecoder,
    )
