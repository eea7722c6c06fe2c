# SPDX-License-Identifier: Apache-2.0
"""Commands that speak the language of who sits at the console; click, which speaks beside them; errors; columns."""

import io
import os
import sys
from collections.abc import Sequence

import click
import pytest
from click.testing import CliRunner

from offline_queue.values import JournalBusyError
from pengpos import console, words
from pengpos.core.errors import (
    ConfigError,
    JournalCorruptError,
    JournalForeignError,
    JournalFullError,
    JournalMediumError,
    PengposError,
)
from pengpos.i18n import LANGUAGES, Language

KEY = ConfigError("device.key", words.KEY_OPEN.said(mode="0644"), words.KEY_CHMOD.said(path="device.key"))


@click.group(cls=console.SpokenGroup, help=words.KEY_MISSING)
@console.language_option(words.KEY_RESTORE)
def group() -> None:
    """Stands for a command of ours."""


@group.command(help=words.ROOT_ASK)
@console.option("--root", required=True, help=words.ROOT_NAME_FILE)
def refuses(root: str) -> None:
    """Refuses."""
    console.say(words.ROOT_TOO_LARGE, bytes=len(root))
    raise console.refusal_of(KEY)


def said(*arguments: str, environment: dict[str, str | None] | None = None) -> str:
    """What the group says to these arguments, as a whole program would."""
    with console.click_speaks():
        return CliRunner().invoke(group, arguments, env={"PENGPOS_LANGUAGE": None, **(environment or {})}).output


DESKTOP: dict[str, str | None] = {"TERM": "xterm-256color"}
CHINESE: dict[str, str | None] = {"LANG": "zh_CN.UTF-8", "LC_ALL": None, "LC_MESSAGES": None, "LANGUAGE": None}


@pytest.mark.parametrize(
    ("arguments", "language", "parts"),
    [
        (["refuses", "--root", "12"], "en", ["larger than 2 bytes", "Error: device.key: the device", "key."]),
        (["refuses", "--root", "12"], "zh-Hans", ["超过2字节", "错误：device.key：其他用户", "请运行：chmod 600"]),
        (["refuses", "--root", "12"], "zh-Hant", ["超過2位元組", "錯誤：device.key：其他使用者"]),
        (["refuses"], "zh-Hans", ["用法: group refuses", "缺少选项 '--root'", "查看帮助：group refuses --help"]),
        (["refuses", "--help"], "zh-Hant", ["用法: ", "請向後台營運方索取根憑證", "選項:", "[必填]", "顯示說明。"]),
        (["fly"], "zh-Hans", ["没有命令'fly'。"]),
        (["--help"], "zh-Hans", ["设备密钥丢失", "命令:\n  refuses  请向后台运营方索取根证书"]),
    ],
)  # fmt: skip
def test_it_speaks_the_language_that_is_asked_for(
    arguments: list[str], language: Language, parts: Sequence[str]
) -> None:
    """By the option, which a test may give without the environment; click's own words come with it."""
    output = said("--language", language, *arguments)
    assert [part for part in parts if part not in output] == [], output


@pytest.mark.parametrize(
    ("environment", "is_chinese"),
    [(CHINESE, True), (CHINESE | {"PENGPOS_LANGUAGE": "en"}, False), (CHINESE | {"TERM": "linux"}, False)],
    ids=["by the locale", "by the setting", "on a console without Chinese"],
)
def test_without_the_option_it_goes_by_the_environment(environment: dict[str, str | None], is_chinese: bool) -> None:
    assert ("其他用户" in said("refuses", "--root", "1", environment={**DESKTOP, **environment})) == is_chinese


@pytest.mark.parametrize(
    ("encoding", "chosen", "language"),
    [
        ("ascii", "zh-Hans", "en"),
        ("big5", "zh-Hans", "en"),
        ("gb2312", "zh-Hant", "en"),
        ("gb2312", "zh-Hans", "zh-Hans"),
    ],
)
def test_what_the_console_cannot_write_is_said_in_english(
    encoding: str, chosen: Language, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    with click.Context(group):
        console.choose(chosen)
        assert console.language() == language


def test_what_click_says_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "fr")
    said("--language", "zh-Hant", "fly")
    assert os.environ["LANGUAGE"] == "fr"


@pytest.mark.parametrize(
    ("error", "chinese"),
    [
        (KEY, "device.key：其他用户可以读取设备密钥（权限0644）。请运行：chmod 600 device.key。"),
        (JournalForeignError("journal.db", "no journal", "Move it"), "journal.db：no journal。Move it。"),
        (JournalMediumError("EIO", "Replace it"), "EIO。Replace it。"),
        (JournalBusyError("it is in use", "Stop it"), "it is in use。Stop it。"),
        (JournalCorruptError(7, "missing"), "第7条记录：missing。"),
        (JournalFullError("ENOSPC"), "ENOSPC"),
    ],
)  # fmt: skip
def test_an_error_in_a_language(error: PengposError, chinese: str) -> None:
    assert (console.of_error(error, "zh-Hans"), console.of_error(error, "en")) == (chinese, str(error))


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_stays_within_a_console_of_eighty_columns(language: Language) -> None:
    """Click breaks at spaces alone, and counts a Chinese character as one column."""
    long = words.PROXY_WRITE.in_language(language)
    lines = console.broken(long, 44).splitlines()
    assert "".join(lines).replace("\b", "").replace(" ", "") == long.replace(" ", "")
    assert language == "en" or max(console.width(line) for line in lines) <= 44 + 2
    assert not [line for line in lines if line[0] in "，。；）"]


def test_columns_stand_under_each_other() -> None:
    assert (console.width("待上传3笔"), console.padded("退款", 6)) == (9, "退款  ")


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [
        ("y", True),
        ("YES", True),
        ("是", True),
        ("ｙ", True),
        (" 是的 ", True),
        ("n", False),
        ("否", False),
        ("Ｎｏ", False),
    ],
)
def test_a_yes_or_a_no_is_understood_as_it_is_typed(typed: str, *, agreed: bool) -> None:
    assert answered(f"{typed}\n", if_none=not agreed) == ("", agreed)


@pytest.mark.parametrize("if_none", [True, False])
def test_an_empty_line_is_the_answer_that_is_named(*, if_none: bool) -> None:
    assert answered("\n", if_none=if_none) == ("", if_none)


def test_what_is_neither_is_asked_for_again_in_the_language() -> None:
    assert answered("1\n否\n", if_none=True) == ("错误：请回答是或否（y或n）。\n", False)


def answered(typed: str, *, if_none: bool) -> tuple[str, bool]:
    """What is said between the questions, and what is taken for the answer."""

    @click.command
    def asks() -> None:
        console.choose("zh-Hans")
        answers.append(console.agrees("继续吗？", if_none=if_none))

    answers: list[bool] = []
    with console.click_speaks():
        output = CliRunner().invoke(asks, input=typed).output
    return "".join(line for line in output.splitlines(keepends=True) if not line.startswith("继续吗")), answers[0]
