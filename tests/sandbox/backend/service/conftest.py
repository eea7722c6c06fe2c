# SPDX-License-Identifier: Apache-2.0
"""A backend in this process, for all tests of a module."""

from collections.abc import Iterator

import pytest

from sandbox.backend.kernel.context import Backend
from tests.support.backend import fresh_sqlite, make_backend


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    made, _, _ = make_backend(fresh_sqlite(tmp_path_factory.mktemp("backend")), origin="http://backend.test")
    yield made
    made.db.close()
