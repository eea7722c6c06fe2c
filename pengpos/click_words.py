# SPDX-License-Identifier: Apache-2.0
"""What click says of a command line, by its own English: it asks gettext, which `pengpos.console` opens to it.

A name or a kind of number that click puts in is a word of its English; a sentence in Chinese leaves it out.
Tests: tests/pengpos/test_click_words.py.
"""

from typing import Final

from pengpos.words import message


def plural(one: str, many: str) -> tuple[str, str]:
    """Of which click says another sentence for one than for many, as for `ngettext`."""
    return one, many


# Translators: from here on the key is what click, which reads the command line, says in English.
CLICK: Final = (
    message("Usage:"),
    message("Options"),
    message("Commands"),
    message("Positional arguments"),
    message("Error: {message}"),
    message("Aborted!"),
    message("Show this message and exit."),
    message("%(prog)s, version %(version)s"),
    message("Try '{command} {option}' for help."),
    message("default: {default}"),
    message("env var: {var}"),
    message("Missing option"),
    message("Missing argument"),
    message("Missing parameter"),
    message("Missing command."),
    message("No such option {name!r}."),
    message("No such command {name!r}."),
    message("Option {name!r} does not take a value."),
    message("Argument {name!r} takes {nargs} values."),
    message("Invalid value: {message}"),
    message("Invalid value for {param_hint}: {message}"),
    message("Choose from:\n\t{choices}"),
    message("{value} is not in the range {range}."),
    message("{value!r} is not a valid {number_type}."),
    message("{name} {filename!r} does not exist."),
    message("{name} {filename!r} is a file."),
    message("{name} {filename!r} is a directory."),
    message("{name} {filename!r} is not readable."),
    message("{name} {filename!r} is not writable."),
    message("{name} {filename!r} is not executable."),
    message("Could not open file {filename!r}: {message}"),
    message("unknown error"),
    message("Error: invalid input"),
    message("Repeat for confirmation"),
    message("Error: The two entered values do not match."),
)
CLICK_PLURALS: Final = (
    plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    plural("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    plural("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given."),
    plural(
        "{len_type} values are required, but {len_value} was given.",
        "{len_type} values are required, but {len_value} were given.",
    ),
)
CLICK_BEFORE_8_4: Final = (
    message("No such option: {name}"),
    message("Error: The value you entered was invalid."),
)
"""What releases that `pyproject.toml` still allows say otherwise."""
