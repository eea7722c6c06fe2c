# SPDX-License-Identifier: Apache-2.0
"""What click says of a mistyped command line, in the language; and that none of its sentences is forgotten."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pengpos import console, words
from pengpos.click_words import CLICK, CLICK_PLURALS

UNSAID = re.compile(
    r"deprecated|\{text\}|"  # no command or option of ours is
    r"declar|defined|can be omitted|cannot use the same flag|must be an iterable|[Dd]ynamic|"  # a programmer's mistake
    r"Invalid start character|Choice\(|colou?r|standard stream|param_type|param_name|"
    r"valid UUID|valid boolean|match the format|"  # types that none of ours takes
    r"Do you want to continue|without prompting|Show the version|Press any key|"  # functions that we do not call
    r"[Ee]diting|Windows|Bash|^(d|file|directory|path)$",  # said at import, of another system, or by a shell
    re.IGNORECASE,
)
"""What nobody at a console of ours can be told."""


@click.group(cls=console.SpokenGroup, help=words.KEY_MISSING)
@console.language_option(words.KEY_RESTORE)
def group() -> None:
    """Stands for a command of ours."""


@group.command(help=words.ROOT_ASK)
@console.option("--root", type=click.Path(exists=True, dir_okay=False), help=words.ROOT_NAME_FILE)
@console.option("--port", type=click.IntRange(1, 9), help=words.ROOT_NAME_FILE)
@click.argument("sale")
def refuses(root: str, port: int, sale: str) -> None:
    """Refuses."""


MISTYPED = {
    "an argument too many": (["refuses", "1", "2"], "多余的参数：2"),
    "two too many": (["refuses", "1", "2", "3"], "多余的参数：2 3"),
    "no argument": (["refuses"], "缺少参数 'SALE'"),
    "an option without its value": (["refuses", "--root"], "选项'--root'需要一个值。"),
    "a command with a letter too few": (["refuse"], "没有命令'refuse'。 您要的是'refuses'吗？"),
    "an option with a letter too few": (["refuses", "--rot", "1"], "没有选项'--rot'。"),
    "one that could be two": (["refuses", "--rort", "1"], "您要的是以下之一吗："),
    "a language that is none": (["--language", "fr", "refuses"], "'fr'不可用，可选："),
    "no number": (["refuses", "--port", "x", "1"], "'x'不是有效的数字。"),
    "a number too large": (["refuses", "--port", "10", "1"], "10不在范围1<=x<=9内。"),
    "no file": (["refuses", "--root", "/no/such", "1"], "'/no/such'不存在。"),
    "a directory": (["refuses", "--root", "/", "1"], "'/'是目录，不是文件。"),
    "a flag with a value": (["refuses", "--help=1"], "选项'--help'不带值。"),
}


@pytest.mark.parametrize(("arguments", "part"), MISTYPED.values(), ids=MISTYPED.keys())
def test_what_is_mistyped_is_said_without_a_word_of_english(
    arguments: Sequence[str], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENGPOS_LANGUAGE", "zh-Hans")
    monkeypatch.setenv("TERM", "xterm-256color")
    with console.click_speaks():
        output = CliRunner().invoke(group, arguments, prog_name="pengpos").output
    assert part in output
    error = output.partition("错误：")[2]
    assert set(re.findall(r"[A-Za-z]{2,}", error)) <= {*re.findall(r"\w+", " ".join(arguments)), *NAMES}, output


NAMES = {"SALE", "refuses", "root", "port", "zh", "Hans", "Hant", "en"}
"""What our own commands call things."""


def sentences() -> Iterator[tuple[str, ...]]:
    """What the installed click asks gettext for; of a plural, both forms."""
    for path in sorted(Path(click.__file__).parent.glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in {"_", "ngettext"}:
                said = call.args[: 2 if call.func.id == "ngettext" else 1]
                yield tuple(str(one.value) for one in said if isinstance(one, ast.Constant))


def test_the_installed_click_says_nothing_that_has_no_sentence_of_ours() -> None:
    ours = {(message.key,) for message in CLICK} | set(CLICK_PLURALS)
    assert {said for said in sentences() if said and not UNSAID.search(said[0])} - ours == set()


def test_each_word_of_click_s_is_one_that_it_says() -> None:
    """By its English; a newer click that says it otherwise would speak English again."""
    assert {(message.key,) for message in CLICK} | set(CLICK_PLURALS) - set(sentences()) <= set(sentences())
