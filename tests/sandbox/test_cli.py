# SPDX-License-Identifier: Apache-2.0
"""`pengpos sandbox`: its options become the backend's, and a trouble is one sentence."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pengpos.core.errors import ConfigError
from sandbox.backend.serving import server
from sandbox.backend.serving.server import Options
from sandbox.cli import sandbox


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """With what the backend was started."""
    options: list[Options] = []
    monkeypatch.setattr(server, "serve", options.append)
    return options


def run(*arguments: str, home: Path) -> Result:
    return CliRunner().invoke(sandbox, list(arguments), env={"PENGPOS_HOME": str(home)})


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ([], {}),
        (["--lan"], {"host": "", "lan": True}),
        (["--lan", "--host", "192.168.1.7"], {"host": "192.168.1.7", "lan": True}),
        (["--host", "0.0.0.0"], {"host": "0.0.0.0"}),
        (["--port", "0"], {"port": 0}),
        (["--database", "postgresql+psycopg://shop"], {"database_url": "postgresql+psycopg://shop"}),
        (["--origin", "https://pay.example"], {"origin": "https://pay.example"}),
        (["--trusted-proxy", "::1", "--trusted-proxy", "10.0.0.0/24"], {"trusted_proxies": ("::1", "10.0.0.0/24")}),
        (["--magic-amounts"], {"magic_amounts": True}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_each_option_is_the_backends(
    arguments: list[str], changes: dict[str, Any], served: list[Options], tmp_path: Path
) -> None:
    done = run(*arguments, home=tmp_path)
    assert done.exit_code == 0, done.output
    plain: dict[str, Any] = {"host": "127.0.0.1", "port": 8480, "home": tmp_path / "sandbox"}
    assert served == [Options(**{**plain, **changes})]


def test_home_is_the_options_before_the_environments(served: list[Options], tmp_path: Path) -> None:
    assert run("--home", str(tmp_path / "other"), home=tmp_path).exit_code == 0
    assert served[0].home == tmp_path / "other" / "sandbox"


@pytest.mark.parametrize(
    "arguments",
    [["--port", "65536"], ["--port", "-1"], ["--port", "http"], ["--ports", "1"], ["extra"]],
    ids=" ".join,
)
def test_what_is_no_option_is_refused(arguments: list[str], served: list[Options], tmp_path: Path) -> None:
    assert run(*arguments, home=tmp_path).exit_code == 2
    assert served == []


def test_a_trouble_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(_options: Options) -> None:
        raise ConfigError("port 8480", "Address already in use", "Choose another --port")

    monkeypatch.setattr(server, "serve", fail)
    done = run(home=tmp_path)
    assert done.exit_code == 1
    assert done.output == f"Error: {ConfigError('port 8480', 'Address already in use', 'Choose another --port')}\n"
