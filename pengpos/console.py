# SPDX-License-Identifier: Apache-2.0
"""Commands that speak the language of who sits at the console: their help, what they print, and why they refuse.

JSON, logs and what a programmer alone meets stay English. Tests: tests/pengpos/test_console.py.
"""

import gettext
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from pengpos.core.errors import PengposError
from pengpos.i18n import FALLBACK, LANGUAGES, Language, Message, in_language, is_writable, language_of
from pengpos.words import (
    CATALOGUE,
    DETAIL_CURE,
    NO_IF_NONE,
    PLACE_DETAIL_CURE,
    REQUIRED,
    ROW_DETAIL,
    YES_IF_NONE,
    YES_OR_NO,
)

if TYPE_CHECKING:
    from click.types import OptionHelpExtra  # which 8.1 has not

_CHOSEN: Final = "pengpos.language"
_HELP_COLUMNS: Final = 44
"""Of an option's help, beside the widest names and in a console of 80."""
_PIECE: Final = re.compile(r"[!-~]+ *|.")
_ANSWERS: Final = dict.fromkeys(("y", "yes", "是", "是的"), True) | dict.fromkeys(("n", "no", "否", "不"), False)
_NEVER_FIRST: Final = "，。；：？！）」”、"
F = TypeVar("F", bound=Callable[..., Any])


def language() -> Language:
    """That of `--language`, else of the environment; English where the console cannot write it."""
    context = click.get_current_context(silent=True)
    chosen: Language | None = None if context is None else context.meta.get(_CHOSEN)
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    if chosen is None:
        return language_of(os.environ, encoding)
    return chosen if is_writable(chosen, encoding) else FALLBACK


def choose(chosen: Language | None) -> None:
    """What this command and those below it say from here on."""
    if chosen is not None:
        click.get_current_context().meta[_CHOSEN] = chosen
        if gettext.textdomain() == CATALOGUE.program:
            _let_click_speak()


def say(said: Message, /, *, err: bool = False, **values: object) -> None:
    """A sentence, as a line of its own."""
    click.echo(said.in_language(language(), **values), err=err)


def agrees(question: str, *, if_none: bool) -> bool:
    """A yes or a no, in Chinese too and as an input method writes it; asked again until it is one.

    An empty line stands for `if_none`. Raises click.Abort where standard input has ended.
    """
    hint = (YES_IF_NONE if if_none else NO_IF_NONE).in_language(language())
    return click.prompt(f"{question} [{hint}]", default="y" if if_none else "n", show_default=False, value_proc=_answer)


def _answer(typed: str) -> bool:
    """Of what was typed. Raises click.UsageError for what is neither yes nor no."""
    import unicodedata  # a megabyte, for what the daemon never asks

    answer = _ANSWERS.get(unicodedata.normalize("NFKC", typed).strip().casefold())
    if answer is None:
        raise click.UsageError(YES_OR_NO.in_language(language()))
    return answer


class ConsoleRefusal(click.ClickException):
    """Why a command was not carried out, in a sentence. Ends the program with 1."""

    def __init__(self, said: object, /, **values: object) -> None:
        text = said.in_language(language(), **values) if isinstance(said, Message) else in_language(said, language())
        super().__init__(text)


def refusal_of(error: PengposError) -> ConsoleRefusal:
    """The same for what was raised."""
    said = of_error(error, language())
    return ConsoleRefusal(said if said[-1:] in {"", *".!?。"} else f"{said}.")


def of_error(error: PengposError, language: Language) -> str:
    """What went wrong, and the way out. What a library or the system has said stays as it is."""
    if language == FALLBACK:
        return str(error)
    match vars(error):
        case (
            {"where": place, "detail": detail, "way_out": cure}
            | {"path": place, "detail": detail, "way_out": cure}
            | {"reader": place, "detail": detail, "cure": cure}
        ):
            return PLACE_DETAIL_CURE.in_language(language, place=place, detail=detail, cure=cure)
        case {"what": detail, "way_out": cure} | {"detail": detail, "way_out": cure} | {"detail": detail, "cure": cure}:
            return DETAIL_CURE.in_language(language, detail=detail, cure=cure)
        case {"seq": seq, "detail": detail}:
            return ROW_DETAIL.in_language(language, seq=seq, detail=detail)
        case _:
            return str(error)


# --- command line -----------------------------------------------------------------------------------------------------


class SpokenCommand(click.Command):
    """A command whose help is a message."""

    def __init__(self, name: str | None, *, help: Message, **more: Any) -> None:  # noqa: A002 -- click's own name
        super().__init__(name, help=help.in_language(FALLBACK), **more)
        self._says = help

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """In the reader's language."""
        self.help = broken(self._says.in_language(language()), formatter.width - 2)
        super().format_help_text(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """In the reader's language: click cuts a sentence between two words, and Chinese has no such place."""
        self.help = self._says.in_language(language())
        first, stop, _ = self.help.partition("。")
        return first + stop if stop else super().get_short_help_str(limit)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click keeps the option, with its help, once it was asked for."""
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = gettext.gettext("Show this message and exit.")
        return found


class SpokenGroup(SpokenCommand, click.Group):
    """A group of such commands."""

    command_class = SpokenCommand


class SpokenOption(click.Option):
    """An option whose help is a message."""

    def __init__(self, declared: Sequence[str] | None, *, help: Message, **more: Any) -> None:  # noqa: A002 -- click's
        super().__init__(declared, help=help.in_language(FALLBACK), **more)
        self._says = help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """In the reader's language."""
        self.help = broken(self._says.in_language(language()), _HELP_COLUMNS)
        return super().get_help_record(ctx)

    def get_help_extra(self, ctx: click.Context) -> "OptionHelpExtra":
        """In the reader's language."""
        extra = super().get_help_extra(ctx)
        return extra | {"required": REQUIRED.in_language(language())} if "required" in extra else extra


def option(*declared: str, help: Message, **more: Any) -> Callable[[F], F]:  # noqa: A002 -- click's own name
    """`click.option` with a message for its help."""
    return click.option(*declared, cls=SpokenOption, help=help, **more)


def language_option(help: Message) -> Callable[[F], F]:  # noqa: A002 -- click's own name
    """`--language`, for this command and those below it."""

    def chosen(_context: click.Context, _option: click.Parameter, value: Language | None) -> None:
        choose(value)

    return option(
        "--language", type=click.Choice(LANGUAGES), callback=chosen, expose_value=False, is_eager=True, help=help
    )


@contextmanager
def click_speaks() -> Iterator[None]:
    """What click itself says is in that language too: it asks gettext, which goes by the environment alone."""
    before, domain = os.environ.get("LANGUAGE"), gettext.textdomain()
    gettext.bindtextdomain(CATALOGUE.program, str(CATALOGUE.directory))
    gettext.textdomain(CATALOGUE.program)
    _let_click_speak()
    try:
        yield
    finally:
        gettext.textdomain(domain)
        os.environ.pop("LANGUAGE")
        os.environ |= {} if before is None else {"LANGUAGE": before}


def _let_click_speak() -> None:
    os.environ["LANGUAGE"] = language().replace("-", "_")


# --- tables -----------------------------------------------------------------------------------------------------------


def width(text: str) -> int:
    """On a console, where a Chinese character is as wide as two others."""
    import unicodedata  # a megabyte, for what the daemon never prints

    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, columns: int) -> str:
    """A text, and spaces behind it."""
    return text + " " * (columns - width(text))


def broken(text: str, columns: int) -> str:
    """Chinese in lines, as click takes them: it breaks at spaces alone. Anything else as it is."""
    lines, room = [""], columns
    for piece in _PIECE.findall(text):
        if width(piece) > room and piece[0] not in _NEVER_FIRST:
            lines, room = [*lines, ""], columns
        lines[-1] += piece
        room -= width(piece)
    return text if width(text) == len(text) else "\n".join(["\b", *lines])


def print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell."""
    lines = [head, *rows]
    widths = [max(width(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        click.echo("  ".join(padded(cell, wide) for cell, wide in zip(line, widths, strict=True)).rstrip())
