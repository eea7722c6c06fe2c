# SPDX-License-Identifier: Apache-2.0
"""One shop a home: the second is told where the first is, and one that was killed is in nobody's way."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from pengpos.core.errors import ConfigError
from pengpos.home import Home
from terminal.cli import main
from workshop.doorplate import Doorplate, ShopIsOpenError


def test_the_second_is_told_where_the_first_is(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with Doorplate(home) as first:
        with pytest.raises(ShopIsOpenError, match=f"just being opened by process {os.getpid()}"), Doorplate(home):
            pass
        first.say("http://127.0.0.1:8490/abc/")
        with pytest.raises(ShopIsOpenError, match=r"http://127\.0\.0\.1:8490/abc/") as raised, Doorplate(home):
            pass
        assert f"kill {os.getpid()}" in str(raised.value)
    with Doorplate(home):
        pass


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b'{"pid": 1}', b'{"pid": "x", "where": 1}'])
def test_what_a_killed_one_left_is_in_the_way_of_nobody(tmp_path: Path, left: bytes) -> None:
    lock = tmp_path / "run" / "shop.lock"
    lock.parent.mkdir()
    lock.write_bytes(left)
    with Doorplate(Home(tmp_path)):
        lock.write_bytes(left)  # as seen in the middle of being written
        with pytest.raises(ShopIsOpenError, match="by another `pengpos run`"), Doorplate(Home(tmp_path)):
            pass


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the directory should be")
    with pytest.raises(ConfigError, match="cannot be written"), Doorplate(Home(tmp_path)):
        pass


def test_run_again_says_where_and_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENGPOS_HOME", str(tmp_path))
    with Doorplate(Home(tmp_path)) as plate:
        plate.say("http://127.0.0.1:8490/abc/")
        result = CliRunner().invoke(main, ["run"])
    assert (result.exit_code, result.output.splitlines()[0]) == (
        0,
        f"This shop is open already, by process {os.getpid()}: http://127.0.0.1:8490/abc/",
    )
    assert "All stopped." not in result.output
