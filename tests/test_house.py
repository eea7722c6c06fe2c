# SPDX-License-Identifier: Apache-2.0
"""The house rules that no linter knows, as tests. Import contracts, types and lint: see `make check`."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = (
    "pengpos",
    "terminal",
    "drivers",
    "ui",
    "offline_queue",
    "provisioning",
    "sandbox",
    "workshop",
    "tests",
    "scripts",
)
FILES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
}
TREES = {name: ast.parse(text) for name, text in FILES.items()}
PROGRAM = {name: text for name, text in FILES.items() if not name.startswith("tests/")}
TESTS = {name: text for name, text in FILES.items() if name.startswith("tests/")}
SHELL = ("Makefile", "scripts/bootstrap", "scripts/device", "scripts/check", "scripts/lock", ".ci/run")

LINES_MOST = 400
BROAD = {"Exception", "BaseException"}
THREAD_ENTRIES = {
    "drivers/readers/worker.py": "one command in the driver; handed to whoever asked",
    "drivers/readers/supervisor.py": "a reader's thread; an alarm, and a fresh start",
    "drivers/simulated/reader.py": "a scripted reader; raised again where the script is read",
    "provisioning/doctor.py": "a probe's thread; a light of its part",
    "ui/display/threads.py": "the followers of the daemon; shown as away, and tried again",
    "offline_queue/journal/journal.py": "the writer's thread; every caller gets it from here on",
    "offline_queue/export/mirror.py": "the second medium's thread; an alarm, selling goes on",
    "sandbox/backend/records/together.py": "other threads' work; raised again in its own thread",
    "sandbox/backend/kernel/threads.py": "the rounds of the backend's threads; in health, and tried again",
}
HEAVY = {
    "pygame": ("ui/", "workshop/bench/screen.py", "workshop/gallery/screens.py"),
    "smartcard": ("drivers/readers/", "sandbox/phone/"),
    "nfc": ("drivers/readers/",),
    "usb1": ("drivers/readers/",),
    "serial": ("drivers/readers/",),
    "sqlcipher3": (
        "offline_queue/journal/connection.py",
        "sandbox/backend/records/database.py",
        "sandbox/phone/wallet/store.py",
    ),
    "fastapi": ("sandbox/",),
    "sqlalchemy": ("sandbox/",),
    "pydantic": ("sandbox/",),
}
CORE_MAY_IMPORT = {
    "array",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "itertools",
    "re",
    "sys",
    "pengpos",
    "typing",
    "uuid",
    "zoneinfo",
}
READS_A_CLOCK = re.compile(r"\b(datetime|date)\.(now|today|utcnow)\b|\btime\.(time|monotonic|perf_counter)\b")
MEASURING = ("pengpos/wire/session.py",)
"""Seconds there, not money."""
MONEY = tuple(
    name
    for name in PROGRAM
    if (name.startswith(("pengpos/core/", "pengpos/wire/", "offline_queue/")) and name not in MEASURING)
    or name in {"sandbox/backend/ledger/ledger.py", "sandbox/backend/trust/judgement.py"}
)


def numbered(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(text.split("\n"), 1)


@cache
def imports_of(name: str) -> frozenset[str]:
    return frozenset(_imports_of(TREES[name]))


def _imports_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_rooms_are_found() -> None:
    assert {name.split("/")[0] for name in FILES} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_is_longer_than_a_person_reads(room: str) -> None:
    long = {name: text.count("\n") for name, text in FILES.items() if name.startswith(f"{room}/")}
    assert {name: lines for name, lines in long.items() if lines > LINES_MOST} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_each_file_begins_with_its_licence_and_what_it_knows(room: str) -> None:
    mine = [name for name in FILES if name.startswith(f"{room}/")]
    assert [name for name in mine if not FILES[name].startswith("# SPDX-License-Identifier: Apache-2.0\n")] == []
    assert [name for name in mine if ast.get_docstring(TREES[name]) is None] == []


@pytest.mark.parametrize("name", SHELL)
def test_scripts_begin_with_their_licence(name: str) -> None:
    assert "# SPDX-License-Identifier: Apache-2.0" in (ROOT / name).read_text(encoding="utf-8").split("\n")[:2]


def test_each_ignore_says_why() -> None:
    ignore = re.compile(r"#\s*(noqa|type:\s*ignore|pragma)\b")
    reasoned = re.compile(r"#\s*(noqa: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)*|type: ignore\[[a-z, -]+\])\s+(#|--?)\s*\w.{5,}")
    bare = [
        f"{name}:{number} {line.strip()}"
        for name, text in FILES.items()
        for number, line in numbered(text)
        if ignore.search(line) and not reasoned.search(line) and name != "tests/test_house.py"
    ]
    assert bare == []


def broad_handlers(tree: ast.Module) -> Iterator[ast.ExceptHandler]:
    """Handlers that catch everything and do not raise it again."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            catches_all = any(kind is None or ast.unparse(kind) in BROAD for kind in kinds)
            if catches_all and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None):
                yield node


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("try: f()\nexcept: pass", 1),
        ("try: f()\nexcept (OSError, Exception): pass", 1),
        ("try: f()\nexcept BaseException:\n    g()\n    raise", 0),
        ("try: f()\nexcept OSError: pass", 0),
    ],
    ids=["bare", "in a tuple", "raised again", "narrow"],
)
def test_broad_handlers_are_recognised(source: str, count: int) -> None:
    assert len(list(broad_handlers(ast.parse(source)))) == count


def test_broad_except_only_at_a_threads_entry() -> None:
    found = {name for name in PROGRAM if any(broad_handlers(TREES[name]))}
    assert found <= set(THREAD_ENTRIES)


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|NotImplemented" r"Error)\b")
    assert [f"{n}:{i}" for n, text in FILES.items() for i, line in numbered(text) if later.search(line)] == []


def test_tests_wait_for_events_and_are_never_skipped() -> None:
    lazy = re.compile(r"\bsleep\((?!0\))|xfail|\.skip\b|skipif|importorskip")
    found = [
        f"{name}:{number} {line.strip()}"
        for name, text in TESTS.items()
        for number, line in numbered(text)
        if Path(name).name.startswith(("test_", "conftest")) and lazy.search(line) and name != "tests/test_house.py"
    ]
    assert found == []


@pytest.mark.parametrize("package", HEAVY)
def test_heavy_packages_stay_in_their_adapter(package: str) -> None:
    users = {name for name in PROGRAM if any(found.split(".")[0] == package for found in imports_of(name))}
    assert {name for name in users if not name.startswith(HEAVY[package])} == set()


def test_saying_pengpos_loads_nothing_heavy() -> None:
    code = f"import sys, terminal.cli; print(sorted({set(HEAVY)} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert said.stdout.strip() == "[]"


def test_core_has_no_clock_no_file_and_no_thread() -> None:
    core = {name: imports_of(name) for name in PROGRAM if name.startswith("pengpos/core/")}
    foreign = {name: {i for i in found if i.split(".")[0] not in CORE_MAY_IMPORT} for name, found in core.items()}
    assert core
    assert {name: found for name, found in foreign.items() if found} == {}
    assert [name for name in core if READS_A_CLOCK.search(FILES[name])] == []


def floats_in(tree: ast.Module) -> list[str]:
    """Where a float could come from: a literal, the type, a true division; a time (`…_s`) may be one."""
    timed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.arg | ast.AnnAssign | ast.Assign | ast.FunctionDef | ast.keyword)
        and re.search(r"_s\b|_S\b|monotonic", ast.unparse(node).split("=")[0].split(":")[0])
        for inner in ast.walk(node)
    }
    return [
        f"line {getattr(node, 'lineno', '?')}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if id(node) not in timed
        and (
            (isinstance(node, ast.Constant) and isinstance(node.value, float))
            or (isinstance(node, ast.Name) and node.id == "float")
            or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _joins_paths(node))
        )
    ]


def _joins_paths(node: ast.BinOp) -> bool:
    is_text = isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)
    return is_text or re.search(r"(home|path|root|folder|directory|parent)$", ast.unparse(node.left)) is not None


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("fee = amount * 0.02", 1),
        ("share = total / 3", 1),
        ("def f(amount: float): ...", 1),
        ("share = total // 3", 0),
        ("def f(timeout_s: float): ...", 0),
        ("LIMIT_S = 1.5", 0),
        ("path = place / 'run'", 0),
        ("path = home / NAME", 0),
    ],
)
def test_floats_are_recognised(source: str, count: int) -> None:
    assert len(floats_in(ast.parse(source))) == count


def test_money_is_never_a_float() -> None:
    assert {name: found for name in MONEY if (found := floats_in(TREES[name]))} == {}


# --- rooms ------------------------------------------------------------------------------------------------------------

MODULES_MOST = 12
PACKAGES = sorted({str(Path(name).parent) for name in PROGRAM if Path(name).name == "__init__.py"})
_READING_ORDER = re.compile(r"^Reading order: ([\w, \n]+)\.$", re.MULTILINE)


def inside(package: str) -> set[str]:
    """The modules and packages in a package, by their names in it; versions of a schema are read by their number."""
    folder = ROOT / package
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    return modules | {path.parent.name for path in folder.glob("*/__init__.py")}


def exported(package: str) -> list[str] | None:
    """The package's `__all__` as it is written; None without one."""
    for node in TREES[f"{package}/__init__.py"].body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_is_small_enough_to_hold_in_the_head(package: str) -> None:
    modules = [name for name in PROGRAM if str(Path(name).parent) == package and Path(name).name != "__init__.py"]
    assert len(modules) <= MODULES_MOST


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_says_in_which_order_to_read_it(package: str) -> None:
    said = _READING_ORDER.search(ast.get_docstring(TREES[f"{package}/__init__.py"]) or "")
    names = re.findall(r"\w+", said.group(1)) if said else []
    assert sorted(names) == sorted(inside(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_says_what_others_may_use(package: str) -> None:
    names = exported(package)
    assert names is not None
    assert names == sorted(set(names))
    assert set(names) <= inside(package) | defined_in(package)


def defined_in(package: str) -> set[str]:
    """Names that the package's own `__init__.py` defines or imports."""
    found: set[str] = set()
    for node in TREES[f"{package}/__init__.py"].body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.AnnAssign):
            found.add(ast.unparse(node.target))
    return found


def uses() -> Iterator[tuple[str, str, str]]:
    """(file, package, name) for each name of a package that is imported from outside it."""
    for name in PROGRAM:
        for module, imported in whole_imports_of(name):
            parts = [*module.split("."), *imported]
            for depth in range(1, len(parts)):
                package = "/".join(parts[:depth])
                if package in PACKAGES and not name.startswith(f"{package}/"):
                    yield name, package, parts[depth]


def whole_imports_of(name: str) -> Iterator[tuple[str, list[str]]]:
    """(module, [name] or nothing) of each import."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, [alias.name]) for alias in node.names)


def test_others_use_only_what_a_room_offers() -> None:
    offered = {package: set(exported(package) or ()) for package in PACKAGES}
    assert sorted({use for use in uses() if use[2] not in offered[use[1]]}) == []


def test_a_room_offers_nothing_that_no_other_uses() -> None:
    used = {(package, name) for _, package, name in uses()}
    unused = {(package, name) for package in PACKAGES for name in exported(package) or () if name in inside(package)}
    assert sorted(unused - used - OFFERED_TO_STRANGERS) == []


OFFERED_TO_STRANGERS = {("terminal", "cli")}  # the entry point `pengpos`
"""Rooms that programs outside the tree name."""


# --- tests by path, names once ----------------------------------------------------------------------------------------

_TESTS_LINE = re.compile(r"^Tests: (.+?)\.?$", re.MULTILINE)


def files_testing(name: str) -> list[str]:
    """The test files of a module: by its path, else those that its docstring names."""
    path = Path(name)
    by_path = (ROOT / "tests" / path.parent).glob(f"test_{path.stem.lstrip('_')}*.py")
    named = _TESTS_LINE.search(ast.get_docstring(TREES[name]) or "")
    listed = re.findall(r"tests/[\w/.]+", named.group(1)) if named else []
    return [str(found) for found in by_path] + [one for one in listed if (ROOT / one).exists()]


TESTED = [
    name
    for name in PROGRAM
    if Path(name).name not in {"__init__.py", "__main__.py"} and not name.startswith("scripts/")
    and "/migrations/" not in name
]  # fmt: skip


def test_the_test_of_a_module_is_found_by_its_path() -> None:
    assert [name for name in TESTED if not files_testing(name)] == []


def test_a_docstring_names_only_tests_that_exist() -> None:
    named = {
        name: re.findall(r"tests/[\w/.]+", said.group(1))
        for name in PROGRAM
        if (said := _TESTS_LINE.search(ast.get_docstring(TREES[name]) or ""))
    }
    assert {name: gone for name, all_ in named.items() if (gone := [o for o in all_ if not (ROOT / o).exists()])} == {}


ROOMS_OF_NAMES = ("sandbox/backend", "sandbox/phone", "sandbox/simulator", *ROOMS)


def test_no_class_name_stands_twice_in_a_package() -> None:
    found: dict[tuple[str, str], list[str]] = {}
    for name in PROGRAM:
        room = next(room for room in ROOMS_OF_NAMES if name.startswith(f"{room}/"))
        for node in TREES[name].body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault((room, node.name), []).append(name)
    assert {key: names for key, names in found.items() if len(names) > 1} == {}
