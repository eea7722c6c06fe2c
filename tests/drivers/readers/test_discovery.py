# SPDX-License-Identifier: Apache-2.0
"""Readers of several libraries side by side."""

from collections.abc import Sequence

import pytest

from drivers.readers.discovery import AllReaders
from drivers.simulated.reader import FakeReader
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import Reader


class Family:
    """Scripted readers of one library."""

    def __init__(self, *names: str, trouble: str = "") -> None:
        self.names = names
        self.trouble = trouble
        self.waited_s: list[float] = []
        self.opened: list[str] = []

    def discover(self, timeout_s: float) -> Sequence[str]:
        self.waited_s.append(timeout_s)
        if self.trouble:
            raise ReaderLostError(self.trouble, "away", "Bring it back")
        return self.names

    def open(self, name: str) -> Reader:
        self.opened.append(name)
        return FakeReader(name)


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        pytest.param(Family("a"), Family("b", "c"), ("a", "b", "c"), id="both"),
        pytest.param(Family("a"), Family(trouble="PC/SC"), ("a",), id="no PC/SC, and none needed"),
        pytest.param(Family(trouble="PN532"), Family("b"), ("b",), id="the other way round"),
        pytest.param(Family(), Family(), (), id="none"),
    ],
)
def test_two_libraries_side_by_side(first: Family, second: Family, names: tuple[str, ...]) -> None:
    readers = AllReaders(first, second)
    assert readers.discover(0.5) == names
    assert [readers.open(name).name for name in names] == list(names)
    assert (first.waited_s, second.waited_s) == ([0.0], [0.5])


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        (Family(trouble="PN532"), Family(trouble="PC/SC"), "PN532"),
        (Family(), Family(trouble="PC/SC"), "PC/SC"),
        (Family(trouble="PN532"), Family(), "PN532"),
    ],
)
def test_without_any_reader_the_trouble_is_told(first: Family, second: Family, named: str) -> None:
    with pytest.raises(ReaderLostError) as caught:
        AllReaders(first, second).discover(0)
    assert caught.value.reader == named


def test_each_is_opened_by_the_library_that_found_it() -> None:
    first, second = Family("a"), Family("b")
    readers = AllReaders(first, second)
    readers.discover(0)
    for name in ("b", "a", "b"):
        readers.open(name)
    assert (first.opened, second.opened) == (["a"], ["b", "b"])


def test_one_that_has_gone_is_still_its_librarys_to_refuse() -> None:
    """Its thread may ask for it once more before it is told that the reader vanished."""
    first = Family("a")
    readers = AllReaders(first, Family("b"))
    readers.discover(0)
    first.names = ()
    assert readers.discover(0) == ("b",)
    readers.open("a")
    assert first.opened == ["a"]


def test_trouble_that_passes() -> None:
    only = Family(trouble="PC/SC")
    readers = AllReaders(only)
    with pytest.raises(ReaderLostError):
        readers.discover(0)
    only.trouble, only.names = "", ("a",)
    assert readers.discover(0) == ("a",)
