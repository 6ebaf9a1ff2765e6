"""Options of the tests."""

from __future__ import annotations

import pytest

from tests.support.cases import case_files
from tests.support.engines import engine_named

TOGETHER = frozenset(
    {
        "test_bodies",
        "test_cluster",
        "test_corpus",
        "test_parsers",
        "test_plan",
        "test_readme",
        "test_views",
        "test_wheel",
    }
)
"""Modules whose tests share something that takes long to make: one process makes it, with `--dist loadgroup`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` renews in place what tests show of metasql's output; read the difference before it is kept."""
    parser.addoption("--update", action="store_true", help="renew expected output in place (one process only)")
    parser.addoption("--cases-dir", help="folder of case files; default: shared/cases beside the checkout")
    parser.addoption(
        "--artifacts", default="~/.cache/metasql/artifacts", help="folder of tests/support/install_artifacts.sh"
    )
    parser.addoption("--engine", default="duckdb", help="engines, comma separated: duckdb, chdb, clickhouse, cluster")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to let several processes write to one file."""
    if config.getoption("--update") and config.getoption("numprocesses", None):
        raise pytest.UsageError("--update needs one process: leave `-n` out")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each file of the cases folder, and for each engine that is asked for."""
    if "case_file" in metafunc.fixturenames:
        files = case_files(metafunc.config.getoption("--cases-dir"))
        metafunc.parametrize("case_file", files, ids=[file.stem for file in files])
    if "engine" in metafunc.fixturenames:
        names = [name.strip() for name in metafunc.config.getoption("--engine").split(",")]
        metafunc.parametrize("engine", [engine_named(name) for name in names], ids=names, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something go to one process, those of different engines to different ones."""
    for item in items:
        name = item.path.stem
        if name in TOGETHER:
            engine = getattr(getattr(item, "callspec", None), "params", {}).get("engine")
            item.add_marker(pytest.mark.xdist_group(f"{name}-{engine.name if engine else ''}"))
