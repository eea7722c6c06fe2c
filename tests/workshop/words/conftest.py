# SPDX-License-Identifier: Apache-2.0
"""The small program that these tests translate."""

from pathlib import Path

import pytest

from tests.workshop.words.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A program that speaks, and nothing wrong with it."""
    return Shop(tmp_path)
