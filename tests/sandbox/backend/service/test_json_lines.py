# SPDX-License-Identifier: Apache-2.0
"""A line of the log is one object, whatever was in the message."""

import json
import logging
import sys

from sandbox.backend.service.json_lines import JsonLines


def line(message: str, *arguments: object, **more: object) -> str:
    record = logging.LogRecord("a.room", logging.WARNING, "file.py", 1, message, arguments, None)
    record.created = 1_790_000_000.7
    vars(record).update(more)
    return JsonLines().format(record)


def test_a_line() -> None:
    assert json.loads(line("%d of %s", 3, "碰一碰")) == {
        "at": "2026-09-21T14:13:20Z", "level": "warning", "logger": "a.room", "message": "3 of 碰一碰",
    }  # fmt: skip


def test_a_message_cannot_begin_a_line_of_its_own() -> None:
    forged = 'first\n{"level": "info", "message": "paid"}\r\x1b[2J'
    said = line("%s", forged)
    assert "\n" not in said
    assert "\x1b" not in said
    assert json.loads(said)["message"] == forged


def test_what_stands_beside_a_message_stays_out() -> None:
    assert "secret" not in line("signed in", token="secret")


def test_an_exception_is_told_whole() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        said = json.loads(line("it broke", exc_info=sys.exc_info()))
    assert said["error"].endswith("ValueError: no")
