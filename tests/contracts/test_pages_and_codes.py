# SPDX-License-Identifier: Apache-2.0
"""The codes of problems and verdicts on the contract pages are those that the sources answer with, both ways."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from pengpos.core.reasons import Reason
from pengpos.wire.soundness import Flaw
from sandbox.backend.trust.liability import LIABILITY
from tests.support.contract_page import calls, rows_of_words, section

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "docs" / "spec"
BACKEND, LOCAL = ((SPEC / name).read_text(encoding="utf-8") for name in ("backend-api.md", "local-api.md"))

SAID_ELSEWHERE: Mapping[str, frozenset[str]] = {
    "code": frozenset({"not_found", "method_not_allowed", "http_error"}),
    "error.code": frozenset(),
    "INSUFFICIENT_FUNDS.code": frozenset({"insufficient_funds"}),
    "TERMINAL_REVOKED.code": frozenset({"terminal_revoked"}),
    "refusal.code": frozenset({"insufficient_funds", "over_budget", "voucher_spent"}),
    "payment.code": frozenset({"friend_asked"}),
    "row.state.value": frozenset({"refused"}),
    "due.state.value": frozenset({"paid", "withdrawn"}),
    "intent.code or intent.status": frozenset({"cancelled", "declined", "expired"}),
    "intent.code or 'not_claimed'": frozenset({"not_claimed"}),
}
"""What a code can be that is no word where the problem is raised; one that is not listed here fails the test."""
USUAL = {
    "TooManyError": ("429", "too_many"),
    "InvalidRequestError": ("422", "invalid_request"),
    "NotFoundError": ("404", "not_found"),
    "NotBookedYetError": ("404", "payment_unknown"),
    "ConflictError": ("409", "conflict"),
    "ClaimedError": ("409", "claimed"),
    "ExceedsCapturedError": ("409", "exceeds_captured"),
    "RequestSignatureError": ("401", "signature"),
}
"""Refusals of `sandbox.backend.errors`: the status each is answered with, and its code unless `code=` says another."""
CODED = {"ForbiddenError": "403", "NotPossibleError": "409"}
"""Those whose first word is their code."""
_LOCAL_CODE = re.compile(r"(?:CommandRefusedError|BadRequestError|SignInRefusedError|problem)\([^\"()]*\"([a-z_]+)\"")


@cache
def sources(room: str) -> list[str]:
    """Every source of a room."""
    return [path.read_text(encoding="utf-8") for path in sorted((ROOT / room).rglob("*.py"))]


def listed_under(page: str, heading: str) -> list[str]:
    """The codes in the first cells of a table, each as often as it stands there."""
    return [name for names, _ in rows_of_words(section(page, heading)) for name in names]


def raised_by(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(code, status) of each problem that a source makes; the status is empty where the code is said elsewhere."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if node.func.id in USUAL:
            status, code = USUAL[node.func.id]
            yield ast.literal_eval(keywords["code"]) if "code" in keywords else code, status
        elif (node.func.id == "ProblemError" and len(node.args) >= 2) or node.func.id in CODED:
            status, said = (CODED[node.func.id], node.args[0]) if node.func.id in CODED else (
                ast.unparse(node.args[0]), node.args[1])  # fmt: skip
            if isinstance(said, ast.Constant):
                yield str(said.value), status
            else:
                yield from ((code, "") for code in SAID_ELSEWHERE[ast.unparse(said)])


def refused_by(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(code, reason) of each refusal that a source names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Refusal" and len(node.args) == 2:
            reason, code = node.args
            if isinstance(code, ast.Constant):
                yield str(code.value), Reason[ast.unparse(reason).rpartition(".")[2]]


def test_the_backends_page_has_exactly_the_codes_of_problems() -> None:
    raised: dict[str, set[str]] = defaultdict(set)
    for source in sources("sandbox"):
        for code, status in raised_by(ast.parse(source)):
            raised[code] |= {status} - {""}
    listed = {
        name: set(re.findall(r"\d\d\d", others[0]))
        for names, others in rows_of_words(section(BACKEND, "### Problems"))
        for name in names
    }
    assert set(listed) == set(raised)
    assert {code: statuses for code, statuses in raised.items() if not statuses <= listed[code]} == {}


def test_the_backends_page_has_exactly_the_codes_of_verdicts() -> None:
    refused: dict[str, set[int]] = defaultdict(set)
    for flaw in Flaw:
        refused[flaw.code].add(flaw.reason)
    for source in sources("sandbox"):
        for code, reason in refused_by(ast.parse(source)):
            refused[code].add(reason)
    rows = {name: others for names, others in rows_of_words(section(BACKEND, "### Verdicts")) for name in names}
    assert set(rows) == {*refused, "approved", "already_paid", "friend_asked"}
    reasons = {code: {int(number) for number in re.findall(r"\d+", row[0])} for code, row in rows.items()}
    assert {code: found for code, found in refused.items() if not found <= reasons[code]} == {}
    said = {code: (row[1], row[2]) for code, row in rows.items() if row[1]}
    assert said == {code: (row.borne_by, "yes" if row.may_be_due else "no") for code, row in LIABILITY.items()}
    never_of_one_accepted_offline = {"held_for_review"}
    assert set(refused) == set(LIABILITY) | never_of_one_accepted_offline


def test_the_local_page_has_exactly_the_codes_of_problems() -> None:
    listed = [code for code in listed_under(LOCAL, "## Codes") if code != "code"]
    answered = {code for source in sources("terminal") for code in _LOCAL_CODE.findall(source)}
    assert len(listed) == len(set(listed))
    assert set(listed) == answered | {"refused"}  # of Starlette's own: a word in a conditional
    assert len(listed) > 25


@pytest.mark.parametrize(
    ("page", "heading"), [(BACKEND, "### Problems"), (LOCAL, "## Codes")], ids=["backend", "local"]
)
def test_the_codes_of_every_call_are_in_the_table(page: str, heading: str) -> None:
    known = set(listed_under(page, heading))
    coded = [row for row in calls(page) if row.codes]
    assert len(coded) > 10
    assert {row.call: row.codes - known for row in coded if not row.codes <= known} == {}


def test_a_problem_whose_code_is_said_elsewhere_must_be_listed() -> None:
    with pytest.raises(KeyError):
        list(raised_by(ast.parse("raise ProblemError(409, something.new, 'no')")))
    assert list(raised_by(ast.parse("raise InvalidRequestError('no', code='bad_key')"))) == [("bad_key", "422")]
