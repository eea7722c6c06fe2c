# SPDX-License-Identifier: Apache-2.0
"""Shops to test in: in this process, with money for testing, and behind a real socket."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.backend.records import seed
from sandbox.backend.records.database import Database
from tests.support.backend import Ground, Shop, fresh_sqlite, on_a_socket


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated and seeded database; each test gets a copy."""
    directory = tmp_path_factory.mktemp("empty")
    database = Database(fresh_sqlite(directory))
    database.migrate()
    database.write(seed.seed)
    database.close()
    return directory / "sandbox.db"


@pytest.fixture
def database_url(empty_shop: Path, tmp_path: Path) -> str:
    shutil.copy(empty_shop, tmp_path / "sandbox.db")
    return fresh_sqlite(tmp_path)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    opened = Ground(fresh_sqlite(tmp_path_factory.mktemp("ground")))
    yield opened
    opened.close()


@pytest.fixture
def shop(ground: Ground) -> Iterator[Shop]:
    opened = ground.shop()
    yield opened
    assert opened.operator.ledger_is_balanced()


@pytest.fixture
def magic_shop(ground: Ground) -> Iterator[Shop]:
    opened = ground.shop(magic_amounts=True)
    yield opened
    assert opened.operator.ledger_is_balanced()


@pytest.fixture
def real_shop(database_url: str) -> Iterator[Shop]:
    with on_a_socket(database_url, magic_amounts=True) as opened:
        yield opened
        assert opened.operator.ledger_is_balanced()
