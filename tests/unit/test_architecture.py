"""The house's rules that a machine can keep: imports point down, files are short, tests say what they test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "metasql"

LAYERS = (
    {"source", "names", "codes", "events"},
    {"diagnostics"},
    {"config"},
    {"parse"},
    {"trace"},
    {"graph"},
    {"plan"},
    {"lower"},
    {"execute"},
    {"report"},
    {"pipeline"},
    {"api"},
    {""},  # metasql/__init__.py, the public API
    {"cli"},
    {"__main__"},
)
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}

ONLY_IN = {
    "jinja2": ("parse/template.py",),
    "yaml": ("config/document.py",),
    "click": ("cli/",),
    "duckdb": ("execute/duckdb.py", "execute/duckdb_errors.py", "execute/clickhouse_files.py"),
    "clickhouse_connect": ("execute/clickhouse_",),
    "chdb": ("execute/clickhouse_",),
    "urllib3": ("execute/clickhouse_",),
}
LAZY = {
    "execute/registry.py": ("metasql.execute.duckdb", "metasql.execute.clickhouse"),
    "cli/main.py": ("metasql.cli.commands.",),
}
"""The files that load modules by name, and which: a backend when a profile asks for it, a command when it is called."""

FILES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def short(path: Path) -> str:
    """A file's path below the package or the root, for messages and ids."""
    return path.relative_to(PACKAGE if PACKAGE in path.parents else ROOT).as_posix()


def module(path: Path) -> str:
    """The dotted name of a file's module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in FILES}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of everything that a file imports, wherever in the file it does so."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{short(path)}:{node.lineno}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield node.lineno, inner if inner in MODULES else node.module or ""


def lazily(path: Path) -> set[str]:
    """The modules that a file may load by name."""
    return {name for name in MODULES if name.startswith(LAZY.get(short(path), ("-",)))}


def layer(name: str) -> str:
    """The part of the package that a module belongs to: `metasql.plan.steps` is of `plan`."""
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("path", FILES, ids=short)
def test_imports_point_down(path):
    """In functions and under TYPE_CHECKING too."""
    own = layer(module(path))
    assert own in RANK, f"`{own}` has no place in the order of layers"
    for line, name in imported(path):
        if name.split(".")[0] == "metasql":
            other = layer(name)
            assert other in RANK, f"{short(path)}:{line}: `{other}` has no place in the order of layers"
            assert other == own or RANK[other] <= RANK[own], f"{short(path)}:{line}: {own} imports {name}, upwards"


def test_no_import_cycles():
    """Between any two modules, of one layer too; what is loaded by name counts."""
    graph = {
        name: {other for _, other in imported(path) if other in MODULES and other != name} | lazily(path)
        for name, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(" → ".join(reversed(cycle.args[1])))


@pytest.mark.parametrize("path", FILES, ids=short)
def test_libraries_are_imported_in_their_one_place(path):
    """Jinja, YAML, click and each driver have one home."""
    for line, name in imported(path):
        homes = ONLY_IN.get(name.split(".")[0])
        if homes is not None:
            assert short(path).startswith(homes), f"{short(path)}:{line}: {name} belongs in {' or '.join(homes)}"


@pytest.mark.parametrize("path", [path for path in FILES if short(path) not in LAZY], ids=short)
def test_modules_are_loaded_by_name_in_two_places_alone(path):
    """Nowhere else can an import hide from these tests."""
    for line, name in imported(path):
        loads = name in ("importlib", "importlib.util", "importlib.machinery")
        assert not loads, f"{short(path)}:{line}: only {' and '.join(LAZY)} load modules by name"


@pytest.mark.parametrize("path", [*FILES, *TESTS], ids=short)
def test_files_are_short(path):
    """Below 400 lines; files that feel like home have about 150."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < 400, f"{short(path)} has {lines} lines"


@pytest.mark.parametrize("path", FILES, ids=short)
def test_every_module_says_what_it_is_for(path):
    """In its first line."""
    assert ast.get_docstring(tree(path)), f"{short(path)} has no docstring"


@pytest.mark.parametrize("path", TESTS, ids=short)
def test_every_test_has_a_docstring(path):
    """What must hold, in words."""
    silent = [
        node.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert not silent, f"{short(path)}: {', '.join(silent)}"
