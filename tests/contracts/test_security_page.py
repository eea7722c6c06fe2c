# SPDX-License-Identifier: Apache-2.0
"""`docs/security.md` looks at every call and every refusal, names tests that exist, and lists what is open once."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pengpos.wire.soundness import Flaw
from sandbox.backend.trust.liability import LIABILITY
from tests.support.contract_page import NOT_BUILT, calls, cells, rows_of_words, section, variables_blank

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGE = (DOCS / "security.md").read_text(encoding="utf-8")
OPEN = section(PAGE, "## Open")
PARTIES = (
    "shopper", "merchant", "another merchant", "till", "local user", "technician", "operator", "TLS end",
    "thief of the card", "copier of the card",
)  # fmt: skip
APIS = {
    "backend-api.md": "## Calls of the backend's API",
    "local-api.md": "## Calls of the local API",
}
_CALL = re.compile(rf"(?:{NOT_BUILT} )?`([A-Z]+ /[^`?]*)(?:\?[^`]*)?`")
_REFUSAL = re.compile(r"Refusal\(\s*Reason\.[A-Z_]+,\s*\"([a-z_]+)\"")
_TEST_LINK = re.compile(r"\]\((\.\./tests/[^)]+)\)")
_TEST_NAME = re.compile(r"`(test_\w+)`")
_NUMBER = re.compile(r"\d+\.\d+")
_POINTER = re.compile(rf"{NOT_BUILT} (\d+\.\d+(?:, \d+\.\d+)*)")


def rows(text: str) -> Iterator[list[str]]:
    """Rows of tables, without the line under a heading."""
    return (row for line in text.splitlines() if (row := cells(line)) and not set("".join(row)) <= {"-", ":"})


def looked_at(heading: str) -> Iterator[tuple[str, list[str]]]:
    """Each call of a section, its variables blank, and the cells beside it."""
    for first, *others in rows(section(PAGE, heading)):
        if (call := _CALL.fullmatch(first)) is not None:
            yield variables_blank(call[1]), others


def bearing() -> list[tuple[str, list[str]]]:
    """Each code of the table of who bears a refusal, and the cells beside it."""
    return [(name, others) for names, others in rows_of_words(section(PAGE, "## Who bears it")) for name in names]


def open_rows() -> list[list[str]]:
    """What does not hold yet."""
    return [row for row in rows(OPEN) if _NUMBER.fullmatch(row[0])]


def pointed_to() -> set[str]:
    """The numbers of open rows that the rest of the page points to, in its prose and in last cells."""
    rest = PAGE.replace(OPEN, "")
    said = {number for found in _POINTER.findall(rest) for number in found.split(", ")}
    return said | {number for row in rows(rest) if len(row) >= 6 for number in _NUMBER.findall(row[-1])}


@pytest.mark.parametrize("name", APIS)
def test_every_call_is_looked_at_once(name: str) -> None:
    spec = calls((DOCS / "spec" / name).read_text(encoding="utf-8"))
    assert Counter(call for call, _ in looked_at(APIS[name])) == Counter(call.call for call in spec)


@pytest.mark.parametrize("name", APIS)
def test_every_built_call_says_who_may_what_it_reaches_who_bears_and_who_is_told(name: str) -> None:
    built = {row.call for row in calls((DOCS / "spec" / name).read_text(encoding="utf-8")) if row.built}
    said = {call: others for call, others in looked_at(APIS[name]) if call in built}
    assert {call for call, others in said.items() if len(others) != 5 or not all(others[:4])} == set()


def test_every_party_has_its_row() -> None:
    found = [row[0] for row in rows(section(PAGE, "## Parties"))]
    assert [party for party in PARTIES if not any(name.partition(" (")[0] == party for name in found)] == []


def test_every_party_attacks_in_tests() -> None:
    parties = [row[0].partition(" (")[0] for row in rows(section(PAGE, "## Parties"))][1:]
    attacks = list(rows(section(PAGE, "## Attacks as tests")))[1:]
    assert set(parties) == {party for party, *_ in attacks}
    assert [row for row in attacks if not (_TEST_LINK.search(row[-1]) and _TEST_NAME.search(row[-1]))] == []


def test_every_refusal_of_the_backend_says_who_bears_it() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "sandbox" / "backend").rglob("*.py")]
    codes = {code for source in sources for code in _REFUSAL.findall(source)} | {flaw.code for flaw in Flaw}
    assert len(codes) > 25
    assert Counter(code for code, _ in bearing()) == Counter(codes)
    said = {code: (bears, due) for code, (bears, due, *_) in bearing() if bears != "nobody"}
    assert said == {code: (row.borne_by, "yes" if row.may_be_due else "no") for code, row in LIABILITY.items()}


def test_every_test_named_exists_where_the_page_says() -> None:
    named = 0
    for line in PAGE.splitlines():
        files = [(DOCS / link).resolve() for link in _TEST_LINK.findall(line)]
        assert [str(file) for file in files if not file.is_file()] == []
        here = "\n".join(file.read_text(encoding="utf-8") for file in files)
        for name in _TEST_NAME.findall(line):
            assert f"def {name}(" in here, line
            named += 1
    assert named > 50


def test_whatever_is_called_defended_names_its_test() -> None:
    defended = list(rows(section(PAGE, "## What is defended")))[1:]
    assert len(defended) > 25
    assert [claim for claim, proof in defended if not (_TEST_LINK.search(proof) and _TEST_NAME.search(proof))] == []


def test_what_is_open_is_listed_once_says_everything_and_is_pointed_to() -> None:
    numbers = [row[0] for row in open_rows()]
    assert len(numbers) == len(set(numbers))
    assert [row[0] for row in open_rows() if len(row) != 5 or not all(row)] == []
    assert pointed_to() == set(numbers)
